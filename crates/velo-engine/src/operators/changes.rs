//! `EMIT CHANGES`: the new values of a row's group, row by row.

use arrow::array::{Array, RecordBatch, UInt32Array};
use arrow::compute::{interleave, take_record_batch};
use hashbrown::HashMap;
use velo_data::{RecordColumns, RowKind, StreamBatch};

use super::group_set::{GroupSet, record_column, reject_failures};
use super::grouping::{Bounds, Grouping, Prepared, Visibility};
use crate::error::OperatorResult;
use crate::event::Output;
use crate::keys::RowSet;

/// Rows of a changelog.
pub(super) struct Changes {
    pub(super) records: RecordBatch,
    pub(super) kinds: Vec<RowKind>,
    /// The row of the input batch that caused each.
    pub(super) causes: Vec<u32>,
}

/// The last values of groups that were visible before a batch, for the rows that delete them.
struct Before {
    records: RecordBatch,
    positions: HashMap<u32, usize>,
}

/// Adds rows to their groups, and returns what changes.
pub(super) fn changes(
    set: &mut GroupSet,
    grouping: &Grouping,
    prepared: &Prepared,
    rows: &RowSet<'_>,
    window: Option<Bounds>,
    origins: &RecordColumns,
    out: &mut Output,
) -> OperatorResult<Changes> {
    set.find_groups(grouping, &prepared.encoded, rows)?;
    let selected = grouping.select(prepared, rows)?;
    let before = if grouping.has_having() {
        Some(before(set, grouping, window)?)
    } else {
        None
    };
    let values = set.update_each(&selected)?;
    let arrays = values.iter().take(grouping.calls()).map(|values| values.array.clone());
    let records = grouping.assemble(rows.len(), selected.keys.clone(), arrays, |column| {
        let bound = window.and_then(|window| window.column(column, rows.len()));
        bound.or_else(|| record_column(&selected, column))
    })?;
    let mut valid = vec![true; rows.len()];
    let record = |position: usize| {
        let row = match rows {
            RowSet::Range(range) => range.start + position,
            RowSet::Indices(indices) => indices[position] as usize,
        };
        let records = &prepared.batch.records;
        (origins.origin(records, row), origins.original(records, row))
    };
    reject_failures(grouping, &records, &values, &mut valid, record, out);
    let visibility = grouping.visibility(&records, out)?;
    let decided = Decided::of(set, &valid, &visibility);
    let records = decided.records(&records, before.as_ref(), grouping, &set.ids)?;
    let causes = decided.rows.iter().map(|row| match rows {
        RowSet::Range(range) => (range.start + *row as usize) as u32,
        RowSet::Indices(indices) => indices[*row as usize],
    });
    Ok(Changes {
        records,
        causes: causes.collect(),
        kinds: decided.kinds,
    })
}

/// The values of the groups at hand that are visible.
fn before(set: &mut GroupSet, grouping: &Grouping, window: Option<Bounds>) -> OperatorResult<Before> {
    let mut positions = HashMap::new();
    let mut ids = Vec::new();
    for id in &set.ids {
        let next = ids.len();
        if set.visible[*id as usize] && *positions.entry(*id).or_insert(next) == next {
            ids.push(*id);
        }
    }
    let values = set
        .aggregates
        .iter_mut()
        .take(grouping.calls())
        .map(|aggregate| aggregate.peek(&ids));
    let values = values.collect::<OperatorResult<Vec<_>>>()?;
    let keys = set.keys.columns(&grouping.encoder, &ids)?;
    let arrays = values.into_iter().map(|values| values.array);
    let records = grouping.assemble(ids.len(), keys, arrays, |column| {
        window.and_then(|window| window.column(column, ids.len()))
    })?;
    Ok(Before { records, positions })
}

/// Which rows come out, and as what.
#[derive(Default)]
struct Decided {
    rows: Vec<u32>,
    kinds: Vec<RowKind>,
    /// For rows that delete, the row before of the same group; `None` where that is in [`Before`].
    previous: HashMap<u32, Option<u32>>,
}

