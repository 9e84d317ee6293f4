//! The state of groups as rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, UInt64Array};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, UInt64Type};
use velo_state::OperatorState;

use super::group_set::GroupSet;
use super::grouping::Grouping;
use super::prepared_rows::select;
use crate::aggregate::{nested, unnested};
use crate::error::{OperatorError, OperatorResult};
use crate::keys::{RowSet, key_group};

/// The rows of snapshots: one per group, with the key group that it belongs to.
///
/// Columns are the start of the window, whether the group is out, its number of rows, what it has sent, its keys, and the
/// state of each aggregate.
#[derive(Default)]
pub(super) struct SnapshotRows {
    batches: Vec<RecordBatch>,
    key_groups: Vec<u16>,
}

/// Columns of a snapshot before those of keys and aggregates.
const SNAPSHOT_FIXED_COLUMNS: usize = 4;

impl SnapshotRows {
    /// Adds the groups of a set; `window_start` tells the sets of windows apart.
    pub(super) fn add(&mut self, grouping: &Grouping, set: &mut GroupSet, window_start: i64) -> OperatorResult {
        let ids = set.existing(grouping);
        if ids.is_empty() {
            return Ok(());
        }
        let visible = ids.iter().map(|id| Some(set.visible[*id as usize]));
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from_value(window_start, ids.len())),
            Arc::new(visible.collect::<BooleanArray>()),
            Arc::new(
                ids.iter()
                    .map(|id| set.row_count(grouping, *id))
                    .collect::<UInt64Array>(),
            ),
            if grouping.keeps_sent() {
                let first = grouping.key_columns();
                nested(set.sent.columns(grouping.schema.arrow(), first, &ids, &set.visible)?)?
            } else {
                arrow::array::new_null_array(&DataType::Null, ids.len())
            },
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
        Ok(OperatorState::partition(&rows, &self.key_groups)?)
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
    let counts = rows
        .column(2)
        .as_primitive_opt::<UInt64Type>()
        .ok_or_else(|| misfit("it has no row counts"))?;
    if grouping.keeps_sent() && unnested(rows.column(3)).len() + grouping.key_columns() != grouping.columns() {
        return Err(misfit("it does not have the rows that were sent"));
    }
    let keys = &rows.columns()[SNAPSHOT_FIXED_COLUMNS..aggregates];
    let mut windows: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
    for (row, start) in starts.values().iter().enumerate() {
        windows.entry(*start).or_default().push(row as u32);
    }
    let encoded = grouping.encoder.encode(keys, rows.num_rows())?;
    let mut sets = BTreeMap::new();
    for (start, members) in windows {
        let selected = RowSet::Indices(&members);
        let mut set = GroupSet::new(grouping)?;
        set.find_groups(grouping, &encoded, &selected)?;
        for (aggregate, column) in set.aggregates.iter_mut().zip(&rows.columns()[aggregates..]) {
            let state = select(column, &selected)?;
            aggregate.merge(unnested(&state), &set.ids)?;
        }
        for (position, row) in members.iter().enumerate() {
            let row = *row as usize;
            set.restore_group(grouping, position, visible.value(row), counts.value(row));
        }
        if grouping.keeps_sent() {
            let sent = keys.iter().chain(unnested(rows.column(3)));
            let sent = sent.map(|column| select(column, &selected));
            set.restore_sent(grouping, &sent.collect::<OperatorResult<Vec<_>>>()?)?;
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

/// The number that [`shared_number`] holds; of several instances the lowest, since what is not late for one of them must not be
/// late for another that takes over its rows.
pub(super) fn read_shared_number(batch: &RecordBatch) -> Option<i64> {
    let column = batch.columns().first()?.as_primitive_opt::<Int64Type>()?;
    column.values().iter().min().copied()
}
