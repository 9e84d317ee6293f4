use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, TimestampMillisecondArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, TimestampMillisecondType};
use bytes::Bytes;
use datafusion_expr::Expr;
use velo_data::{
    ChangelogMode, RecordColumns, RecordOrigin, RowKinds, StreamBatch, StreamSchema, SystemColumn, record_batch,
};
use velo_functions::comparable;
use velo_planner::plan::{Aggregate, AggregateCall};

use super::GroupBudget;
use super::prepared_rows::{Prepared, Selected, select, select_bits};
use crate::aggregate::{AggregateFactory, GroupedAggregate};
use crate::error::{CompileError, OperatorResult};
use crate::event::Output;
use crate::expression::{Expressions, trues};
use crate::keys::{KeyEncoder, RowSet};

/// What an aggregation computes, compiled: everything about it but its state.
#[derive(Debug)]
pub(crate) struct Grouping {
    /// Keys, then arguments and filters of every call.
    inputs: Expressions,
    keys: usize,
    calls: Vec<Call>,
    pub(super) encoder: KeyEncoder,
    factories: Vec<AggregateFactory>,
    having: Option<Expressions>,
    pub(super) schema: StreamSchema,
    metadata: Vec<SystemColumn>,
    /// Whether the input retracts rows.
    pub(super) retracts: bool,
    /// How results say that they change.
    pub(super) output_mode: ChangelogMode,
    /// Whether the only group, of an aggregation without keys, stays when its last row is retracted; that of a window does
    /// not.
    keeps_emptied: bool,
    records: RecordColumns,
    event_time: Option<usize>,
    timestamp: Option<usize>,
    pub(super) budget: GroupBudget,
}

/// Where a call's inputs stand among the columns of [`Grouping::inputs`].
#[derive(Debug)]
struct Call {
    arguments: std::ops::Range<usize>,
    filter: Option<usize>,
}

/// The bounds of a window, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) start: i64,
    /// Exclusive.
    pub(super) end: i64,
}

/// What HAVING says of rows.
pub(super) struct Visibility {
    pub(super) visible: BooleanBuffer,
    /// Rows on which HAVING itself failed; they are rejected already.
    pub(super) decided: Option<BooleanBuffer>,
}

/// The expressions that [`Grouping::inputs`] is made of, with the output column and the type of each.
#[derive(Default)]
struct Inputs<'a>(Vec<(&'a Expr, String, DataType)>);

impl<'a> Inputs<'a> {
    /// Adds an expression, and returns its index.
    fn push(&mut self, expression: &'a Expr, column: &str, data_type: DataType) -> usize {
        self.0.push((expression, column.to_owned(), data_type));
        self.0.len() - 1
    }

    /// Adds what a call needs, and returns where that stands and the types of the arguments.
    fn push_call(
        &mut self,
        call: &'a AggregateCall,
        column: &str,
        schema: &StreamSchema,
    ) -> Result<(Call, Vec<DataType>), CompileError> {
        let first = self.0.len();
        for argument in &call.arguments {
            self.push(argument, column, type_of(argument, schema)?);
        }
        let arguments = first..self.0.len();
        let types = self.types(arguments.clone());
        let filter = call
            .filter
            .as_ref()
            .map(|filter| self.push(filter, column, DataType::Boolean));
        Ok((Call { arguments, filter }, types))
    }

    fn types(&self, range: std::ops::Range<usize>) -> Vec<DataType> {
        self.0[range]
            .iter()
            .map(|(_, _, data_type)| data_type.clone())
            .collect()
    }
}

