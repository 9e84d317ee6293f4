//! `EMIT CHANGES`: the new values of a row's group, row by row.

use arrow::array::{RecordBatch, UInt32Array};
use velo_data::{RowKind, RowKinds, StreamBatch};

use super::change_log::ChangeLog;
use super::group_set::{GroupSet, record_column, reject_failures};
use super::grouping::{Bounds, Grouping};
use super::prepared_rows::{Prepared, row_of};
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

/// Adds rows to their groups, and returns what changes.
pub(super) fn changes(
    set: &mut GroupSet,
    grouping: &Grouping,
    prepared: &Prepared,
    rows: &RowSet<'_>,
    window: Option<Bounds>,
    out: &mut Output,
) -> OperatorResult<Changes> {
    set.find_groups(grouping, &prepared.encoded, rows)?;
    let mut selected = grouping.select(prepared, rows)?;
    // Whether a row's group has new values that may come out.
    let mut valid = vec![true; rows.len()];
    let occupied = set.count_rows(grouping, prepared, rows, &mut selected, &mut valid, out);
    let values = set.update_each(&selected)?;
    let arrays = values.iter().take(grouping.calls()).map(|values| values.array.clone());
    let records = grouping.assemble(rows.len(), selected.keys.clone(), arrays, |column| {
        let bound = window.and_then(|window| window.column(column, rows.len()));
        bound.or_else(|| record_column(&selected, column))
    })?;
    if let Some(kinds) = prepared.kinds() {
        pass_over_old_values(kinds, rows, &set.ids, &mut valid);
    }
    let record = |position: usize| grouping.record(prepared, row_of(rows, position));
    reject_failures(grouping, &records, &values, &mut valid, record, out);
    let judged = occupied.map(|occupied| &valid.iter().copied().collect() & &occupied);
    let visibility = grouping.visibility(&records, judged.as_ref(), out)?;
    let log = ChangeLog::of(set, grouping, &records, &valid, &visibility)?;
    let changes = Changes {
        records: log.records(set, grouping, &records)?,
        causes: log.rows.iter().map(|row| row_of(rows, *row as usize) as u32).collect(),
        kinds: log.kinds,
    };
    if grouping.keeps_sent() {
        set.keep_sent(records, set.ids.clone())?;
    }
    set.forget_emptied(grouping)?;
    Ok(changes)
}

/// Marks the old values of updates that stay in one group: with the new ones they are one change, and what the group is
/// in between comes out nowhere.
fn pass_over_old_values(kinds: &RowKinds, rows: &RowSet<'_>, ids: &[u32], valid: &mut [bool]) {
    for position in 1..ids.len() {
        let (old, new) = (row_of(rows, position - 1), row_of(rows, position));
        let is_pair = old + 1 == new
            && kinds.get(old) == RowKind::UpdateBefore
            && kinds.get(new) == RowKind::UpdateAfter
            && ids[position - 1] == ids[position];
        if is_pair {
            valid[position - 1] = false;
        }
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
    // Stable: the rows of a pair have one cause, and stay side by side.
    order.sort_by_key(|row| causes[*row as usize]);
    let changes = StreamBatch::changes(records, kinds.into());
    out.emit(changes.take(&UInt32Array::from(order))?);
    Ok(())
}
