//! Expressions, compiled once and evaluated over whole batches.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, Int64Type};
use arrow::error::ArrowError;
use datafusion_common::{DFSchema, DataFusionError};
use datafusion_expr::Expr;
use datafusion_expr::execution_props::ExecutionProps;
use datafusion_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion_physical_expr::{PhysicalExpr, create_physical_expr};
use velo_data::{RecordOrigin, RowError, RowErrorCause, StreamBatch, StreamSchema, SystemColumn};
use velo_functions::take_zero_divisions;

use crate::error::{CompileError, OperatorResult};
use crate::event::Output;

/// Expressions over the rows of one schema, evaluated together.
///
/// A kernel fails on a batch as a whole. The batch is then bisected until the failing rows stand alone: they are
/// rejected, and all others get their values.
#[derive(Debug)]
pub(crate) struct Expressions {
    compiled: Vec<Compiled>,
    origin: OriginColumns,
    cause: RowErrorCause,
}

#[derive(Debug)]
struct Compiled {
    expression: Arc<dyn PhysicalExpr>,
    data_type: DataType,
    /// What messages call it.
    column: String,
}

/// The values of expressions, and the rows that they belong to.
#[derive(Debug)]
pub(crate) struct Evaluated {
    /// The rows that did not fail.
    pub(crate) batch: StreamBatch,
    /// Which of the given rows those are; `None` is all.
    pub(crate) kept: Option<BooleanBuffer>,
    /// One column per expression.
    pub(crate) columns: Vec<ArrayRef>,
}

/// A row on which an expression failed.
struct Failure {
    row: usize,
    expression: usize,
    message: String,
}

impl Expressions {
    /// Compiles expressions over `schema`, each with the name that messages give it and the type of its result.
    pub(crate) fn new<'a>(
        expressions: impl IntoIterator<Item = (&'a Expr, String, DataType)>,
        schema: &StreamSchema,
    ) -> Result<Self, CompileError> {
        let compiled = expressions
            .into_iter()
            .map(|(expression, column, data_type)| compile(expression, column, data_type, schema))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            compiled,
            origin: OriginColumns::of(schema),
            cause: RowErrorCause::Expression,
        })
    }

    /// Rejects failing rows for another cause than [`RowErrorCause::Expression`].
    pub(crate) fn failing_as(mut self, cause: RowErrorCause) -> Self {
        self.cause = cause;
        self
    }

    /// The values of all expressions for the rows of `batch` on which none fails.
    pub(crate) fn evaluate(&self, batch: StreamBatch, out: &mut Output) -> OperatorResult<Evaluated> {
        if let Ok(columns) = self.try_evaluate(&batch.records, out) {
            let kept = None;
            return Ok(Evaluated { batch, kept, columns });
        }
        let mut segments = Vec::new();
        let mut failures = Vec::new();
        self.bisect(&batch.records, 0, &mut segments, &mut failures, out);
        for failure in &failures {
            out.reject(self.row_error(&batch.records, failure));
        }
        let mut kept = vec![true; batch.num_rows()];
        for failure in &failures {
            kept[failure.row] = false;
        }
        let kept = BooleanBuffer::from(kept);
        Ok(Evaluated {
            batch: batch.filter(&BooleanArray::new(kept.clone(), None))?,
            kept: Some(kept),
            columns: self.concat(&segments)?,
        })
    }

    fn try_evaluate(&self, records: &RecordBatch, out: &mut Output) -> Result<Vec<ArrayRef>, (usize, DataFusionError)> {
        let evaluate =
            |(index, compiled): (usize, &Compiled)| compiled.evaluate(records).map_err(|error| (index, error));
        let columns = self.compiled.iter().enumerate().map(evaluate).collect();
        // What a failed attempt counted is counted again when its parts succeed.
        let zero_divisions = take_zero_divisions();
        if Result::is_ok(&columns) {
            out.count_zero_divisions(zero_divisions);
        }
        columns
    }

    /// Evaluates the rows, which start at `offset` of the batch, in parts that succeed: their columns are `segments`.
    fn bisect(
        &self,
        records: &RecordBatch,
        offset: usize,
        segments: &mut Vec<Vec<ArrayRef>>,
        failures: &mut Vec<Failure>,
        out: &mut Output,
    ) {
        let length = records.num_rows();
        match self.try_evaluate(records, out) {
            Ok(columns) if length > 0 => segments.push(columns),
            Ok(_) => {}
            Err((expression, error)) if length <= 1 => failures.push(Failure {
                row: offset,
                expression,
                message: message_of(&error),
            }),
            Err(_) => {
                let half = length / 2;
                self.bisect(&records.slice(0, half), offset, segments, failures, out);
                self.bisect(
                    &records.slice(half, length - half),
                    offset + half,
                    segments,
                    failures,
                    out,
                );
            }
        }
    }

    fn concat(&self, segments: &[Vec<ArrayRef>]) -> OperatorResult<Vec<ArrayRef>> {
        let column = |(index, compiled): (usize, &Compiled)| {
            let parts: Vec<&dyn Array> = segments.iter().map(|segment| segment[index].as_ref()).collect();
            if parts.is_empty() {
                return Ok(arrow::array::new_empty_array(&compiled.data_type));
            }
            Ok(concat(&parts)?)
        };
        self.compiled.iter().enumerate().map(column).collect()
    }

    fn row_error(&self, records: &RecordBatch, failure: &Failure) -> RowError {
        RowError {
            cause: self.cause,
            message: failure.message.clone(),
            column: Some(self.compiled[failure.expression].column.clone()),
            origin: self.origin.of_row(records, failure.row),
            original: None,
        }
    }
}

