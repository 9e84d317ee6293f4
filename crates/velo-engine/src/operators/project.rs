use datafusion_expr::Expr;
use velo_data::{StreamBatch, StreamSchema, record_batch};

use crate::error::{CompileError, OperatorResult};
use crate::event::Output;
use crate::expression::Expressions;
use crate::operator::Operator;

/// `SELECT`: computes columns.
#[derive(Debug)]
pub(crate) struct ProjectColumns {
    expressions: Expressions,
    schema: StreamSchema,
}

impl ProjectColumns {
    pub(crate) fn new(expressions: &[Expr], input: &StreamSchema, schema: &StreamSchema) -> Result<Self, CompileError> {
        let fields = schema.arrow().fields();
        let named = expressions.iter().zip(fields);
        let named = named.map(|(expression, field)| (expression, field.name().clone(), field.data_type().clone()));
        Ok(Self {
            expressions: Expressions::new(named, input)?,
            schema: schema.clone(),
        })
    }
}

impl Operator for ProjectColumns {
    fn name(&self) -> &'static str {
        "project"
    }

    fn schema(&self) -> &StreamSchema {
        &self.schema
    }

    fn on_batch(&mut self, batch: StreamBatch, out: &mut Output) -> OperatorResult {
        let evaluated = self.expressions.evaluate(batch, out)?;
        let rows = evaluated.batch.num_rows();
        out.emit(StreamBatch {
            records: record_batch(self.schema.arrow(), evaluated.columns, rows)?,
            kinds: evaluated.batch.kinds,
        });
        Ok(())
    }
}
