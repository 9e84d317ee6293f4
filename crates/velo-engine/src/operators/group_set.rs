use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::DataType;
use arrow::util::display::array_value_to_string;
use bytes::Bytes;
use velo_data::{
    ChangelogMode, RecordOrigin, RowError, RowErrorCause, RowKind, RowKinds, StreamBatch, SystemColumn, record_batch,
};

use super::grouping::{Bounds, Grouping, keep};
use super::prepared_rows::{Prepared, Selected, row_of};
use super::row_counts::RowCounts;
use super::sent_rows::SentRows;
use crate::aggregate::{AggregateInput, GroupedAggregate, Values};
use crate::error::OperatorResult;
use crate::event::Output;
use crate::keys::{KeyEncoder, KeyTable, RowSet};

/// Most rows of a batch of final results.
pub(super) const FINAL_BATCH_ROWS: usize = 8192;

/// The groups of an aggregation, or of one of its windows, and their state.
pub(super) struct GroupSet {
    pub(super) keys: KeyTable,
    pub(super) aggregates: Vec<Box<dyn GroupedAggregate>>,
    /// Whether a row of the group is out and has not been deleted since.
    pub(super) visible: Vec<bool>,
    /// The rows that are out, where somebody may need them.
    pub(super) sent: SentRows,
    /// How many rows each group has, where the input retracts rows.
    counts: RowCounts,
    /// Group of each row of the batch at hand; kept for its room.
    pub(super) ids: Vec<u32>,
}

impl GroupSet {
    pub(super) fn new(grouping: &Grouping) -> OperatorResult<Self> {
        Ok(Self {
            keys: KeyTable::new(&grouping.encoder),
            aggregates: grouping.aggregates()?,
            visible: Vec::new(),
            sent: SentRows::default(),
            counts: RowCounts::default(),
            ids: Vec::new(),
        })
    }

    pub(super) fn len(&self) -> usize {
        self.visible.len()
    }

    /// Finds the groups of rows, into `self.ids`, and makes those that are new.
    pub(super) fn find_groups(
        &mut self,
        grouping: &Grouping,
        encoded: &crate::keys::EncodedKeys,
        rows: &RowSet<'_>,
    ) -> OperatorResult {
        self.ids.clear();
        self.keys.intern(encoded, rows, &mut self.ids);
        let groups = self.keys.len();
        if groups > self.visible.len() {
            grouping.budget.take(groups - self.visible.len())?;
            self.resize(grouping, groups);
        }
        Ok(())
    }

    fn resize(&mut self, grouping: &Grouping, groups: usize) {
        self.visible.resize(groups, false);
        if grouping.retracts {
            self.counts.resize(groups);
        }
        if grouping.keeps_sent() {
            self.sent.resize(groups);
        }
        self.aggregates
            .iter_mut()
            .for_each(|aggregate| aggregate.resize(groups));
    }

    /// Without keys everything is one group, which is there even if nothing came.
    pub(super) fn make_only_group(&mut self, grouping: &Grouping) -> OperatorResult {
        if self.len() > 0 || !matches!(grouping.encoder, KeyEncoder::Unit) {
            return Ok(());
        }
        let encoded = grouping.encoder.encode(&[], 1)?;
        self.find_groups(grouping, &encoded, &RowSet::Range(0..1))
    }

    /// Adds rows, and removes those that are retracted.
    pub(super) fn update(
        &mut self,
        grouping: &Grouping,
        prepared: &Prepared,
        rows: &RowSet<'_>,
        out: &mut Output,
    ) -> OperatorResult {
        self.find_groups(grouping, &prepared.encoded, rows)?;
        let mut selected = grouping.select(prepared, rows)?;
        let mut valid = Vec::new();
        self.count_rows(grouping, prepared, rows, &mut selected, &mut valid, out);
        for (index, aggregate) in self.aggregates.iter_mut().enumerate() {
            aggregate.update(&input(&selected, index, &self.ids))?;
        }
        self.forget_emptied(grouping)
    }

    /// As [`GroupSet::update`] of rows whose groups are found and counted; returns the running values of every aggregate.
    pub(super) fn update_each(&mut self, selected: &Selected) -> OperatorResult<Vec<Values>> {
        let aggregates = self.aggregates.iter_mut().enumerate();
        aggregates
            .map(|(index, aggregate)| aggregate.update_each(&input(selected, index, &self.ids)))
            .collect()
    }