impl Compiled {
    fn evaluate(&self, records: &RecordBatch) -> Result<ArrayRef, DataFusionError> {
        let array = self.expression.evaluate(records)?.into_array(records.num_rows())?;
        if *array.data_type() == self.data_type {
            Ok(array)
        } else {
            Ok(cast(&array, &self.data_type)?)
        }
    }
}

fn compile(
    expression: &Expr,
    column: String,
    data_type: DataType,
    schema: &StreamSchema,
) -> Result<Compiled, CompileError> {
    let physical = || {
        let schema = DFSchema::try_from(schema.arrow().as_ref().clone())?;
        create_physical_expr(
            expression,
            &schema,
            &ExecutionProps::new(),
            &PhysicalPlanningContext::default(),
        )
    };
    Ok(Compiled {
        expression: physical().map_err(|source| CompileError::Expression {
            expression: expression.to_string(),
            source: Box::new(source),
        })?,
        data_type,
        column,
    })
}

/// A condition over the rows of one schema.
#[derive(Debug)]
pub(crate) struct Predicate {
    conjuncts: Vec<Expressions>,
}

impl Predicate {
    /// Compiles the conjunction of `conditions`; messages speak of them as `clause`.
    pub(crate) fn new<'a>(
        conditions: impl IntoIterator<Item = &'a Expr>,
        clause: &str,
        schema: &StreamSchema,
    ) -> Result<Self, CompileError> {
        let conjunct = |condition| Expressions::new([(condition, clause.to_owned(), DataType::Boolean)], schema);
        Ok(Self {
            conjuncts: conditions.into_iter().map(conjunct).collect::<Result<_, _>>()?,
        })
    }

    /// The rows for which every condition is true; NULL is not true. Rows on which one fails are rejected.
    pub(crate) fn filter(&self, mut batch: StreamBatch, out: &mut Output) -> OperatorResult<StreamBatch> {
        for conjunct in &self.conjuncts {
            if batch.num_rows() == 0 {
                break;
            }
            let evaluated = conjunct.evaluate(batch, out)?;
            batch = keep_true(evaluated.batch, evaluated.columns[0].as_boolean())?;
        }
        Ok(batch)
    }
}

fn keep_true(batch: StreamBatch, passes: &BooleanArray) -> OperatorResult<StreamBatch> {
    let passing = trues(passes);
    match passing.count_set_bits() {
        count if count == batch.num_rows() => Ok(batch),
        _ => Ok(batch.filter(&BooleanArray::new(passing, None))?),
    }
}

/// Where a BOOLEAN column is true, and not NULL.
pub(crate) fn trues(column: &BooleanArray) -> BooleanBuffer {
    match column.nulls() {
        Some(nulls) => column.values() & nulls.inner(),
        None => column.values().clone(),
    }
}

/// Where in a batch the origin of each row stands, as far as the plan carries it.
#[derive(Debug, Clone)]
pub(crate) struct OriginColumns {
    topic: Option<usize>,
    partition: Option<usize>,
    offset: Option<usize>,
}

impl OriginColumns {
    pub(crate) fn of(schema: &StreamSchema) -> Self {
        Self {
            topic: schema.system(SystemColumn::Topic),
            partition: schema.system(SystemColumn::Partition),
            offset: schema.system(SystemColumn::Offset),
        }
    }

    pub(crate) fn of_row(&self, records: &RecordBatch, row: usize) -> RecordOrigin {
        let integer = |index: Option<usize>| {
            let column = records.column(index?).as_primitive_opt::<Int64Type>()?;
            column.is_valid(row).then(|| column.value(row))
        };
        let text = |index: Option<usize>| {
            let column = records.column(index?).as_string_view_opt()?;
            column.is_valid(row).then(|| Arc::from(column.value(row)))
        };
        RecordOrigin {
            topic: text(self.topic),
            partition: integer(self.partition).and_then(|partition| i32::try_from(partition).ok()),
            offset: integer(self.offset),
            line: None,
        }
    }
}

/// The message of an error without the names of the libraries that it passed through.
fn message_of(error: &DataFusionError) -> String {
    match error {
        DataFusionError::ArrowError(error, _) => arrow_message_of(error),
        DataFusionError::Execution(message) => message.clone(),
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => message_of(inner),
        DataFusionError::External(error) => error.to_string(),
        other => other.strip_backtrace(),
    }
}

fn arrow_message_of(error: &ArrowError) -> String {
    match error {
        ArrowError::ComputeError(message)
        | ArrowError::ArithmeticOverflow(message)
        | ArrowError::CastError(message)
        | ArrowError::ParseError(message)
        | ArrowError::InvalidArgumentError(message) => message.clone(),
        ArrowError::DivideByZero => "division by zero".to_owned(),
        ArrowError::ExternalError(error) => error.to_string(),
        other => other.to_string(),
    }
}
