use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, new_null_array};
use velo_data::{RecordColumns, RowErrorCause, SqlType, StreamBatch, StreamSchema, SystemColumn, record_batch};
use velo_functions::failing_event_time;
use velo_planner::plan::{Relation, Scan};
use velo_state::OperatorState;

use super::watermark::{WatermarkClock, WatermarkStep, milliseconds_of, reject_untimed};
use crate::error::{CompileError, OperatorResult};
use crate::event::Output;
use crate::expression::{Expressions, Predicate};
use crate::keys::KeyGroups;
use crate::operator::Operator;

/// Reads one partition of a relation: brings the columns into the plan's order, takes event time, derives the
/// watermark, and filters.
pub(crate) struct ScanRows {
    columns: Vec<Origin>,
    event_time: Option<EventTimeColumn>,
    predicate: Predicate,
    origins: RecordColumns,
    schema: StreamSchema,
    clock: Option<WatermarkClock>,
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
    /// The expression in a form that fails where there is no time, for the reason.
    failing: Option<Expressions>,
    /// Its index in the scan's schema; none when only the watermark is wanted.
    index: Option<usize>,
    /// Where the relation's own event time stands in the input.
    provided: Option<usize>,
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
            clock: plan
                .event_time
                .as_ref()
                .map(|event_time| WatermarkClock::new(event_time.watermark, steps)),
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
        let arranged = batch.records.clone();
        let reasons = event_time.failing.as_ref();
        let (batch, times) = reject_untimed(batch, times, (&self.origins, &arranged), reasons, out)?;
        let Some(index) = event_time.index else {
            return Ok((batch, times));
        };
        let mut columns = batch.records.columns().to_vec();
        columns[index] = Arc::clone(&times);
        let records = record_batch(self.schema.arrow(), columns, batch.num_rows())?;
        Ok((StreamBatch { records, ..batch }, times))
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
        let failing = event_time.expression.clone().and_then(failing_event_time);
        let compile = |expression| {
            let name = name.clone();
            let expressions = Expressions::new([(expression, name, SqlType::Timestamp.arrow())], &plan.schema)?;
            Ok(expressions.failing_as(RowErrorCause::EventTime))
        };
        Ok(Some(Self {
            expression: event_time.expression.as_ref().map(compile).transpose()?,
            failing: failing.as_ref().map(compile).transpose()?,
            index: plan.schema.system(SystemColumn::EventTime),
            provided,
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
        let emit = |batch: StreamBatch, predicate: &Predicate, out: &mut Output| {
            let passed = predicate.filter(batch, out)?;
            out.emit(passed);
            Ok(())
        };
        let Some(event_time) = &self.event_time else {
            let arranged = self.arrange(&batch)?;
            return emit(arranged, &self.predicate, out);
        };
        let (batch, times) = self.timed(event_time, &batch, out)?;
        let Some(clock) = &mut self.clock else {
            return emit(batch, &self.predicate, out);
        };
        clock.pass(&batch, milliseconds_of(&times), out, |batch, out| {
            emit(batch, &self.predicate, out)
        })
    }

    fn on_watermark(&mut self, watermark_ms: i64, out: &mut Output) -> OperatorResult {
        // A scan that takes event time itself makes its own watermark.
        match &mut self.clock {
            Some(clock) => clock.on_watermark(out),
            None => out.forward(watermark_ms),
        }
        Ok(())
    }

    fn snapshot(&mut self) -> OperatorResult<OperatorState> {
        self.clock
            .as_ref()
            .map_or_else(|| Ok(OperatorState::default()), WatermarkClock::snapshot)
    }

    fn restore(&mut self, state: &OperatorState, _owned: &KeyGroups) -> OperatorResult {
        if let Some(clock) = &mut self.clock {
            clock.restore(state);
        }
        Ok(())
    }
}
