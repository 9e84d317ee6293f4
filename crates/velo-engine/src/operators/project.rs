use arrow::array::ArrayRef;
use velo_data::{RecordColumns, StreamBatch, StreamSchema, SystemColumn, record_batch};
use velo_planner::plan::{Project, WatermarkRule};

use super::watermark::{WatermarkClock, WatermarkStep, milliseconds_of, reject_untimed};
use crate::error::{CompileError, OperatorResult};
use crate::event::Output;
use crate::expression::Expressions;
use crate::keys::KeyGroups;
use crate::operator::Operator;
use crate::state::OperatorState;

/// `SELECT`: computes columns.
#[derive(Debug)]
pub(crate) struct ProjectColumns {
    expressions: Expressions,
    schema: StreamSchema,
    event_time: Option<ComputedEventTime>,
}

/// `expr AS _event_time`: the watermark of the input says nothing of these times.
#[derive(Debug)]
struct ComputedEventTime {
    /// Its index in the schema.
    index: usize,
    clock: WatermarkClock,
    /// Of the input.
    origins: RecordColumns,
}

impl ProjectColumns {
    pub(crate) fn new(plan: &Project) -> Result<Self, CompileError> {
        let (input, schema) = (plan.input.schema(), &plan.schema);
        let named = plan.expressions.iter().zip(schema.arrow().fields());
        let named = named.map(|(expression, field)| (expression, field.name().clone(), field.data_type().clone()));
        let computed = |rule: WatermarkRule| {
            Some(ComputedEventTime {
                index: schema.system(SystemColumn::EventTime)?,
                clock: WatermarkClock::new(rule, vec![WatermarkStep::EACH]),
                origins: RecordColumns::of(input),
            })
        };
        Ok(Self {
            expressions: Expressions::new(named, input)?,
            schema: schema.clone(),
            event_time: plan.watermark.and_then(computed),
        })
    }
}

impl ComputedEventTime {
    /// Hands rows on that were computed from those of `input`.
    fn pass(&mut self, input: &StreamBatch, computed: StreamBatch, out: &mut Output) -> OperatorResult {
        let times: ArrayRef = computed.records.column(self.index).clone();
        let (timed, times) = reject_untimed(computed, times, (&self.origins, &input.records), None, out)?;
        self.clock.pass(&timed, milliseconds_of(&times), out, |batch, out| {
            out.emit(batch);
            Ok(())
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
        let input = evaluated.batch;
        let computed = StreamBatch {
            records: record_batch(self.schema.arrow(), evaluated.columns, input.num_rows())?,
            kinds: input.kinds.clone(),
        };
        match &mut self.event_time {
            Some(event_time) => event_time.pass(&input, computed, out)?,
            None => out.emit(computed),
        }
        Ok(())
    }

    fn on_watermark(&mut self, watermark_ms: i64, out: &mut Output) -> OperatorResult {
        match &mut self.event_time {
            Some(event_time) => event_time.clock.on_watermark(out),
            None => out.forward(watermark_ms),
        }
        Ok(())
    }

    fn snapshot(&mut self) -> OperatorResult<OperatorState> {
        let event_time = self.event_time.as_ref();
        event_time.map_or_else(
            || Ok(OperatorState::default()),
            |event_time| event_time.clock.snapshot(),
        )
    }

    fn restore(&mut self, state: &OperatorState, _owned: &KeyGroups) -> OperatorResult {
        if let Some(event_time) = &mut self.event_time {
            event_time.clock.restore(state);
        }
        Ok(())
    }
}