impl Grouping {
    pub(crate) fn new(plan: &Aggregate, budget: GroupBudget) -> Result<Self, CompileError> {
        check_modes(plan)?;
        let retracts = plan.input_mode == ChangelogMode::Retract;
        let input = plan.input.schema();
        let fields = plan.schema.arrow().fields();
        let mut inputs = Inputs::default();
        for (key, field) in plan.keys.iter().zip(fields) {
            inputs.push(key, field.name(), field.data_type().clone());
        }
        let keys = inputs.types(0..plan.keys.len());
        let mut calls = Vec::new();
        let mut factories = Vec::new();
        for (call, field) in plan.aggregates.iter().zip(&fields[plan.first_aggregate()..]) {
            let (inputs, types) = inputs.push_call(call, field.name(), input)?;
            factories.push(AggregateFactory::new(
                call,
                types,
                input.arrow(),
                field.name(),
                retracts,
            )?);
            calls.push(inputs);
        }
        Ok(Self {
            inputs: Expressions::new(inputs.0, input)?,
            keys: plan.keys.len(),
            calls,
            encoder: KeyEncoder::new(&keys)?,
            factories,
            having: having(plan)?,
            metadata: metadata(plan)?,
            retracts,
            output_mode: plan.output_mode,
            keeps_emptied: plan.keys.is_empty() && plan.window.is_none(),
            records: RecordColumns::of(input),
            schema: plan.schema.clone(),
            event_time: input.system(SystemColumn::EventTime),
            timestamp: input.system(SystemColumn::Timestamp),
            budget,
        })
    }

    /// Adds hidden aggregates for the metadata of groups that have no window: the highest of the group.
    pub(crate) fn with_group_metadata(mut self, input: &StreamSchema) -> Self {
        for column in &self.metadata {
            if let Some(index) = input.system(*column) {
                let data_type = input.arrow().field(index).data_type();
                self.factories
                    .push(AggregateFactory::greatest(data_type, self.retracts));
            }
        }
        self
    }

    /// Whether what groups have sent is needed later: to delete those that disappear, and for the old values of updates.
    pub(super) fn keeps_sent(&self) -> bool {
        let may_disappear = self.having.is_some() || self.retracts;
        match self.output_mode {
            ChangelogMode::AppendOnly => false,
            ChangelogMode::Upsert => may_disappear,
            ChangelogMode::Retract => true,
        }
    }

    /// Whether a group without rows is none.
    pub(super) fn drops_emptied(&self) -> bool {
        self.retracts && !self.keeps_emptied
    }

    /// The record that a row was read from: its origin and its bytes.
    pub(super) fn record(&self, prepared: &Prepared, row: usize) -> (RecordOrigin, Option<Bytes>) {
        let records = &prepared.batch.records;
        (self.records.origin(records, row), self.records.original(records, row))
    }

    pub(super) fn key_columns(&self) -> usize {
        self.keys
    }

    /// Number of aggregates that are columns of the output.
    pub(super) fn calls(&self) -> usize {
        self.calls.len()
    }

    /// Number of output columns, metadata included.
    pub(super) fn columns(&self) -> usize {
        self.schema.arrow().fields().len()
    }

    /// Name of an output column.
    pub(super) fn column_name(&self, aggregate: usize) -> String {
        self.schema.arrow().field(self.keys + aggregate).name().clone()
    }

    /// New state of every aggregate, hidden ones last.
    pub(super) fn aggregates(&self) -> OperatorResult<Vec<Box<dyn GroupedAggregate>>> {
        self.factories.iter().map(AggregateFactory::make).collect()
    }

    /// Evaluates keys and arguments; rows on which one fails are rejected.
    pub(super) fn prepare(&self, batch: StreamBatch, out: &mut Output) -> OperatorResult<Prepared> {
        let evaluated = self.inputs.evaluate(batch, out)?;
        let (batch, mut columns) = (evaluated.batch, evaluated.columns);
        // Rows of one group show one key, whichever of the values that are equal they have.
        for key in &mut columns[..self.keys] {
            *key = comparable(key)?;
        }
        let filter = |call: &Call| call.filter.map(|index| trues(columns[index].as_boolean()));
        let time = |index: usize| {
            batch
                .records
                .column(index)
                .as_primitive::<TimestampMillisecondType>()
                .values()
                .clone()
        };
        debug_assert!(
            self.retracts || batch.kinds.as_ref().is_none_or(|kinds| !kinds.has_retractions()),
            "the plan says whether its input retracts rows"
        );
        let kinds = batch
            .kinds
            .as_ref()
            .filter(|kinds| self.retracts && kinds.has_retractions());
        Ok(Prepared {
            retractions: kinds.map(RowKinds::retractions),
            encoded: self.encoder.encode(&columns[..self.keys], batch.num_rows())?,
            filters: self.calls.iter().map(filter).collect(),
            times: self.event_time.map(time),
            batch,
            columns,
        })
    }

