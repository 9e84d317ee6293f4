use velo_data::{ChangelogMode, StreamBatch, StreamSchema};
use velo_planner::plan::DropUpdateBefore;

use crate::error::{CompileError, OperatorResult};
use crate::event::Output;
use crate::operator::Operator;

/// Leaves out the old values of updates.
#[derive(Debug)]
pub(crate) struct DropUpdateBeforeRows {
    schema: StreamSchema,
}

impl DropUpdateBeforeRows {
    pub(crate) fn new(plan: &DropUpdateBefore) -> Result<Self, CompileError> {
        match plan.input.mode() {
            ChangelogMode::Retract => Ok(Self {
                schema: plan.input.schema().clone(),
            }),
            mode => Err(CompileError::ChangelogMode {
                operator: "drop_update_before",
                mode,
            }),
        }
    }
}

impl Operator for DropUpdateBeforeRows {
    fn name(&self) -> &'static str {
        "drop_update_before"
    }

    fn schema(&self) -> &StreamSchema {
        &self.schema
    }

    fn on_batch(&mut self, batch: StreamBatch, out: &mut Output) -> OperatorResult {
        out.emit(batch.without_update_before()?);
        Ok(())
    }
}
