use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::concat;
use arrow::datatypes::Schema;
use velo_data::{StreamBatch, StreamSchema, record_batch};
use velo_planner::plan::Values;

use crate::error::CompileError;
use crate::error::OperatorResult;
use crate::event::Output;
use crate::expression::Expressions;

/// The rows of a `VALUES` list, compiled.
#[derive(Debug)]
pub(crate) struct ValuesRows {
    rows: Vec<Expressions>,
    schema: StreamSchema,
}

impl ValuesRows {
    pub(crate) fn new(values: &Values) -> Result<Self, CompileError> {
        let empty = StreamSchema::of_user_columns([]);
        let fields = values.schema.arrow().fields();
        let row = |row: &Vec<_>| {
            let named = row.iter().zip(fields);
            let named = named.map(|(value, field)| (value, field.name().clone(), field.data_type().clone()));
            Expressions::new(named, &empty)
        };
        Ok(Self {
            rows: values.rows.iter().map(row).collect::<Result<_, _>>()?,
            schema: values.schema.clone(),
        })
    }
}

/// Computes the rows; those that fail are rejected.
pub(crate) fn values_batch(values: &ValuesRows, out: &mut Output) -> OperatorResult<StreamBatch> {
    let one_row = record_batch(&Arc::new(Schema::empty()), vec![], 1)?;
    let mut rows: Vec<Vec<ArrayRef>> = Vec::with_capacity(values.rows.len());
    for row in &values.rows {
        let evaluated = row.evaluate(StreamBatch::inserts(one_row.clone()), out)?;
        if evaluated.batch.num_rows() == 1 {
            rows.push(evaluated.columns);
        }
    }
    let schema = values.schema.arrow();
    if rows.is_empty() {
        return Ok(StreamBatch::inserts(RecordBatch::new_empty(Arc::clone(schema))));
    }
    let column = |index: usize| {
        let parts: Vec<_> = rows.iter().map(|row| row[index].as_ref()).collect();
        concat(&parts)
    };
    let columns = (0..schema.fields().len()).map(column).collect::<Result<_, _>>()?;
    let records = record_batch(schema, columns, rows.len())?;
    Ok(StreamBatch::inserts(records))
}
