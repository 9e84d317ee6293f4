//! DataFusion's accumulators, one per group, as a [`GroupedAggregate`].

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, FieldRef, Schema};
use datafusion_common::{DFSchema, ScalarValue};
use datafusion_expr::execution_props::ExecutionProps;
use datafusion_expr::function::AccumulatorArgs;
use datafusion_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion_expr::{Accumulator, AggregateUDF, Expr};
use datafusion_physical_expr::expressions::Literal;
use datafusion_physical_expr::{PhysicalExpr, create_physical_expr};
use velo_functions::error_message;

use super::{AggregateInput, GroupedAggregate, ValueFailure, Values};
use crate::error::OperatorResult;

/// How to make accumulators of one aggregate call.
#[derive(Clone)]
pub(super) struct AccumulatorCall {
    function: Arc<AggregateUDF>,
    arguments: Vec<Arc<dyn PhysicalExpr>>,
    fields: Vec<FieldRef>,
    schema: Schema,
    output: FieldRef,
    name: String,
}

impl fmt::Debug for AccumulatorCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccumulatorCall")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl AccumulatorCall {
    /// A call of `function`, over expressions of `schema`, named `name` in the output. Literal arguments, such as the
    /// fraction of a percentile, are read by the function itself.
    pub(super) fn new(
        function: Arc<AggregateUDF>,
        arguments: &[Expr],
        schema: &Schema,
        name: &str,
    ) -> datafusion_common::Result<Self> {
        let compile = |argument: &Expr| match constant(argument) {
            Some(value) => Ok(Arc::new(Literal::new(value?)) as Arc<dyn PhysicalExpr>),
            None => physical(argument, schema),
        };
        let arguments = arguments.iter().map(compile).collect::<Result<Vec<_>, _>>()?;
        let fields = arguments.iter().map(|argument| argument.return_field(schema));
        let fields = fields.collect::<Result<Vec<_>, _>>()?;
        let output = function.return_field(&fields)?;
        Ok(Self {
            function,
            arguments,
            fields,
            schema: schema.clone(),
            output,
            name: name.to_owned(),
        })
    }

    /// An accumulator that has seen nothing.
    pub(super) fn accumulator(&self) -> datafusion_common::Result<Box<dyn Accumulator>> {
        self.function.accumulator(AccumulatorArgs {
            return_field: Arc::clone(&self.output),
            schema: &self.schema,
            ignore_nulls: false,
            order_bys: &[],
            is_reversed: false,
            name: &self.name,
            is_distinct: false,
            exprs: &self.arguments,
            expr_fields: &self.fields,
        })
    }
}

/// Compiles an expression over columns of `schema`.
pub(super) fn physical(expression: &Expr, schema: &Schema) -> datafusion_common::Result<Arc<dyn PhysicalExpr>> {
    create_physical_expr(
        expression,
        &DFSchema::try_from(schema.clone())?,
        &ExecutionProps::new(),
        &PhysicalPlanningContext::default(),
    )
}

/// The value of an expression without columns; `None` when it has some.
pub(super) fn constant(expression: &Expr) -> Option<datafusion_common::Result<ScalarValue>> {
    if expression.any_column_refs() {
        return None;
    }
    let evaluate = || {
        let schema = Arc::new(Schema::empty());
        let options = RecordBatchOptions::new().with_row_count(Some(1));
        let one_row = RecordBatch::try_new_with_options(Arc::clone(&schema), vec![], &options)?;
        let value = physical(expression, &schema)?.evaluate(&one_row)?.into_array(1)?;
        ScalarValue::try_from_array(&value, 0)
    };
    Some(evaluate())
}

/// Any aggregate of DataFusion.
pub(super) struct Accumulators {
    call: AccumulatorCall,
    output: DataType,
    groups: Vec<Box<dyn Accumulator>>,
    /// How many groups there are; accumulators are made when a row comes.
    room: usize,
}

impl Accumulators {
    pub(super) fn new(call: AccumulatorCall, output: DataType) -> Self {
        Self {
            call,
            output,
            groups: Vec::new(),
            room: 0,
        }
    }

    fn make_room(&mut self) -> OperatorResult {
        while self.groups.len() < self.room {
            self.groups.push(self.call.accumulator()?);
        }
        Ok(())
    }

    /// The state of a group. Reading it may consume it, so the group goes on with a copy.
    fn state_of(&mut self, group: usize) -> OperatorResult<Vec<ArrayRef>> {
        let state = self.groups[group].state()?;
        let columns = state.iter().map(ScalarValue::to_array);
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let mut copy = self.call.accumulator()?;
        copy.merge_batch(&columns)?;
        self.groups[group] = copy;
        Ok(columns)
    }

