use std::collections::{HashMap, VecDeque};

use velo_planner::physical::OperatorId;

use velo_state::OperatorState;

use crate::error::OperatorResult;
use crate::event::{Event, Output};
use crate::keys::KeyGroups;
use crate::operator::Operator;

/// Operators fused into one: what one emits, the next takes in at once, without a channel.
#[derive(Default)]
pub struct Chain {
    operators: Vec<Waiting>,
    /// The last operator that wants no more input.
    done: Option<usize>,
}

/// An operator, and what it has yet to take in.
struct Waiting {
    /// What its state is kept under.
    id: OperatorId,
    operator: Box<dyn Operator>,
    events: VecDeque<Event>,
    /// Whether it has more to put out of the last event.
    has_more: bool,
    /// What follows the last event once all of it is out.
    following: Option<Event>,
}

impl Waiting {
    fn has_work(&self) -> bool {
        self.has_more || !self.events.is_empty()
    }
}

/// Whether there is more to come of what was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Everything is out.
    Done,
    /// The output has all the rows that it may hold: [`Chain::resume`] goes on once it was taken.
    More,
}

/// Rows after which a chain stops for what it has put out to be taken.
const OUTPUT_ROWS: usize = 32_768;

impl Chain {
    /// Operators in the order in which rows pass them.
    pub fn new(operators: Vec<(OperatorId, Box<dyn Operator>)>) -> Self {
        let operators = operators.into_iter().map(|(id, operator)| Waiting {
            id,
            operator,
            events: VecDeque::new(),
            has_more: false,
            following: None,
        });
        Self {
            operators: operators.collect(),
            done: None,
        }
    }

    /// Number of operators.
    pub fn len(&self) -> usize {
        self.operators.len()
    }

    /// Whether events pass through unchanged.
    pub fn is_empty(&self) -> bool {
        self.operators.is_empty()
    }

    /// Passes an event through all operators; what comes out of the last one is in `out`.
    ///
    /// # Errors
    ///
    /// When an operator cannot go on.
    pub fn push(&mut self, event: Event, out: &mut Output) -> OperatorResult<Progress> {
        self.hand_on(0, event, out);
        self.resume(out)
    }

    /// Goes on with what has been taken in, until it is through or `out` is full.
    ///
    /// # Errors
    ///
    /// When an operator cannot go on.
    pub fn resume(&mut self, out: &mut Output) -> OperatorResult<Progress> {
        // The last one first, so that what is on its way stays little.
        while let Some(index) = self.operators.iter().rposition(Waiting::has_work) {
            if out.rows() >= OUTPUT_ROWS {
                return Ok(Progress::More);
            }
            self.step(index, out)?;
        }
        Ok(Progress::Done)
    }

    /// Whether an operator wants no more input: only [`Event::End`] still has an effect.
    pub fn is_done(&self) -> bool {
        self.done.is_some()
    }

    /// The state of every operator that has any. Whatever was taken in has to be through ([`Progress::Done`]).
    ///
    /// # Errors
    ///
    /// When state has no Arrow form.
    pub fn snapshot(&mut self) -> OperatorResult<Vec<(OperatorId, OperatorState)>> {
        let states = self.operators.iter_mut().map(|waiting| {
            let state = waiting.operator.snapshot()?;
            Ok((!state.is_empty()).then_some((waiting.id, state)))
        });
        states.filter_map(Result::transpose).collect()
    }

    /// Each operator takes over the `owned` key groups of its state. Called before any event; an operator without state begins
    /// without.
    ///
    /// # Errors
    ///
    /// When a state does not fit its operator.
    pub fn restore(&mut self, states: &HashMap<OperatorId, OperatorState>, owned: &KeyGroups) -> OperatorResult {
        let operators = self.operators.iter_mut();
        let mut known = operators.filter_map(|waiting| Some((states.get(&waiting.id)?, waiting)));
        known.try_for_each(|(state, waiting)| waiting.operator.restore(state, owned))
    }

    /// Gives an event to the operator of this index, or puts it out behind the last one.
    fn hand_on(&mut self, index: usize, event: Event, out: &mut Output) {
        match self.done.filter(|done| index <= *done) {
            Some(done) if matches!(event, Event::End) => self.hand_on(done + 1, event, out),
            Some(_) => {}
            None => match self.operators.get_mut(index) {
                Some(waiting) => waiting.events.push_back(event),
                None => out.push(event),
            },
        }
    }

