use datafusion_expr::Expr;
use velo_data::{StreamBatch, StreamSchema};

use crate::error::{CompileError, OperatorResult};
use crate::event::Output;
use crate::expression::Predicate;
use crate::operator::Operator;

/// `WHERE`: keeps the rows for which the condition is true.
#[derive(Debug)]
pub(crate) struct FilterRows {
    predicate: Predicate,
    schema: StreamSchema,
}

impl FilterRows {
    pub(crate) fn new(predicate: &Expr, schema: &StreamSchema) -> Result<Self, CompileError> {
        Ok(Self {
            predicate: Predicate::new([predicate], "WHERE", schema)?,
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
        let passed = self.predicate.filter(batch, out)?;
        out.emit(passed);
        Ok(())
    }
}