    /// Counts the rows of groups that are found, where the input retracts rows, and returns after which rows the group
    /// exists; `None` is all, in a batch without retractions.
    ///
    /// The retraction of a row that does not exist is rejected: no aggregate sees it, and it is not `valid`.
    pub(super) fn count_rows(
        &mut self,
        grouping: &Grouping,
        prepared: &Prepared,
        rows: &RowSet<'_>,
        selected: &mut Selected,
        valid: &mut [bool],
        out: &mut Output,
    ) -> Option<BooleanBuffer> {
        if !grouping.retracts {
            return None;
        }
        let counted = self.counts.count(&self.ids, selected.retractions.as_ref());
        for position in &counted.unknown {
            if let Some(valid) = valid.get_mut(*position) {
                *valid = false;
            }
            let (origin, original) = grouping.record(prepared, row_of(rows, *position));
            let group = group_name(grouping, &selected.keys, *position);
            out.reject(RowError {
                cause: RowErrorCause::UnknownRow,
                message: format!("it retracts a row that does not exist{group}"),
                column: None,
                origin,
                original,
            });
        }
        if !counted.unknown.is_empty() {
            selected.pass_over(&counted.unknown);
        }
        let retractions = selected.retractions.as_ref();
        retractions.map(|retractions| {
            if grouping.drops_emptied() {
                counted.occupied
            } else {
                BooleanBuffer::new_set(retractions.len())
            }
        })
    }

    /// The groups that are there: all, or those that have rows.
    pub(super) fn existing(&self, grouping: &Grouping) -> Vec<u32> {
        if grouping.drops_emptied() {
            self.counts.occupied().collect()
        } else {
            (0..self.len() as u32).collect()
        }
    }

    /// How many rows a group has, where that is counted.
    pub(super) fn row_count(&self, grouping: &Grouping, group: u32) -> u64 {
        if grouping.retracts { self.counts.get(group) } else { 0 }
    }

    /// Takes over what a snapshot says of the group that was found at `position`.
    pub(super) fn restore_group(&mut self, grouping: &Grouping, position: usize, visible: bool, rows: u64) {
        let id = self.ids[position];
        self.visible[id as usize] = visible;
        if grouping.retracts {
            self.counts.set(id, rows);
        }
    }

    /// Keeps the rows that went out last, given all rows of the batch and the group of each.
    pub(super) fn keep_sent(&mut self, records: RecordBatch, groups: Vec<u32>) -> OperatorResult {
        if groups.is_empty() {
            return Ok(());
        }
        self.sent.push(records, groups, &self.visible)
    }

    /// Empties the groups of the rows at hand that have no row left; once most groups are like that, they are dropped.
    pub(super) fn forget_emptied(&mut self, grouping: &Grouping) -> OperatorResult {
        if !grouping.retracts {
            return Ok(());
        }
        let emptied = self.counts.take_emptied();
        if !emptied.is_empty() {
            for aggregate in &mut self.aggregates {
                aggregate.clear(&emptied)?;
            }
        }
        if grouping.drops_emptied() && self.counts.are_mostly_empty() {
            self.drop_emptied(grouping)?;
        }
        Ok(())
    }

    /// Goes on with the groups that have rows.
    fn drop_emptied(&mut self, grouping: &Grouping) -> OperatorResult {
        let occupied = self.existing(grouping);
        let keys = self.keys.columns(&grouping.encoder, &occupied)?;
        let encoded = grouping.encoder.encode(&keys, occupied.len())?;
        let mut kept = Self::new(grouping)?;
        kept.keys
            .intern(&encoded, &RowSet::Range(0..occupied.len()), &mut kept.ids);
        kept.resize(grouping, occupied.len());
        for (index, aggregate) in self.aggregates.iter_mut().enumerate() {
            kept.aggregates[index].merge(&aggregate.snapshot(&occupied)?, &kept.ids)?;
        }
        for (position, old) in occupied.iter().enumerate() {
            let visible = self.visible[*old as usize];
            kept.restore_group(grouping, position, visible, self.counts.get(*old));
        }
        if grouping.keeps_sent() {
            let sent = self
                .sent
                .columns(grouping.schema.arrow(), 0, &occupied, &self.visible)?;
            kept.restore_sent(grouping, &sent)?;
        }
        grouping.budget.give_back(self.len() - occupied.len());
        *self = kept;
        Ok(())
    }

    /// Takes over what the visible ones of the groups in `self.ids` have sent: all columns, with a row for each.
    pub(super) fn restore_sent(&mut self, grouping: &Grouping, columns: &[ArrayRef]) -> OperatorResult {
        let out: BooleanArray = self.ids.iter().map(|id| Some(self.visible[*id as usize])).collect();
        let groups: Vec<u32> = self
            .ids
            .iter()
            .copied()
            .filter(|id| self.visible[*id as usize])
            .collect();
        let columns = columns.iter().map(|column| arrow::compute::filter(column, &out));
        let records = record_batch(
            grouping.schema.arrow(),
            columns.collect::<Result<_, _>>()?,
            groups.len(),
        )?;
        for (row, group) in groups.iter().enumerate() {
            self.sent.set_next(*group, row as u32);
        }
        self.keep_sent(records, groups)
    }

    /// Emits all groups in the order of their keys, except those that HAVING holds back or that have no value.
    pub(super) fn emit_finals(
        &mut self,
        grouping: &Grouping,
        window: Option<Bounds>,
        out: &mut Output,
    ) -> OperatorResult {
        for ids in self.in_order(grouping).chunks(FINAL_BATCH_ROWS) {
            self.emit_final_rows(grouping, window, ids, out)?;
        }
        Ok(())
    }

