use std::sync::Arc;
use std::time::Duration;

use arrow::array::{Array, ArrayRef, AsArray, new_null_array};
use arrow::compute::is_not_null;
use arrow::datatypes::{DataType, TimestampMillisecondType};
use velo_data::{
    RecordColumns, RowError, RowErrorCause, SqlType, StreamBatch, StreamSchema, SystemColumn, record_batch,
};
use velo_planner::plan::{Relation, Scan};

use super::group_set::{read_shared_number, shared_number};
use crate::error::{CompileError, OperatorResult};
use crate::event::Output;
use crate::expression::{Expressions, Predicate};
use crate::keys::KeyGroups;
use crate::operator::Operator;
use crate::state::OperatorState;

/// Reads one partition of a relation: brings the columns into the plan's order, takes event time, derives the
/// watermark, and filters.
///
/// Whether a row is late depends on what came before it, not on where batches end. So where it matters to a window
/// the batch is divided, and the watermark goes out between its parts.
pub(crate) struct ScanRows {
    columns: Vec<Origin>,
    event_time: Option<EventTimeColumn>,
    predicate: Predicate,
    origins: RecordColumns,
    schema: StreamSchema,
    steps: Vec<WatermarkStep>,
}

/// Where a column of the scan comes from.
#[derive(Debug, Clone, Copy)]
enum Origin {
    Input(usize),
    /// Filled with NULL: event time before it is computed, and metadata that the relation does not have.
    Nothing,
}

struct EventTimeColumn {
    expression: Option<Expressions>,
    /// Its index in the scan's schema; none when only the watermark is wanted.
    index: Option<usize>,
    /// Where the relation's own event time stands in the input.
    provided: Option<usize>,
    clock: WatermarkClock,
}

/// How far event time has come in a partition.
#[derive(Debug, Clone, Copy)]
struct WatermarkClock {
    out_of_orderness_ms: i64,
    /// The highest event time so far; `i64::MIN` before the first.
    max_ms: i64,
    /// The last watermark that went out.
    forwarded_ms: i64,
}

impl WatermarkClock {
    /// Nothing before it is expected any more.
    #[inline]
    fn watermark_ms(self) -> i64 {
        self.max_ms.saturating_sub(self.out_of_orderness_ms)
    }

    /// Takes in event times. Where a row is behind the watermark, and the watermark that has gone out would let a window
    /// treat it otherwise, there is a cut: the row, and the watermark that must go out before it.
    fn advance(mut self, times: &[i64], steps: &[WatermarkStep]) -> (Self, Vec<(usize, i64)>) {
        let mut cuts = Vec::new();
        for (row, time) in times.iter().enumerate() {
            if *time > self.max_ms {
                self.max_ms = *time;
                continue;
            }
            let watermark_ms = self.watermark_ms();
            let step = |step: &WatermarkStep| step.lies_between(self.forwarded_ms, watermark_ms);
            if *time < watermark_ms && watermark_ms > self.forwarded_ms && steps.iter().any(step) {
                self.forwarded_ms = watermark_ms;
                cuts.push((row, watermark_ms));
            }
        }
        (self, cuts)
    }
}

/// A series of instants at which a watermark changes what a window does with rows: `offset + n * size + lateness`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WatermarkStep {
    pub(crate) size_ms: i64,
    pub(crate) offset_ms: i64,
}

impl WatermarkStep {
    /// Whether an instant of the series lies in `(from, to]`.
    fn lies_between(self, from: i64, to: i64) -> bool {
        let step = |time: i64| time.saturating_sub(self.offset_ms).div_euclid(self.size_ms.max(1));
        from == i64::MIN || step(from) != step(to)
    }
}

impl ScanRows {
    /// Reads rows of `input`, which hold at least what `plan` wants of them.
    pub(crate) fn new(plan: &Scan, input: &StreamSchema, steps: Vec<WatermarkStep>) -> Result<Self, CompileError> {
        Ok(Self {
            columns: columns(plan, input)?,
            event_time: EventTimeColumn::of(plan, input)?,
            predicate: Predicate::new(&plan.filters, "WHERE", &plan.schema)?,
            origins: RecordColumns::of(&plan.schema),
            schema: plan.schema.clone(),
            steps,
        })
    }

