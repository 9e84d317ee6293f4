use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::datatypes::Schema;
use velo_data::{StreamBatch, StreamSchema};
use velo_state::OperatorState;

use super::GroupBudget;
use crate::error::{CompileError, OperatorResult};
use crate::event::Output;
use crate::keys::{EncodedKeys, KeyEncoder, KeyGroups, KeyTable, RowSet, key_group};
use crate::operator::Operator;

/// `SELECT DISTINCT`: hands on the first of rows that are equal in all user columns.
#[derive(Debug)]
pub(crate) struct DistinctRows {
    encoder: KeyEncoder,
    seen: KeyTable,
    budget: GroupBudget,
    schema: StreamSchema,
    ids: Vec<u32>,
}

impl DistinctRows {
    pub(crate) fn new(schema: &StreamSchema, budget: GroupBudget) -> Result<Self, CompileError> {
        let types: Vec<_> = schema
            .user_fields()
            .iter()
            .map(|field| field.data_type().clone())
            .collect();
        let encoder = KeyEncoder::new(&types)?;
        Ok(Self {
            seen: KeyTable::new(&encoder),
            encoder,
            budget,
            schema: schema.clone(),
            ids: Vec::new(),
        })
    }

    /// Numbers the rows' keys in `self.ids`, and returns how many there were before.
    fn intern(&mut self, encoded: &EncodedKeys) -> OperatorResult<usize> {
        let known = self.seen.len();
        self.ids.clear();
        let rows = RowSet::Range(0..encoded.hashes.len());
        self.seen.intern(encoded, &rows, &mut self.ids);
        self.budget.take(self.seen.len() - known)?;
        Ok(known)
    }
}

impl Operator for DistinctRows {
    fn name(&self) -> &'static str {
        "distinct"
    }

    fn schema(&self) -> &StreamSchema {
        &self.schema
    }

    fn on_batch(&mut self, batch: StreamBatch, out: &mut Output) -> OperatorResult {
        let columns = &batch.records.columns()[..self.schema.user_columns()];
        let encoded = self.encoder.encode(columns, batch.num_rows())?;
        let mut next = self.intern(&encoded)? as u32;
        let first = self.ids.iter().enumerate().filter_map(|(row, id)| {
            let is_new = *id == next;
            next += u32::from(is_new);
            is_new.then_some(row as u32)
        });
        let first: UInt32Array = UInt32Array::from_iter_values(first);
        out.emit(batch.take(&first)?);
        Ok(())
    }

    fn snapshot(&mut self) -> OperatorResult<OperatorState> {
        let ids: Vec<u32> = (0..self.seen.len() as u32).collect();
        let columns = self.seen.columns(&self.encoder, &ids)?;
        if columns.is_empty() {
            return Ok(OperatorState::default());
        }
        let hashes = self.encoder.encode(&columns, ids.len())?.hashes;
        let groups: Vec<u16> = hashes.into_iter().map(key_group).collect();
        Ok(OperatorState {
            shared: None,
            key_groups: OperatorState::partition(&key_batch(&self.schema, columns)?, &groups)?,
        })
    }

    fn restore(&mut self, state: &OperatorState, owned: &KeyGroups) -> OperatorResult {
        if let Some(rows) = state.rows_of(owned)? {
            let encoded = self.encoder.encode(rows.columns(), rows.num_rows())?;
            self.intern(&encoded)?;
        }
        Ok(())
    }
}

fn key_batch(schema: &StreamSchema, columns: Vec<ArrayRef>) -> OperatorResult<RecordBatch> {
    let fields = schema.user_fields().iter();
    let fields: Vec<_> = fields.map(|field| field.as_ref().clone().with_nullable(true)).collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}
