use std::collections::VecDeque;

use crate::error::OperatorResult;
use crate::event::{Event, Output};
use crate::keys::KeyGroups;
use crate::operator::Operator;
use crate::state::OperatorState;

/// Operators fused into one: what one emits, the next takes in at once, without a channel.
#[derive(Default)]
pub struct Chain {
    operators: Vec<Waiting>,
    /// The last operator that wants no more input.
    done: Option<usize>,
}

/// An operator, and what it has yet to take in.
struct Waiting {
    operator: Box<dyn Operator>,
    events: VecDeque<Event>,
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
    pub fn new(operators: Vec<Box<dyn Operator>>) -> Self {
        let operators = operators.into_iter().map(|operator| Waiting {
            operator,
            events: VecDeque::new(),
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
        while let Some(index) = self.operators.iter().rposition(|waiting| !waiting.events.is_empty()) {
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

    /// The state of every operator, in order.
    ///
    /// # Errors
    ///
    /// When state has no Arrow form.
    pub fn snapshot(&mut self) -> OperatorResult<Vec<OperatorState>> {
        let operators = self.operators.iter_mut();
        operators.map(|waiting| waiting.operator.snapshot()).collect()
    }

    /// Takes over the `owned` key groups of the state of every operator. Called before any event.
    ///
    /// # Errors
    ///
    /// When the states belong to other operators.
    pub fn restore(&mut self, states: &[OperatorState], owned: &KeyGroups) -> OperatorResult {
        let operators = self.operators.iter_mut().zip(states);
        operators
            .into_iter()
            .try_for_each(|(waiting, state)| waiting.operator.restore(state, owned))
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

    /// Lets an operator take in one event.
    fn step(&mut self, index: usize, out: &mut Output) -> OperatorResult {
        let Some(Waiting { operator, events }) = self.operators.get_mut(index) else {
            return Ok(());
        };
        let Some(event) = events.pop_front() else {
            return Ok(());
        };
        let mut produced = Output::default();
        let mut following = None;
        match event {
            Event::Batch(batch) => operator.on_batch(batch, &mut produced)?,
            Event::Watermark(watermark_ms) => operator.on_watermark(watermark_ms, &mut produced)?,
            Event::Idle | Event::Barrier(_) => following = Some(event),
            Event::End => {
                operator.on_end(&mut produced)?;
                following = Some(event);
            }
        }
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
        let waiting = &mut self.operators[..=index];
        let has_ended = waiting
            .iter_mut()
            .flat_map(|waiting| waiting.events.drain(..))
            .any(|event| matches!(event, Event::End));
        self.done = self.done.max(Some(index));
        if has_ended {
            self.hand_on(index + 1, Event::End, out);
        }
    }
}