    /// The inputs of some rows.
    pub(super) fn select(&self, prepared: &Prepared, rows: &RowSet<'_>) -> OperatorResult<Selected> {
        let columns: Vec<ArrayRef> = prepared
            .columns
            .iter()
            .map(|column| select(column, rows))
            .collect::<Result<_, _>>()?;
        let event_times = self
            .event_time
            .map(|index| select(prepared.batch.records.column(index), rows));
        let timestamps = self
            .timestamp
            .map(|index| select(prepared.batch.records.column(index), rows));
        let event_times = event_times.transpose()?;
        let timestamps = timestamps.transpose()?;
        let mut arguments: Vec<Vec<ArrayRef>> = self
            .calls
            .iter()
            .map(|call| columns[call.arguments.clone()].to_vec())
            .collect();
        let mut filters: Vec<_> = prepared
            .filters
            .iter()
            .map(|filter| filter.as_ref().map(|filter| select_bits(filter, rows)))
            .collect();
        let hidden = self.factories.len() - self.calls.len();
        for column in self.metadata.iter().take(hidden) {
            let values = if *column == SystemColumn::EventTime {
                &event_times
            } else {
                &timestamps
            };
            arguments.push(values.iter().cloned().collect());
            filters.push(None);
        }
        Ok(Selected {
            keys: columns[..self.keys].to_vec(),
            arguments,
            filters,
            retractions: prepared.retractions.as_ref().map(|bits| select_bits(bits, rows)),
            times: event_times
                .as_ref()
                .map(|times| times.as_primitive::<TimestampMillisecondType>().values().clone()),
            event_times,
            timestamps,
        })
    }

    /// An output batch: keys, aggregates, and metadata that `column` provides.
    pub(super) fn assemble(
        &self,
        rows: usize,
        keys: Vec<ArrayRef>,
        aggregates: impl IntoIterator<Item = ArrayRef>,
        mut column: impl FnMut(SystemColumn) -> Option<ArrayRef>,
    ) -> OperatorResult<RecordBatch> {
        let mut columns = keys;
        columns.extend(aggregates);
        for wanted in &self.metadata {
            let data_type = wanted.sql_type().arrow();
            columns.push(column(*wanted).unwrap_or_else(|| arrow::array::new_null_array(&data_type, rows)));
        }
        Ok(record_batch(self.schema.arrow(), columns, rows)?)
    }

    /// Which rows HAVING lets through, of those that are `judged`; `None` is all.
    pub(super) fn visibility(
        &self,
        records: &RecordBatch,
        judged: Option<&BooleanBuffer>,
        out: &mut Output,
    ) -> OperatorResult<Visibility> {
        let Some(having) = &self.having else {
            return Ok(Visibility {
                visible: judged
                    .cloned()
                    .unwrap_or_else(|| BooleanBuffer::new_set(records.num_rows())),
                decided: None,
            });
        };
        let batch = match judged {
            None => records.clone(),
            Some(judged) => keep(records, judged.clone())?,
        };
        let evaluated = having.evaluate(StreamBatch::inserts(batch), out)?;
        let visible = trues(evaluated.columns[0].as_boolean());
        let visibility = match evaluated.kept {
            None => Visibility { visible, decided: None },
            Some(decided) => Visibility {
                visible: spread(&visible, &decided, false),
                decided: Some(decided),
            },
        };
        Ok(match judged {
            None => visibility,
            Some(judged) => Visibility {
                visible: spread(&visibility.visible, judged, false),
                decided: visibility.decided.map(|decided| spread(&decided, judged, true)),
            },
        })
    }
}

/// The bits of the rows in `places`, in their order, and `elsewhere` for all other rows.
fn spread(bits: &BooleanBuffer, places: &BooleanBuffer, elsewhere: bool) -> BooleanBuffer {
    let mut bits = bits.iter();
    let spread = places.iter().map(|is_there| {
        if is_there {
            bits.next().unwrap_or(elsewhere)
        } else {
            elsewhere
        }
    });
    spread.collect()
}