    /// The groups in the order of their keys.
    pub(super) fn in_order(&self, grouping: &Grouping) -> Vec<u32> {
        let mut ids = self.existing(grouping);
        self.keys.sort(&mut ids);
        ids
    }

    /// Emits some groups, except those that HAVING holds back or that have no value.
    pub(super) fn emit_final_rows(
        &mut self,
        grouping: &Grouping,
        window: Option<Bounds>,
        ids: &[u32],
        out: &mut Output,
    ) -> OperatorResult {
        let values = self.aggregates.iter_mut().map(|aggregate| aggregate.peek(ids));
        let mut values = values.collect::<OperatorResult<Vec<_>>>()?;
        let hidden = values.split_off(grouping.calls());
        let mut highest = hidden.into_iter().map(|values| values.array);
        let keys = self.keys.columns(&grouping.encoder, ids)?;
        let arrays = values.iter().map(|values| Arc::clone(&values.array));
        let records = grouping.assemble(ids.len(), keys, arrays, |column| match window {
            Some(bounds) => bounds.final_column(column, ids.len()),
            None => highest.next(),
        })?;
        let visibility = grouping.visibility(&records, None, out)?;
        let mut emitted = vec![true; ids.len()];
        reject_failures(
            grouping,
            &records,
            &values,
            &mut emitted,
            |_| (RecordOrigin::default(), None),
            out,
        );
        for (row, (emitted, id)) in emitted.iter_mut().zip(ids).enumerate() {
            *emitted &= visibility.visible.value(row);
            self.visible[*id as usize] = *emitted;
        }
        let records = keep(&records, emitted.into())?;
        let changes = grouping.output_mode != ChangelogMode::AppendOnly;
        if grouping.keeps_sent() {
            let groups: Vec<u32> = ids.iter().copied().filter(|id| self.visible[*id as usize]).collect();
            for (row, group) in groups.iter().enumerate() {
                self.sent.set_next(*group, row as u32);
            }
            self.keep_sent(records.clone(), groups)?;
        }
        out.emit(StreamBatch {
            kinds: changes.then(|| RowKinds::all(RowKind::Insert, records.num_rows())),
            records,
        });
        Ok(())
    }
}

/// What the aggregate of this index takes of the rows.
fn input<'a>(selected: &'a Selected, index: usize, groups: &'a [u32]) -> AggregateInput<'a> {
    AggregateInput {
        arguments: &selected.arguments[index],
        filter: selected.filters[index].as_ref(),
        retractions: selected.retractions.as_ref(),
        times: selected.times.as_deref(),
        groups,
    }
}

/// Rejects the rows for which an aggregate has no value because it failed, and marks them; `rows` have the keys of the
/// groups. `record` tells of the record that caused a value where there is one: its origin and its bytes.
pub(super) fn reject_failures(
    grouping: &Grouping,
    rows: &RecordBatch,
    values: &[Values],
    valid: &mut [bool],
    record: impl Fn(usize) -> (RecordOrigin, Option<Bytes>),
    out: &mut Output,
) {
    for (index, values) in values.iter().enumerate().take(grouping.calls()) {
        for failure in &values.failures {
            if std::mem::take(&mut valid[failure.position]) {
                let (origin, original) = record(failure.position);
                out.reject(RowError {
                    cause: RowErrorCause::Expression,
                    message: format!(
                        "{}{}",
                        failure.message,
                        group_name(grouping, rows.columns(), failure.position)
                    ),
                    column: Some(grouping.column_name(index)),
                    origin,
                    original,
                });
            }
        }
    }
}

/// `: group k = 'a', day = 2024-01-05`, for messages; nothing where everything is one group.
#[cold]
fn group_name(grouping: &Grouping, keys: &[ArrayRef], row: usize) -> String {
    /// Characters of a key that are shown.
    const SHOWN: usize = 60;
    let fields = grouping.schema.arrow().fields();
    let keys = keys
        .iter()
        .zip(fields)
        .take(grouping.key_columns())
        .map(|(column, field)| {
            let name = field.name();
            let shown = array_value_to_string(column, row).unwrap_or_default();
            let mut value: String = shown.chars().take(SHOWN).collect();
            if shown.chars().nth(SHOWN).is_some() {
                value.push('…');
            }
            match column.data_type() {
                _ if column.is_null(row) => format!("{name} = NULL"),
                DataType::Utf8View => format!("{name} = '{value}'"),
                _ => format!("{name} = {value}"),
            }
        });
    let keys: Vec<String> = keys.collect();
    if keys.is_empty() {
        String::new()
    } else {
        format!(": group {}", keys.join(", "))
    }
}

/// The metadata columns that a causing record provides.
pub(super) fn record_column(selected: &Selected, column: SystemColumn) -> Option<ArrayRef> {
    match column {
        SystemColumn::EventTime => selected.event_times.clone(),
        SystemColumn::Timestamp => selected.timestamps.clone(),
        _ => None,
    }
}
