use crate::error::OperatorResult;
use crate::event::{Event, Output};
use crate::keys::KeyGroups;
use crate::operator::Operator;
use crate::state::OperatorState;

/// Operators fused into one: what one emits, the next takes in at once, without a channel.
#[derive(Default)]
pub struct Chain {
    operators: Vec<Box<dyn Operator>>,
    /// The last operator that wants no more input.
    done: Option<usize>,
}

impl Chain {
    /// Operators in the order in which rows pass them.
    pub fn new(operators: Vec<Box<dyn Operator>>) -> Self {
        Self { operators, done: None }
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
    pub fn push(&mut self, event: Event, out: &mut Output) -> OperatorResult {
        self.push_from(0, event, out)
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
        self.operators.iter_mut().map(|operator| operator.snapshot()).collect()
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
            .try_for_each(|(operator, state)| operator.restore(state, owned))
    }

    fn push_from(&mut self, index: usize, event: Event, out: &mut Output) -> OperatorResult {
        if let Some(done) = self.done.filter(|done| index <= *done) {
            return match event {
                Event::End => self.push_from(done + 1, Event::End, out),
                _ => Ok(()),
            };
        }
        let Some(operator) = self.operators.get_mut(index) else {
            out.push(event);
            return Ok(());
        };
        let mut produced = Output::default();
        let mut following = None;
        match event {
            Event::Batch(batch) => operator.on_batch(batch, &mut produced)?,
            Event::Watermark(watermark_ms) => operator.on_watermark(watermark_ms, &mut produced)?,
            Event::Barrier(_) => following = Some(event),
            Event::End => {
                operator.on_end(&mut produced)?;
                following = Some(event);
            }
        }
        out.absorb_accounts(&mut produced);
        for event in produced.take_events().into_iter().chain(following) {
            self.push_from(index + 1, event, out)?;
        }
        if produced.is_done() {
            self.done = self.done.max(Some(index));
        }
        Ok(())
    }
}