    /// The rows with the scan's columns.
    fn arrange(&self, batch: &StreamBatch) -> OperatorResult<StreamBatch> {
        let rows = batch.num_rows();
        let fields = self.schema.arrow().fields().iter();
        let columns = self.columns.iter().zip(fields).map(|(origin, field)| match origin {
            Origin::Input(index) => Arc::clone(batch.records.column(*index)),
            Origin::Nothing => new_null_array(field.data_type(), rows),
        });
        Ok(StreamBatch {
            records: record_batch(self.schema.arrow(), columns.collect(), rows)?,
            kinds: batch.kinds.clone(),
        })
    }

    /// Emits the rows that the filters let through.
    fn emit(&self, batch: StreamBatch, out: &mut Output) -> OperatorResult {
        let passed = self.predicate.filter(batch, out)?;
        out.emit(passed);
        Ok(())
    }

    /// Emits rows, and the watermark that follows from their event times.
    fn emit_timed(&mut self, batch: &StreamBatch, times: &[i64], out: &mut Output) -> OperatorResult {
        let Some(clock) = self.event_time.as_ref().map(|event_time| event_time.clock) else {
            return Ok(());
        };
        let (clock, cuts) = clock.advance(times, &self.steps);
        let mut start = 0;
        for (row, watermark_ms) in cuts {
            self.emit(batch.slice(start, row - start), out)?;
            out.forward(watermark_ms);
            start = row;
        }
        self.emit(batch.slice(start, batch.num_rows() - start), out)?;
        let forwarded_ms = clock.watermark_ms();
        if forwarded_ms > clock.forwarded_ms {
            out.forward(forwarded_ms);
        }
        if let Some(event_time) = &mut self.event_time {
            event_time.clock = WatermarkClock { forwarded_ms, ..clock };
        }
        Ok(())
    }

    /// Takes the event time of every row; rows without one are rejected.
    fn timed(
        &self,
        event_time: &EventTimeColumn,
        input: &StreamBatch,
        out: &mut Output,
    ) -> OperatorResult<(StreamBatch, ArrayRef)> {
        let arranged = self.arrange(input)?;
        let (batch, times) = match (&event_time.expression, event_time.provided) {
            (Some(expression), _) => {
                let mut evaluated = expression.evaluate(arranged, out)?;
                (evaluated.batch, evaluated.columns.swap_remove(0))
            }
            (None, Some(index)) => (arranged, Arc::clone(input.records.column(index))),
            (None, None) => {
                let missing = new_null_array(&SqlType::Timestamp.arrow(), arranged.num_rows());
                (arranged, missing)
            }
        };
        let (batch, times) = self.reject_untimed(batch, times, out)?;
        let Some(index) = event_time.index else {
            return Ok((batch, times));
        };
        let mut columns = batch.records.columns().to_vec();
        columns[index] = Arc::clone(&times);
        let records = record_batch(self.schema.arrow(), columns, batch.num_rows())?;
        Ok((StreamBatch { records, ..batch }, times))
    }

    fn reject_untimed(
        &self,
        batch: StreamBatch,
        times: ArrayRef,
        out: &mut Output,
    ) -> OperatorResult<(StreamBatch, ArrayRef)> {
        if times.null_count() == 0 {
            return Ok((batch, times));
        }
        let timed = is_not_null(&times)?;
        for row in (0..batch.num_rows()).filter(|row| times.is_null(*row)) {
            out.reject(RowError {
                cause: RowErrorCause::EventTime,
                message: "the event time is missing".to_owned(),
                column: Some(SystemColumn::EventTime.name().to_owned()),
                origin: self.origins.origin(&batch.records, row),
                original: self.origins.original(&batch.records, row),
            });
        }
        Ok((batch.filter(&timed)?, arrow::compute::filter(&times, &timed)?))
    }
}

