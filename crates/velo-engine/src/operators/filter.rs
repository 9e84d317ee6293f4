use velo_data::{ChangelogMode, StreamBatch, StreamSchema};
use velo_planner::plan::Filter;
use velo_state::OperatorState;

use super::changing::{Computed, SentRows, takes_back};
use crate::error::{CompileError, OperatorResult};
use crate::event::Output;
use crate::expression::Predicate;
use crate::keys::KeyGroups;
use crate::operator::Operator;

/// `WHERE`: keeps the rows for which the condition is true. A pair of which it keeps one row is a delete or an insert.
#[derive(Debug)]
pub(crate) struct FilterRows {
    predicate: Predicate,
    schema: StreamSchema,
    /// The answers of a condition that may answer otherwise when a row is taken back.
    sent: Option<SentRows>,
}

impl FilterRows {
    pub(crate) fn new(plan: &Filter) -> Result<Self, CompileError> {
        let (schema, mode) = (plan.input.schema(), plan.input.mode());
        takes_back("filter", mode)?;
        let forgets = mode == ChangelogMode::Retract && plan.predicate.is_volatile();
        Ok(Self {
            predicate: Predicate::new([&plan.predicate], "WHERE", schema)?,
            sent: forgets.then(|| SentRows::new("filter", schema, schema)).transpose()?,
            schema: schema.clone(),
        })
    }
}

impl Operator for FilterRows {
    fn name(&self) -> &'static str {
        "filter"
    }

    fn schema(&self) -> &StreamSchema {
        &self.schema
    }

    fn on_batch(&mut self, batch: StreamBatch, out: &mut Output) -> OperatorResult {
        let passed = match &mut self.sent {
            Some(sent) => {
                let compute = |batch, out: &mut Output| {
                    let (passed, inputs) = self.predicate.passing(batch, out)?;
                    let records = passed.records;
                    Ok(Computed { records, inputs })
                };
                sent.pass(&batch, out, compute)?.batch
            }
            None => self.predicate.filter(batch, out)?,
        };
        out.emit(passed);
        Ok(())
    }

    fn snapshot(&mut self) -> OperatorResult<OperatorState> {
        let mut state = OperatorState::default();
        if let Some(sent) = &self.sent {
            sent.snapshot(&mut state)?;
        }
        Ok(state)
    }

    fn restore(&mut self, state: &OperatorState, _owned: &KeyGroups) -> OperatorResult {
        self.sent.as_mut().map_or(Ok(()), |sent| sent.restore(state))
    }
}
