use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StructArray, new_null_array};
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion_physical_expr::PhysicalExpr;
use velo_functions::error_message;

use super::{AggregateInput, GroupedAggregate, ValueFailure, Values};
use crate::error::OperatorResult;

/// `DELTA`: the greatest value minus the least.
pub(super) struct Delta {
    max: Box<dyn GroupedAggregate>,
    min: Box<dyn GroupedAggregate>,
    /// Over the columns of [`Delta::operands`].
    difference: Arc<dyn PhysicalExpr>,
    output: DataType,
}

impl Delta {
    pub(super) fn new(
        [max, min]: [Box<dyn GroupedAggregate>; 2],
        difference: Arc<dyn PhysicalExpr>,
        output: DataType,
    ) -> Self {
        Self {
            max,
            min,
            difference,
            output,
        }
    }

    /// Schema of what the difference is computed from.
    pub(super) fn operands(data_type: &DataType) -> Schema {
        Schema::new(vec![
            Field::new("max", data_type.clone(), true),
            Field::new("min", data_type.clone(), true),
        ])
    }

    fn subtract(&self, max: &Values, min: &Values) -> OperatorResult<Values> {
        let schema = Arc::new(Self::operands(max.array.data_type()));
        let operands = RecordBatch::try_new(schema, vec![Arc::clone(&max.array), Arc::clone(&min.array)])?;
        match self.evaluate(&operands) {
            Ok(array) => Ok(Values::all(array)),
            Err(_) => self.subtract_each(&operands),
        }
    }

    fn evaluate(&self, operands: &RecordBatch) -> datafusion_common::Result<ArrayRef> {
        let array = self.difference.evaluate(operands)?.into_array(operands.num_rows())?;
        Ok(cast(&array, &self.output)?)
    }

    /// The differences one by one, since some overflow.
    fn subtract_each(&self, operands: &RecordBatch) -> OperatorResult<Values> {
        let mut parts = Vec::with_capacity(operands.num_rows());
        let mut failures = Vec::new();
        for position in 0..operands.num_rows() {
            parts.push(self.evaluate(&operands.slice(position, 1)).unwrap_or_else(|error| {
                failures.push(ValueFailure {
                    position,
                    message: error_message(&error),
                });
                new_null_array(&self.output, 1)
            }));
        }
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        Ok(Values {
            array: concat(&parts)?,
            failures,
        })
    }
}

impl GroupedAggregate for Delta {
    fn resize(&mut self, groups: usize) {
        self.max.resize(groups);
        self.min.resize(groups);
    }

    fn update(&mut self, input: &AggregateInput<'_>) -> OperatorResult {
        self.max.update(input)?;
        self.min.update(input)
    }

    fn update_each(&mut self, input: &AggregateInput<'_>) -> OperatorResult<Values> {
        let max = self.max.update_each(input)?;
        let min = self.min.update_each(input)?;
        self.subtract(&max, &min)
    }

    fn peek(&mut self, groups: &[u32]) -> OperatorResult<Values> {
        let max = self.max.peek(groups)?;
        let min = self.min.peek(groups)?;
        self.subtract(&max, &min)
    }

    fn snapshot(&mut self, groups: &[u32]) -> OperatorResult<Vec<ArrayRef>> {
        Ok(vec![
            nested(self.max.snapshot(groups)?)?,
            nested(self.min.snapshot(groups)?)?,
        ])
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[u32]) -> OperatorResult {
        self.max.merge(unnested(&state[0]), groups)?;
        self.min.merge(unnested(&state[1]), groups)
    }

    fn clear(&mut self, groups: &[u32]) -> OperatorResult {
        self.max.clear(groups)?;
        self.min.clear(groups)
    }
}

/// Columns as the fields of one.
pub(crate) fn nested(columns: Vec<ArrayRef>) -> OperatorResult<ArrayRef> {
    let fields = columns.iter().enumerate();
    let fields = fields.map(|(index, column)| Field::new(index.to_string(), column.data_type().clone(), true));
    Ok(Arc::new(StructArray::try_new(fields.collect(), columns, None)?))
}

/// The columns that [`nested`] made into one.
pub(crate) fn unnested(column: &ArrayRef) -> &[ArrayRef] {
    use arrow::array::AsArray;
    column.as_struct_opt().map_or(&[], StructArray::columns)
}
