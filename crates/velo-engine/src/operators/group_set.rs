use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use arrow::util::display::array_value_to_string;
use bytes::Bytes;
use velo_data::{RecordOrigin, RowError, RowErrorCause, RowKind, RowKinds, StreamBatch, SystemColumn};

use super::grouping::{Bounds, Grouping, Prepared, Selected, keep};
use crate::aggregate::{AggregateInput, GroupedAggregate, Values, nested, unnested};
use crate::error::{OperatorError, OperatorResult};
use crate::event::Output;
use crate::keys::{KeyEncoder, KeyTable, RowSet, key_group};

/// Most rows of a batch of final results.
const FINAL_BATCH_ROWS: usize = 8192;

/// The groups of an aggregation, or of one of its windows, and their state.
pub(super) struct GroupSet {
    pub(super) keys: KeyTable,
    pub(super) aggregates: Vec<Box<dyn GroupedAggregate>>,
    /// Whether a row of the group is out and has not been deleted since.
    pub(super) visible: Vec<bool>,
    /// Group of each row of the batch at hand; kept for its room.
    pub(super) ids: Vec<u32>,
}

impl GroupSet {
    pub(super) fn new(grouping: &Grouping) -> OperatorResult<Self> {
        Ok(Self {
            keys: KeyTable::new(&grouping.encoder),
            aggregates: grouping.aggregates()?,
            visible: Vec::new(),
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
            self.visible.resize(groups, false);
            self.aggregates
                .iter_mut()
                .for_each(|aggregate| aggregate.resize(groups));
        }
        Ok(())
    }

    /// Without keys everything is one group, which is there even if nothing came.
    pub(super) fn make_only_group(&mut self, grouping: &Grouping) -> OperatorResult {
        if self.len() > 0 || !matches!(grouping.encoder, KeyEncoder::Unit) {
            return Ok(());
        }
        let encoded = grouping.encoder.encode(&[], 1)?;
        self.find_groups(grouping, &encoded, &RowSet::Range(0..1))
    }

    /// Adds rows.
    pub(super) fn update(&mut self, grouping: &Grouping, prepared: &Prepared, rows: &RowSet<'_>) -> OperatorResult {
        self.find_groups(grouping, &prepared.encoded, rows)?;
        let selected = grouping.select(prepared, rows)?;
        for (index, aggregate) in self.aggregates.iter_mut().enumerate() {
            aggregate.update(&input(&selected, index, &self.ids))?;
        }
        Ok(())
    }

    /// Adds rows whose groups are found, and returns the running values of every aggregate.
    pub(super) fn update_each(&mut self, selected: &Selected) -> OperatorResult<Vec<Values>> {
        let aggregates = self.aggregates.iter_mut().enumerate();
        aggregates
            .map(|(index, aggregate)| aggregate.update_each(&input(selected, index, &self.ids)))
            .collect()
    }

    /// Emits all groups in the order of their keys, except those that HAVING holds back or that have no value.
    pub(super) fn emit_finals(
        &mut self,
        grouping: &Grouping,
        window: Option<Bounds>,
        out: &mut Output,
    ) -> OperatorResult {
        let mut ids: Vec<u32> = (0..self.len() as u32).collect();
        self.keys.sort(&mut ids);
        for ids in ids.chunks(FINAL_BATCH_ROWS) {
            self.emit_final_rows(grouping, window, ids, out)?;
        }
        Ok(())
    }

    fn emit_final_rows(
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
        let visibility = grouping.visibility(&records, out)?;
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
        let kinds = grouping
            .reopens
            .then(|| RowKinds::all(RowKind::Insert, records.num_rows()));
        out.emit(StreamBatch { records, kinds });
        Ok(())
    }
}

/// What the aggregate of this index takes of the rows.
fn input<'a>(selected: &'a Selected, index: usize, groups: &'a [u32]) -> AggregateInput<'a> {
    AggregateInput {
        arguments: &selected.arguments[index],
        filter: selected.filters[index].as_ref(),
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
                    message: format!("{}{}", failure.message, group_name(grouping, rows, failure.position)),
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
fn group_name(grouping: &Grouping, rows: &RecordBatch, row: usize) -> String {
    /// Characters of a key that are shown.
    const SHOWN: usize = 60;
    let keys = (0..grouping.key_columns()).map(|key| {
        let column = rows.column(key);
        let name = rows.schema_ref().field(key).name();
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

/// The rows of snapshots: one per group, with the key group that it belongs to.
#[derive(Default)]
pub(super) struct SnapshotRows {
    batches: Vec<RecordBatch>,
    key_groups: Vec<u16>,
}

/// Columns of a snapshot before those of keys and aggregates.
const SNAPSHOT_FIXED_COLUMNS: usize = 2;

impl SnapshotRows {
    /// Adds the groups of a set; `window_start` tells the sets of windows apart.
    pub(super) fn add(&mut self, grouping: &Grouping, set: &mut GroupSet, window_start: i64) -> OperatorResult {
        if set.len() == 0 {
            return Ok(());
        }
        let ids: Vec<u32> = (0..set.len() as u32).collect();
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from_value(window_start, ids.len())),
            Arc::new(BooleanArray::from(set.visible.clone())),
        ];
        let keys = set.keys.columns(&grouping.encoder, &ids)?;
        let hashes = grouping.encoder.encode(&keys, ids.len())?.hashes;
        columns.extend(keys);
        for aggregate in &mut set.aggregates {
            columns.push(nested(aggregate.snapshot(&ids)?)?);
        }
        let fields = columns.iter().enumerate();
        let fields =
            fields.map(|(index, column)| Field::new(format!("column_{index}"), column.data_type().clone(), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        self.batches.push(RecordBatch::try_new(schema, columns)?);
        self.key_groups.extend(hashes.into_iter().map(key_group));
        Ok(())
    }

    /// All rows by key group.
    pub(super) fn into_key_groups(self) -> OperatorResult<BTreeMap<u16, RecordBatch>> {
        let Some(first) = self.batches.first() else {
            return Ok(BTreeMap::new());
        };
        let rows = arrow::compute::concat_batches(&first.schema(), &self.batches)?;
        crate::state::OperatorState::partition(&rows, &self.key_groups)
    }
}

/// Restores the sets that [`SnapshotRows`] were made of, by the start of their window.
pub(super) fn restore_sets(
    grouping: &Grouping,
    operator: &'static str,
    rows: &RecordBatch,
) -> OperatorResult<BTreeMap<i64, GroupSet>> {
    let misfit = |message: &str| OperatorError::Snapshot {
        operator,
        message: message.to_owned(),
    };
    let aggregates = SNAPSHOT_FIXED_COLUMNS + grouping.key_columns();
    if rows.num_columns() < aggregates {
        return Err(misfit("columns are missing"));
    }
    let starts = rows
        .column(0)
        .as_primitive_opt::<Int64Type>()
        .ok_or_else(|| misfit("it has no window starts"))?;
    let visible = rows
        .column(1)
        .as_boolean_opt()
        .ok_or_else(|| misfit("it has no visibility"))?;
    let mut windows: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
    for (row, start) in starts.values().iter().enumerate() {
        windows.entry(*start).or_default().push(row as u32);
    }
    let encoded = grouping
        .encoder
        .encode(&rows.columns()[SNAPSHOT_FIXED_COLUMNS..aggregates], rows.num_rows())?;
    let mut sets = BTreeMap::new();
    for (start, members) in windows {
        let members = RowSet::Indices(&members);
        let mut set = GroupSet::new(grouping)?;
        set.find_groups(grouping, &encoded, &members)?;
        for (aggregate, column) in set.aggregates.iter_mut().zip(&rows.columns()[aggregates..]) {
            let state = super::grouping::select(column, &members)?;
            aggregate.merge(unnested(&state), &set.ids)?;
        }
        if let RowSet::Indices(members) = members {
            for (id, row) in set.ids.iter().zip(members) {
                set.visible[*id as usize] = visible.value(*row as usize);
            }
        }
        sets.insert(start, set);
    }
    Ok(sets)
}

/// A batch that holds one number: state that belongs to no key.
pub(super) fn shared_number(name: &str, value: i64) -> OperatorResult<RecordBatch> {
    let schema = Arc::new(Schema::new(vec![Field::new(name, DataType::Int64, false)]));
    Ok(RecordBatch::try_new(
        schema,
        vec![Arc::new(Int64Array::from(vec![value]))],
    )?)
}

/// The number that [`shared_number`] holds.
pub(super) fn read_shared_number(batch: &RecordBatch) -> Option<i64> {
    let column = batch.columns().first()?.as_primitive_opt::<Int64Type>()?;
    column.values().first().copied()
}

/// The metadata columns that a causing record provides.
pub(super) fn record_column(selected: &Selected, column: SystemColumn) -> Option<ArrayRef> {
    match column {
        SystemColumn::EventTime => selected.event_times.clone(),
        SystemColumn::Timestamp => selected.timestamps.clone(),
        _ => None,
    }
}