    /// Lets an operator go on with its last event, or take in the next one.
    fn step(&mut self, index: usize, out: &mut Output) -> OperatorResult {
        let Some(waiting) = self.operators.get_mut(index) else {
            return Ok(());
        };
        let operator = &mut waiting.operator;
        let mut produced = Output::default();
        if waiting.has_more {
            operator.resume(&mut produced)?;
        } else {
            match waiting.events.pop_front() {
                Some(Event::Batch(batch)) => operator.on_batch(batch, &mut produced)?,
                Some(Event::Watermark(watermark_ms)) => operator.on_watermark(watermark_ms, &mut produced)?,
                Some(Event::End) => {
                    operator.on_end(&mut produced)?;
                    waiting.following = Some(Event::End);
                }
                other => waiting.following = other,
            }
        }
        waiting.has_more = produced.has_more();
        let following = if waiting.has_more {
            None
        } else {
            waiting.following.take()
        };
        out.absorb_accounts(&mut produced);
        for event in produced.take_events().into_iter().chain(following) {
            self.hand_on(index + 1, event, out);
        }
        if produced.is_done() {
            self.finish(index, out);
        }
        Ok(())
    }

    /// Lets go of what this operator and those before it have yet to take in, but for the end.
    fn finish(&mut self, index: usize, out: &mut Output) {
        let mut has_ended = false;
        for waiting in &mut self.operators[..=index] {
            waiting.has_more = false;
            let left = waiting.events.drain(..).chain(waiting.following.take());
            has_ended |= left.into_iter().any(|event| matches!(event, Event::End));
        }
        self.done = self.done.max(Some(index));
        if has_ended {
            self.hand_on(index + 1, Event::End, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, RecordBatch};
    use velo_data::{SqlType, StreamBatch, StreamSchema};

    use super::*;

    /// Gives `batches` batches of `rows` rows at the end of its input, one whenever there is room.
    struct Flood {
        schema: StreamSchema,
        batches: usize,
        rows: usize,
    }

    impl Operator for Flood {
        fn name(&self) -> &'static str {
            "flood"
        }

        fn schema(&self) -> &StreamSchema {
            &self.schema
        }

        fn on_batch(&mut self, batch: StreamBatch, out: &mut Output) -> OperatorResult {
            out.emit(batch);
            Ok(())
        }

        fn on_end(&mut self, out: &mut Output) -> OperatorResult {
            self.resume(out)
        }

        fn resume(&mut self, out: &mut Output) -> OperatorResult {
            self.batches -= 1;
            if self.batches > 0 {
                out.hold_more();
            }
            let numbers = Arc::new(Int64Array::from_value(1, self.rows));
            let records = RecordBatch::try_new(Arc::clone(self.schema.arrow()), vec![numbers])?;
            out.emit(StreamBatch::inserts(records));
            Ok(())
        }
    }

    #[test]
    fn what_comes_out_at_once_is_taken_bit_by_bit() {
        let schema = StreamSchema::of_user_columns([SqlType::BigInt.field("n", true)]);
        let flood = |batches| -> (OperatorId, Box<dyn Operator>) {
            let flood = Flood {
                schema: schema.clone(),
                batches,
                rows: OUTPUT_ROWS / 2,
            };
            (OperatorId::default(), Box::new(flood))
        };
        // Each of the three batches of the first passes the second before the end does, which adds two of its own.
        let mut chain = Chain::new(vec![flood(3), flood(2)]);
        let mut out = Output::default();
        let mut progress = chain.push(Event::End, &mut out).unwrap();
        let mut taken = Vec::new();
        loop {
            let events = out.take_events();
            taken.push(events.iter().map(Event::rows).sum::<usize>());
            if progress == Progress::Done {
                assert!(matches!(events.last(), Some(Event::End)), "the end follows everything");
                break;
            }
            progress = chain.resume(&mut out).unwrap();
        }
        assert_eq!(taken, [OUTPUT_ROWS, OUTPUT_ROWS, OUTPUT_ROWS / 2]);
    }
}
