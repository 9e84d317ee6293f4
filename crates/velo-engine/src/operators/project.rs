use arrow::array::{ArrayRef, UInt32Array};
use datafusion_expr::Expr;
use velo_data::{ChangelogMode, RecordColumns, StreamBatch, StreamSchema, SystemColumn, record_batch};
use velo_planner::plan::{Project, WatermarkRule};
use velo_state::OperatorState;

use super::changing::{Computed, Sent, SentRows, changed_rows};
use super::watermark::{WatermarkClock, WatermarkStep, milliseconds_of, reject_untimed};
use crate::error::{CompileError, OperatorResult};
use crate::event::Output;
use crate::expression::Expressions;
use crate::keys::KeyGroups;
use crate::operator::Operator;

/// `SELECT`: computes columns.
#[derive(Debug)]
pub(crate) struct ProjectColumns {
    expressions: Expressions,
    schema: StreamSchema,
    event_time: Option<ComputedEventTime>,
    mode: ChangelogMode,
    /// What was computed, where that may come out otherwise when a row is taken back.
    sent: Option<SentRows>,
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
        let mode = plan.input.mode();
        let forgets = mode == ChangelogMode::Retract && plan.expressions.iter().any(Expr::is_volatile);
        Ok(Self {
            sent: forgets.then(|| SentRows::new("project", input, schema)).transpose()?,
            mode,
            expressions: Expressions::new(named, input)?,
            schema: schema.clone(),
            event_time: plan.watermark.and_then(computed),
        })
    }

    /// The rows of the input on which no expression fails, each with what is computed of it.
    fn evaluate(&self, batch: StreamBatch, out: &mut Output) -> OperatorResult<(StreamBatch, StreamBatch)> {
        let evaluated = self.expressions.evaluate(batch, out)?;
        let input = evaluated.batch;
        let computed = StreamBatch {
            records: record_batch(self.schema.arrow(), evaluated.columns, input.num_rows())?,
            kinds: input.kinds.clone(),
        };
        if self.mode != ChangelogMode::Retract {
            return Ok((input, computed));
        }
        Ok(match changed_rows(&computed)? {
            Some(changed) => (input.filter(&changed)?, computed.filter(&changed)?),
            None => (input, computed),
        })
    }
}

/// The columns of rows, and which of the rows have not failed.
fn computed(
    expressions: &Expressions,
    schema: &StreamSchema,
    batch: StreamBatch,
    out: &mut Output,
) -> OperatorResult<Computed> {
    let evaluated = expressions.evaluate(batch, out)?;
    let rows = evaluated.batch.num_rows();
    Ok(Computed {
        records: record_batch(schema.arrow(), evaluated.columns, rows)?,
        inputs: match evaluated.kept {
            Some(kept) => kept.set_indices_u32().collect(),
            None => (0..rows as u32).collect(),
        },
    })
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
        let (input, computed) = match &mut self.sent {
            Some(sent) => {
                let compute = |batch, out: &mut Output| computed(&self.expressions, &self.schema, batch, out);
                let Sent {
                    batch: computed,
                    inputs,
                } = sent.pass(&batch, out, compute)?;
                (batch.take(&UInt32Array::from(inputs))?, computed)
            }
            None => self.evaluate(batch, out)?,
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
        let mut state = match &self.event_time {
            Some(event_time) => event_time.clock.snapshot()?,
            None => OperatorState::default(),
        };
        if let Some(sent) = &self.sent {
            sent.snapshot(&mut state)?;
        }
        Ok(state)
    }

    fn restore(&mut self, state: &OperatorState, _owned: &KeyGroups) -> OperatorResult {
        if let Some(event_time) = &mut self.event_time {
            event_time.clock.restore(state);
        }
        self.sent.as_mut().map_or(Ok(()), |sent| sent.restore(state))
    }
}
