use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, UInt64Type};
use velo_data::{StreamBatch, StreamSchema};
use velo_state::OperatorState;

use crate::error::{OperatorError, OperatorResult};
use crate::event::Output;
use crate::keys::KeyGroups;
use crate::operator::Operator;

/// `LIMIT` and `OFFSET`: passes over rows, hands rows on, and then wants no more.
#[derive(Debug)]
pub(crate) struct LimitRows {
    /// Rows still to be handed on; `None` is all.
    remaining: Option<u64>,
    /// Rows still to be passed over.
    skipping: u64,
    schema: StreamSchema,
}

impl LimitRows {
    pub(crate) fn new(limit: Option<u64>, offset: u64, schema: &StreamSchema) -> Self {
        Self {
            remaining: limit,
            skipping: offset,
            schema: schema.clone(),
        }
    }
}

impl Operator for LimitRows {
    fn name(&self) -> &'static str {
        "limit"
    }

    fn schema(&self) -> &StreamSchema {
        &self.schema
    }

    fn on_batch(&mut self, batch: StreamBatch, out: &mut Output) -> OperatorResult {
        let rows = batch.num_rows() as u64;
        let skipped = self.skipping.min(rows);
        let passed = self.remaining.unwrap_or(u64::MAX).min(rows - skipped);
        self.skipping -= skipped;
        out.emit(batch.slice(skipped as usize, passed as usize));
        if let Some(remaining) = &mut self.remaining {
            *remaining -= passed;
            if *remaining == 0 {
                out.finish();
            }
        }
        Ok(())
    }

    fn snapshot(&mut self) -> OperatorResult<OperatorState> {
        let schema = Schema::new(vec![
            Field::new("remaining", DataType::UInt64, true),
            Field::new("skipping", DataType::UInt64, false),
        ]);
        let remaining = UInt64Array::from(vec![self.remaining]);
        let skipping = UInt64Array::from(vec![self.skipping]);
        Ok(OperatorState {
            shared: Some(RecordBatch::try_new(
                Arc::new(schema),
                vec![Arc::new(remaining), Arc::new(skipping)],
            )?),
            ..OperatorState::default()
        })
    }

    fn restore(&mut self, state: &OperatorState, _owned: &KeyGroups) -> OperatorResult {
        let Some(shared) = &state.shared else {
            return Ok(());
        };
        let column = |name: &str| {
            let column = shared.column_by_name(name);
            let column = column.and_then(|column| column.as_primitive_opt::<UInt64Type>());
            column.ok_or_else(|| OperatorError::Snapshot {
                operator: "limit",
                message: format!("it has no column `{name}`"),
            })
        };
        self.remaining = column("remaining")?.iter().next().flatten();
        self.skipping = column("skipping")?.value(0);
        Ok(())
    }
}