impl Decided {
    fn of(set: &mut GroupSet, valid: &[bool], visibility: &Visibility) -> Self {
        let mut decided = Self::default();
        let mut last_rows: HashMap<u32, u32> = HashMap::new();
        let tracks_rows = visibility.visible.count_set_bits() < valid.len();
        for (row, id) in set.ids.iter().enumerate() {
            let is_decided = valid[row] && visibility.decided.as_ref().is_none_or(|decided| decided.value(row));
            if !is_decided {
                continue;
            }
            let visible = &mut set.visible[*id as usize];
            let kind = match (*visible, visibility.visible.value(row)) {
                (false, true) => Some(RowKind::Insert),
                (true, true) => Some(RowKind::UpdateAfter),
                (true, false) => Some(RowKind::Delete),
                (false, false) => None,
            };
            *visible = visibility.visible.value(row);
            if let Some(kind) = kind {
                if kind == RowKind::Delete {
                    decided.previous.insert(row as u32, last_rows.get(id).copied());
                }
                decided.rows.push(row as u32);
                decided.kinds.push(kind);
            }
            if tracks_rows {
                last_rows.insert(*id, row as u32);
            }
        }
        decided
    }

    /// The rows that come out; those that delete hold the values that the group had while it was visible, and the
    /// metadata of the record that made it invisible.
    fn records(
        &self,
        after: &RecordBatch,
        before: Option<&Before>,
        grouping: &Grouping,
        ids: &[u32],
    ) -> OperatorResult<RecordBatch> {
        if self.rows.len() == after.num_rows() && self.previous.is_empty() {
            return Ok(after.clone());
        }
        let rows = UInt32Array::from(self.rows.clone());
        let taken = take_record_batch(after, &rows)?;
        let Some(before) = before.filter(|_| !self.previous.is_empty()) else {
            return Ok(taken);
        };
        let picks = self.rows.iter().map(|row| match self.previous.get(row) {
            None => (0, *row as usize),
            Some(Some(previous)) => (0, *previous as usize),
            Some(None) => {
                let position = before.positions.get(&ids[*row as usize]).copied();
                position.map_or((0, *row as usize), |position| (1, position))
            }
        });
        let picks: Vec<(usize, usize)> = picks.collect();
        let aggregates = grouping.key_columns()..grouping.key_columns() + grouping.calls();
        let columns = taken.columns().iter().enumerate().map(|(index, column)| {
            if !aggregates.contains(&index) {
                return Ok(column.clone());
            }
            let sources: [&dyn Array; 2] = [after.column(index).as_ref(), before.records.column(index).as_ref()];
            interleave(&sources, &picks)
        });
        Ok(RecordBatch::try_new(
            after.schema(),
            columns.collect::<Result<_, _>>()?,
        )?)
    }
}

/// Puts the changes of several windows back into the order of their causes.
pub(super) fn in_order(mut parts: Vec<Changes>, out: &mut Output) -> OperatorResult {
    if parts.len() == 1 {
        let part = parts.swap_remove(0);
        out.emit(StreamBatch::changes(part.records, part.kinds.into()));
        return Ok(());
    }
    let Some(first) = parts.first() else {
        return Ok(());
    };
    let records = arrow::compute::concat_batches(&first.records.schema(), parts.iter().map(|part| &part.records))?;
    let kinds: Vec<RowKind> = parts.iter().flat_map(|part| part.kinds.iter().copied()).collect();
    let causes: Vec<u32> = parts.iter().flat_map(|part| part.causes.iter().copied()).collect();
    let mut order: Vec<u32> = (0..causes.len() as u32).collect();
    order.sort_by_key(|row| causes[*row as usize]);
    let changes = StreamBatch::changes(records, kinds.into());
    out.emit(changes.take(&UInt32Array::from(order))?);
    Ok(())
}