impl EventTimeColumn {
    fn of(plan: &Scan, input: &StreamSchema) -> Result<Option<Self>, CompileError> {
        let Some(event_time) = &plan.event_time else {
            return Ok(None);
        };
        let provided = input.system(SystemColumn::EventTime);
        if event_time.expression.is_none() && provided.is_none() {
            return Err(missing(SystemColumn::EventTime.name(), plan));
        }
        let name = SystemColumn::EventTime.name().to_owned();
        let compile = |expression| {
            let expressions = Expressions::new([(expression, name, SqlType::Timestamp.arrow())], &plan.schema)?;
            Ok(expressions.failing_as(RowErrorCause::EventTime))
        };
        Ok(Some(Self {
            expression: event_time.expression.as_ref().map(compile).transpose()?,
            index: plan.schema.system(SystemColumn::EventTime),
            provided,
            clock: WatermarkClock {
                out_of_orderness_ms: milliseconds(event_time.out_of_orderness),
                max_ms: i64::MIN,
                forwarded_ms: i64::MIN,
            },
        }))
    }
}

pub(crate) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn columns(plan: &Scan, input: &StreamSchema) -> Result<Vec<Origin>, CompileError> {
    let mut origins = vec![Origin::Nothing; plan.schema.arrow().fields().len()];
    for (place, index) in plan.columns.iter().enumerate() {
        // A source hands over the wanted columns alone, in the wanted order; a statement all that it has.
        let index = if matches!(plan.relation, Relation::Source(_) | Relation::Table(_)) {
            place
        } else {
            *index
        };
        if index >= input.user_columns() {
            return Err(missing(plan.schema.arrow().field(place).name(), plan));
        }
        origins[place] = Origin::Input(index);
    }
    for (column, place) in plan.schema.system_columns() {
        if *place < plan.columns.len() {
            continue;
        }
        match input.system(*column) {
            Some(index) => origins[*place] = Origin::Input(index),
            None if *column == SystemColumn::EventTime && plan.event_time.is_some() => {}
            // Records of a file have no key and no headers, which is to say that they are NULL.
            None if matches!(plan.relation, Relation::Source(_)) && *column != SystemColumn::EventTime => {}
            None => return Err(missing(column.name(), plan)),
        }
    }
    Ok(origins)
}

fn missing(column: &str, plan: &Scan) -> CompileError {
    CompileError::MissingColumn {
        column: column.to_owned(),
        from: plan.relation.name().to_owned(),
    }
}

impl Operator for ScanRows {
    fn name(&self) -> &'static str {
        "scan"
    }

    fn schema(&self) -> &StreamSchema {
        &self.schema
    }

    fn on_batch(&mut self, batch: StreamBatch, out: &mut Output) -> OperatorResult {
        let Some(event_time) = &self.event_time else {
            let arranged = self.arrange(&batch)?;
            return self.emit(arranged, out);
        };
        let (batch, times) = self.timed(event_time, &batch, out)?;
        debug_assert!(matches!(times.data_type(), DataType::Timestamp(_, _)));
        self.emit_timed(&batch, times.as_primitive::<TimestampMillisecondType>().values(), out)
    }

    fn on_watermark(&mut self, watermark_ms: i64, out: &mut Output) -> OperatorResult {
        // A scan that takes event time itself makes its own watermark.
        if self.event_time.is_none() {
            out.forward(watermark_ms);
        }
        Ok(())
    }

    fn snapshot(&mut self) -> OperatorResult<OperatorState> {
        let max_ms = self.event_time.as_ref().map(|event_time| event_time.clock.max_ms);
        Ok(OperatorState {
            shared: max_ms
                .map(|max_ms| shared_number("event_time_ms_max", max_ms))
                .transpose()?,
            ..OperatorState::default()
        })
    }

    fn restore(&mut self, state: &OperatorState, _owned: &KeyGroups) -> OperatorResult {
        let max_ms = state.shared.as_ref().and_then(read_shared_number);
        if let (Some(event_time), Some(max_ms)) = (&mut self.event_time, max_ms) {
            event_time.clock.max_ms = max_ms;
        }
        Ok(())
    }
}
