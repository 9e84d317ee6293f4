use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use velo_data::{ChangelogMode, RecordColumns, RowKind, StreamBatch, StreamSchema};
use velo_planner::plan::Distinct;
use velo_state::OperatorState;

use super::{ChangeBuffer, unknown_row};
use crate::error::{CompileError, OperatorError, OperatorResult};
use crate::event::Output;
use crate::keys::{KeyEncoder, KeyGroups, key_group};
use crate::operator::Operator;
use crate::operators::GroupBudget;
use crate::standing::{RowBytes, RowFormat, StandingRows};

/// `SELECT DISTINCT` over rows that change: one of equal rows is out as long as any of them stands.
#[derive(Debug)]
pub(crate) struct DistinctStanding {
    schema: StreamSchema,
    record: RecordColumns,
    /// The values by which rows are equal.
    values: RowFormat,
    /// The rows as they come out.
    format: RowFormat,
    /// Which key group an entry belongs to.
    encoder: KeyEncoder,
    budget: GroupBudget,
    /// An entry per distinct row: its values, and beside them the row that came first.
    entries: StandingRows,
    /// Of the entry of each slot how many rows stand, and whether it is out.
    counts: Vec<u64>,
    is_out: Vec<bool>,
}

impl DistinctStanding {
    pub(crate) fn new(plan: &Distinct, budget: GroupBudget) -> Result<Self, CompileError> {
        match plan.input.mode() {
            ChangelogMode::Retract => {}
            mode => {
                return Err(CompileError::ChangelogMode {
                    operator: "distinct",
                    mode,
                });
            }
        }
        let schema = plan.input.schema();
        let fields = schema.user_fields().iter();
        let types: Vec<DataType> = fields.map(|field| field.data_type().clone()).collect();
        Ok(Self {
            values: RowFormat::of_values(schema)?,
            format: RowFormat::new(schema)?,
            encoder: KeyEncoder::new(&types)?,
            schema: schema.clone(),
            record: RecordColumns::of(schema),
            budget,
            entries: StandingRows::default(),
            counts: Vec::new(),
            is_out: Vec::new(),
        })
    }

    /// Counts the rows of a batch, and returns the slots of the entries that they are about, each once.
    fn count(
        &mut self,
        batch: &StreamBatch,
        times: impl Fn(usize) -> u64,
        out: &mut Output,
    ) -> OperatorResult<Vec<u32>> {
        // Metadata is no part of the values.
        let columns: Vec<usize> = (0..self.schema.user_columns()).collect();
        let values = self.values.encode(&batch.records.project(&columns)?)?;
        let rows = self.format.encode(&batch.records)?;
        let known = self.entries.len();
        let mut touched = Vec::new();
        let mut is_touched = vec![false; self.entries.slots()];
        let mut first = Vec::new();
        for row in 0..batch.num_rows() {
            let value = values.row(row);
            let is_taken_back = batch.kind(row).is_retraction();
            let found = self.entries.find(value.hash(), value.user);
            let stands = |slot: &u32| self.counts.get(*slot as usize).is_some_and(|count| *count > 0);
            let slot = match found {
                found if is_taken_back && !found.as_ref().is_some_and(stands) => {
                    out.reject(unknown_row(&self.record, &batch.records, row));
                    continue;
                }
                Some(slot) => slot,
                None => {
                    write_first(rows.row(row), &mut first);
                    let entry = RowBytes {
                        user: value.user,
                        metadata: &first,
                    };
                    self.entries.insert(value.hash(), entry)
                }
            };
            let index = slot as usize;
            self.counts.resize(self.entries.slots(), 0);
            self.is_out.resize(self.entries.slots(), false);
            is_touched.resize(self.entries.slots(), false);
            self.counts[index] = if is_taken_back {
                self.counts[index].saturating_sub(times(row))
            } else {
                self.counts[index] + times(row)
            };
            if !std::mem::replace(&mut is_touched[index], true) {
                touched.push(slot);
            }
        }
        self.budget.take(self.entries.len() - known)?;
        Ok(touched)
    }
}