    /// The value of a group. None of the accumulators in use consumes itself here, which a test watches.
    fn value_of(&mut self, group: usize) -> datafusion_common::Result<ScalarValue> {
        self.groups[group].evaluate()?.cast_to(&self.output)
    }

    fn values_of(&mut self, groups: &[u32]) -> OperatorResult<Values> {
        let mut collected = Collected::default();
        for group in groups {
            collected.push(self.value_of(*group as usize), &self.output)?;
        }
        collected.into_values(&self.output)
    }
}

impl GroupedAggregate for Accumulators {
    fn resize(&mut self, groups: usize) {
        self.room = groups;
    }

    fn update(&mut self, input: &AggregateInput<'_>) -> OperatorResult {
        self.make_room()?;
        let mut order: Vec<u32> = match input.filter {
            None => (0..input.groups.len() as u32).collect(),
            Some(filter) => filter.set_indices_u32().collect(),
        };
        // Stable: rows of a group stay in the order of arrival.
        order.sort_by_key(|row| input.groups[*row as usize]);
        let rows = UInt32Array::from(order);
        let sorted = input.arguments.iter().map(|argument| take(argument, &rows, None));
        let sorted = sorted.collect::<Result<Vec<_>, _>>()?;
        let group_of = |row: &u32| input.groups[*row as usize];
        let mut start = 0;
        for run in rows.values().chunk_by(|a, b| group_of(a) == group_of(b)) {
            let slices: Vec<ArrayRef> = sorted.iter().map(|column| column.slice(start, run.len())).collect();
            self.groups[group_of(&run[0]) as usize].update_batch(&slices)?;
            start += run.len();
        }
        Ok(())
    }

    fn update_each(&mut self, input: &AggregateInput<'_>) -> OperatorResult<Values> {
        self.make_room()?;
        let mut collected = Collected::default();
        for (row, group) in input.groups.iter().enumerate() {
            if super::counts(input.filter, row) {
                let slices: Vec<ArrayRef> = input.arguments.iter().map(|column| column.slice(row, 1)).collect();
                self.groups[*group as usize].update_batch(&slices)?;
            }
            collected.push(self.value_of(*group as usize), &self.output)?;
        }
        collected.into_values(&self.output)
    }

    fn peek(&mut self, groups: &[u32]) -> OperatorResult<Values> {
        self.make_room()?;
        self.values_of(groups)
    }

    fn snapshot(&mut self, groups: &[u32]) -> OperatorResult<Vec<ArrayRef>> {
        self.make_room()?;
        let states = groups.iter().map(|group| self.state_of(*group as usize));
        let states = states.collect::<OperatorResult<Vec<_>>>()?;
        let width = states.first().map_or(0, Vec::len);
        let column = |index: usize| -> OperatorResult<ArrayRef> {
            let parts: Vec<&dyn Array> = states.iter().map(|state| state[index].as_ref()).collect();
            Ok(arrow::compute::concat(&parts)?)
        };
        (0..width).map(column).collect()
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[u32]) -> OperatorResult {
        self.make_room()?;
        for (row, group) in groups.iter().enumerate() {
            let slices: Vec<ArrayRef> = state.iter().map(|column| column.slice(row, 1)).collect();
            self.groups[*group as usize].merge_batch(&slices)?;
        }
        Ok(())
    }

    fn clear(&mut self, groups: &[u32]) -> OperatorResult {
        self.make_room()?;
        for group in groups {
            self.groups[*group as usize] = self.call.accumulator()?;
        }
        Ok(())
    }
}

/// Values read one by one.
#[derive(Default)]
struct Collected {
    values: Vec<ScalarValue>,
    failures: Vec<ValueFailure>,
}

impl Collected {
    fn push(&mut self, value: datafusion_common::Result<ScalarValue>, output: &DataType) -> OperatorResult {
        let value = match value {
            Ok(value) => value,
            Err(error) => {
                self.failures.push(ValueFailure {
                    position: self.values.len(),
                    message: error_message(&error),
                });
                ScalarValue::try_from(output)?
            }
        };
        self.values.push(value);
        Ok(())
    }

    fn into_values(self, output: &DataType) -> OperatorResult<Values> {
        let array = if self.values.is_empty() {
            arrow::array::new_empty_array(output)
        } else {
            ScalarValue::iter_to_array(self.values)?
        };
        Ok(Values {
            array,
            failures: self.failures,
        })
    }
}
