//! Expressions, compiled once and evaluated over whole batches.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{cast, concat};
use arrow::datatypes::DataType;
use datafusion_common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion_common::{DFSchema, DataFusionError};
use datafusion_expr::Expr;
use datafusion_expr::execution_props::ExecutionProps;
use datafusion_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion_physical_expr::expressions::Column;
use datafusion_physical_expr::{PhysicalExpr, create_physical_expr};
use velo_data::{RecordColumns, RowError, RowErrorCause, StreamBatch, StreamSchema};
use velo_functions::{error_message, is_missing_key, take_zero_divisions};

use crate::error::{CompileError, OperatorResult};
use crate::event::Output;

/// Expressions over the rows of one schema, evaluated together.
///
/// A kernel fails on a batch as a whole. The batch is then bisected until the failing rows stand alone: they are
/// rejected, and all others get their values.
#[derive(Debug)]
pub(crate) struct Expressions {
    compiled: Vec<Compiled>,
    record: RecordColumns,
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
    cause: RowErrorCause,
    message: String,
}

impl Expressions {
    /// Compiles expressions over `schema`, each with the name that messages give it and the type of its result.
    pub(crate) fn new<'a>(
        expressions: impl IntoIterator<Item = (&'a Expr, String, DataType)>,
        schema: &StreamSchema,
    ) -> Result<Self, CompileError> {
        let compiler = Compiler::over(schema);
        let compiled = expressions
            .into_iter()
            .map(|(expression, column, data_type)| compiler.compile(expression, column, data_type))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            compiled,
            record: RecordColumns::of(schema),
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
        // A row that fails when it is taken back has failed when it came.
        for failure in failures
            .iter()
            .filter(|failure| !batch.kind(failure.row).is_retraction())
        {
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

    /// What is wrong with the first of the rows that fail.
    pub(crate) fn failure(&self, records: &RecordBatch, out: &mut Output) -> Option<String> {
        let evaluated = self.try_evaluate(records, out);
        evaluated.err().map(|(_, error)| error_message(&error))
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
                cause: if is_missing_key(&error) {
                    RowErrorCause::MissingValue
                } else {
                    self.cause
                },
                message: error_message(&error),
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
            cause: failure.cause,
            message: failure.message.clone(),
            column: Some(self.compiled[failure.expression].column.clone()),
            origin: self.record.origin(records, failure.row),
            original: self.record.original(records, failure.row),
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

/// Compiles expressions over the columns of one schema.
///
/// An expression is compiled against the columns that it reads and no others: looking one up by name goes through all of
/// them, and a row may have ten thousand.
struct Compiler<'a> {
    schema: &'a StreamSchema,
    places: HashMap<&'a str, usize>,
}

impl<'a> Compiler<'a> {
    fn over(schema: &'a StreamSchema) -> Self {
        let fields = schema.arrow().fields().iter().enumerate();
        Self {
            schema,
            places: fields.map(|(index, field)| (field.name().as_str(), index)).collect(),
        }
    }

    fn compile(&self, expression: &Expr, column: String, data_type: DataType) -> Result<Compiled, CompileError> {
        let physical = self.physical(expression).map_err(|source| CompileError::Expression {
            expression: expression.to_string(),
            source: Box::new(source),
        })?;
        Ok(Compiled {
            expression: physical,
            data_type,
            column,
        })
    }

    fn physical(&self, expression: &Expr) -> datafusion_common::Result<Arc<dyn PhysicalExpr>> {
        if let Expr::Column(column) = expression
            && let Some(index) = self.places.get(column.name.as_str())
        {
            return Ok(Arc::new(Column::new(&column.name, *index)));
        }
        let read = expression.column_refs();
        let read: BTreeSet<usize> = read
            .iter()
            .filter_map(|column| self.places.get(column.name.as_str()).copied())
            .collect();
        let read: Vec<usize> = read.into_iter().collect();
        let schema = DFSchema::try_from(self.schema.arrow().project(&read)?)?;
        let compiled = create_physical_expr(
            expression,
            &schema,
            &ExecutionProps::new(),
            &PhysicalPlanningContext::default(),
        )?;
        let in_place = |part: Arc<dyn PhysicalExpr>| {
            let column = part.downcast_ref::<Column>();
            let index = column.and_then(|column| Some((column.name(), *read.get(column.index())?)));
            Ok(match index {
                Some((name, index)) => Transformed::yes(Arc::new(Column::new(name, index)) as Arc<dyn PhysicalExpr>),
                None => Transformed::no(part),
            })
        };
        compiled.transform(in_place).data()
    }
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

    /// The indexes of the rows for which every condition is true, with these rows.
    pub(crate) fn passing(&self, mut batch: StreamBatch, out: &mut Output) -> OperatorResult<(StreamBatch, Vec<u32>)> {
        let mut rows: Vec<u32> = (0..batch.num_rows() as u32).collect();
        for conjunct in &self.conjuncts {
            let evaluated = conjunct.evaluate(batch, out)?;
            if let Some(kept) = &evaluated.kept {
                retain(&mut rows, kept);
            }
            let passes = evaluated.columns[0].as_boolean();
            retain(&mut rows, &trues(passes));
            batch = keep_true(evaluated.batch, passes)?;
        }
        Ok((batch, rows))
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

fn retain(rows: &mut Vec<u32>, kept: &BooleanBuffer) {
    let mut kept = kept.iter();
    rows.retain(|_| kept.next().unwrap_or(false));
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