/// An entry's row as one piece of bytes: how long its user columns are, and all of it.
fn write_first(row: RowBytes<'_>, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(&row.user.len().to_le_bytes());
    out.extend_from_slice(row.user);
    out.extend_from_slice(row.metadata);
}

/// What [`write_first`] has written.
fn read_first(bytes: &[u8]) -> RowBytes<'_> {
    let (length, rest) = bytes.split_first_chunk().unwrap_or((&[0; size_of::<usize>()], &[]));
    let (user, metadata) = rest.split_at(usize::from_le_bytes(*length).min(rest.len()));
    RowBytes { user, metadata }
}

impl Operator for DistinctStanding {
    fn name(&self) -> &'static str {
        "distinct"
    }

    fn schema(&self) -> &StreamSchema {
        &self.schema
    }

    fn on_batch(&mut self, batch: StreamBatch, out: &mut Output) -> OperatorResult {
        let touched = self.count(&batch, |_| 1, out)?;
        let mut changes = ChangeBuffer::default();
        let mut gone = 0;
        // What goes comes out first: rows behind may have a key of fewer columns.
        for slot in touched.iter().filter(|slot| self.counts[**slot as usize] == 0) {
            if std::mem::take(&mut self.is_out[*slot as usize]) {
                changes.push(RowKind::Delete, read_first(self.entries.row(*slot).metadata));
            }
            gone += 1;
        }
        for slot in touched.iter().filter(|slot| self.counts[**slot as usize] > 0) {
            if !std::mem::replace(&mut self.is_out[*slot as usize], true) {
                changes.push(RowKind::Insert, read_first(self.entries.row(*slot).metadata));
            }
        }
        for slot in touched.into_iter().filter(|slot| self.counts[*slot as usize] == 0) {
            self.entries.remove(slot);
        }
        self.budget.give_back(gone);
        out.emit(changes.into_batch(&self.format)?);
        Ok(())
    }

    fn snapshot(&mut self) -> OperatorResult<OperatorState> {
        let slots = self.entries.taken();
        if slots.is_empty() {
            return Ok(OperatorState::default());
        }
        let rows: Vec<RowBytes<'_>> = slots
            .iter()
            .map(|slot| read_first(self.entries.row(*slot).metadata))
            .collect();
        let records = self.format.decode(&rows)?;
        let keys = &records.columns()[..self.schema.user_columns()];
        let hashes = self.encoder.encode(keys, slots.len())?.hashes;
        let groups: Vec<u16> = hashes.into_iter().map(key_group).collect();
        let counts = slots.iter().map(|slot| self.counts[*slot as usize] as i64);
        let counts: ArrayRef = Arc::new(Int64Array::from_iter_values(counts));
        let fields = records.schema_ref().fields().iter().cloned();
        let counted = fields.chain([Arc::new(Field::new("rows that stand", DataType::Int64, false))]);
        let columns = records.columns().iter().cloned().chain([counts]).collect();
        let state = RecordBatch::try_new(Arc::new(Schema::new(counted.collect::<Vec<_>>())), columns)?;
        Ok(OperatorState {
            shared: None,
            key_groups: OperatorState::partition(&state, &groups)?,
        })
    }

    fn restore(&mut self, state: &OperatorState, owned: &KeyGroups) -> OperatorResult {
        let Some(rows) = state.rows_of(owned)? else {
            return Ok(());
        };
        let misfit = |message: &str| OperatorError::Snapshot {
            operator: "distinct",
            message: message.to_owned(),
        };
        let columns = self.schema.arrow().fields().len();
        if rows.num_columns() != columns + 1 {
            return Err(misfit("it has other columns"));
        }
        let counts = rows.column(columns).as_primitive_opt::<Int64Type>();
        let counts = counts.ok_or_else(|| misfit("it does not count rows"))?.values().clone();
        let records = rows.project(&(0..columns).collect::<Vec<_>>())?;
        let times = |row: usize| counts[row].unsigned_abs();
        let restored = self.count(&StreamBatch::inserts(records), times, &mut Output::default())?;
        for slot in restored {
            self.is_out[slot as usize] = true;
        }
        Ok(())
    }
}