/// Checks that the aggregation can take in the changes of its input, and put out those of its results.
fn check_modes(plan: &Aggregate) -> Result<(), CompileError> {
    let refuse = |message: &str| {
        Err(CompileError::Aggregate {
            aggregate: "the aggregation".to_owned(),
            message: message.to_owned(),
        })
    };
    if plan.input_mode == ChangelogMode::Upsert {
        return refuse("its input is an upsert stream, and it needs the old values of rows that change");
    }
    let updates_results = Aggregate::updates_results(plan.window.as_ref(), plan.emit);
    match (plan.output_mode, updates_results) {
        (ChangelogMode::AppendOnly, true) => refuse("its results change, which an append-only stream cannot say"),
        (ChangelogMode::Upsert | ChangelogMode::Retract, false) => refuse("its results come out once"),
        _ => Ok(()),
    }
}

fn having(plan: &Aggregate) -> Result<Option<Expressions>, CompileError> {
    let having = plan.having.as_ref();
    let having =
        having.map(|having| Expressions::new([(having, "HAVING".to_owned(), DataType::Boolean)], &plan.schema));
    having.transpose()
}

/// The metadata columns behind keys and aggregates, all of which an aggregation can provide.
fn metadata(plan: &Aggregate) -> Result<Vec<SystemColumn>, CompileError> {
    let mut columns: Vec<(SystemColumn, usize)> = plan.schema.system_columns().to_vec();
    columns.retain(|(_, index)| *index >= plan.keys.len() + plan.aggregates.len());
    columns.sort_by_key(|(_, index)| *index);
    if let Some((column, _)) = columns.iter().find(|(column, _)| !plan.provides(*column)) {
        return Err(CompileError::MissingColumn {
            column: column.name().to_owned(),
            from: "an aggregation".to_owned(),
        });
    }
    Ok(columns.into_iter().map(|(column, _)| column).collect())
}

/// The type of an argument, which the planner has made canonical.
fn type_of(expression: &Expr, schema: &StreamSchema) -> Result<DataType, CompileError> {
    use datafusion_common::DFSchema;
    use datafusion_expr::ExprSchemable;
    let schema = DFSchema::try_from(schema.arrow().as_ref().clone());
    let data_type = schema.and_then(|schema| expression.get_type(&schema));
    let data_type = data_type.map_err(|source| CompileError::Expression {
        expression: expression.to_string(),
        source: Box::new(source),
    })?;
    let canonical = velo_data::SqlType::from_arrow(&data_type).map(|sql_type| sql_type.arrow());
    Ok(canonical.unwrap_or(data_type))
}

impl Bounds {
    /// The bound that a metadata column of a window's rows holds; `None` for other columns.
    pub(super) fn column(self, column: SystemColumn, rows: usize) -> Option<ArrayRef> {
        match column {
            SystemColumn::WindowStart => Some(constant(self.start, rows)),
            SystemColumn::WindowEnd => Some(constant(self.end, rows)),
            _ => None,
        }
    }

    /// As [`Bounds::column`]; the time of a final result is the window's last millisecond.
    pub(super) fn final_column(self, column: SystemColumn, rows: usize) -> Option<ArrayRef> {
        let last = self.end - 1;
        match column {
            SystemColumn::EventTime => Some(Arc::new(TimestampMillisecondArray::from_value(last, rows))),
            SystemColumn::Timestamp => Some(constant(last, rows)),
            column => self.column(column, rows),
        }
    }
}

fn constant(value: i64, rows: usize) -> ArrayRef {
    Arc::new(Int64Array::from_value(value, rows))
}

/// Keeps the rows of a batch whose bit is set.
pub(super) fn keep(records: &RecordBatch, bits: BooleanBuffer) -> OperatorResult<RecordBatch> {
    if bits.count_set_bits() == records.num_rows() {
        return Ok(records.clone());
    }
    Ok(arrow::compute::filter_record_batch(
        records,
        &BooleanArray::new(bits, None),
    )?)
}
