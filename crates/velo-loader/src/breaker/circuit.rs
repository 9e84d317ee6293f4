use std::collections::VecDeque;
use std::time::Instant;

use crate::CircuitBreakerConfig;
use crate::deadline::after;

/// Leaves an endpoint alone when too many calls to it fail.
///
/// *Closed*, calls pass and their outcomes are counted over a sliding window. When the share of failures reaches its
/// bound the circuit is *open*: calls are refused at once. After a while it is *half open*: one call may try, and its
/// outcome closes the circuit or opens it again.
///
/// Time is what the caller says it is.
///
/// ```
/// use std::time::{Duration, Instant};
/// use velo_loader::{CallOutcome, CircuitBreaker, CircuitBreakerConfig, CircuitState};
///
/// let config = CircuitBreakerConfig { min_calls: 1, ..CircuitBreakerConfig::default() };
/// let mut breaker = CircuitBreaker::new(config);
/// let start = Instant::now();
/// let call = breaker.try_acquire(start)?;
/// breaker.record(call, CallOutcome::Failure, start);
/// assert_eq!(breaker.state(start), CircuitState::Open);
/// assert!(breaker.try_acquire(start).is_err());
///
/// let later = start + Duration::from_secs(30);
/// let probe = breaker.try_acquire(later)?;
/// breaker.record(probe, CallOutcome::Success, later);
/// assert_eq!(breaker.state(later), CircuitState::Closed);
/// # Ok::<(), velo_loader::CircuitOpen>(())
/// ```
#[derive(Debug)]
pub struct CircuitBreaker {
    config: CircuitBreakerConfig,
    calls: CallWindow,
    phase: Phase,
    /// Grows with each change of phase, so that the outcome of a call counts in the phase that let it pass alone.
    generation: u64,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Closed,
    Open { until: Instant },
    Probing,
}

/// What a circuit does with the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CircuitState {
    /// Lets it pass.
    Closed,
    /// Refuses it.
    Open,
    /// Lets one pass to try.
    HalfOpen,
}

/// Leave to make one call; its outcome has to be recorded.
#[derive(Debug)]
#[must_use = "a call whose outcome is never recorded may hold back all others"]
pub struct CallPermit {
    generation: u64,
}

/// How a call ended, as far as it says something about the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallOutcome {
    /// It answered; that it said no is an answer too.
    Success,
    /// It did not answer, or said that it cannot at the moment.
    Failure,
    /// The call was given up for reasons of its own.
    Inconclusive,
}

/// A call is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("left alone for now, after {failures} of {calls} calls failed")]
pub struct CircuitOpen {
    /// Calls that failed when the circuit opened.
    pub failures: u32,
    /// Calls that were counted then.
    pub calls: u32,
    /// When a call may try again; `None` while one is trying.
    pub retry_at: Option<Instant>,
}

impl CircuitBreaker {
    /// A closed circuit.
    pub fn new(config: CircuitBreakerConfig) -> Self {
        Self {
            config,
            calls: CallWindow::default(),
            phase: Phase::Closed,
            generation: 0,
        }
    }

    /// What would happen to a call now.
    pub fn state(&self, now: Instant) -> CircuitState {
        match self.phase {
            Phase::Closed => CircuitState::Closed,
            Phase::Open { until } if now < until => CircuitState::Open,
            Phase::Open { .. } | Phase::Probing => CircuitState::HalfOpen,
        }
    }

    /// Asks leave to call.
    ///
    /// # Errors
    ///
    /// When the endpoint is to be left alone.
    pub fn try_acquire(&mut self, now: Instant) -> Result<CallPermit, CircuitOpen> {
        match self.phase {
            Phase::Closed => {}
            Phase::Open { until } if now < until => return Err(self.refusal(Some(until))),
            Phase::Open { .. } => self.enter(Phase::Probing),
            Phase::Probing => return Err(self.refusal(None)),
        }
        Ok(CallPermit {
            generation: self.generation,
        })
    }

    /// Learns how a call ended.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a permit is used up by the one call that it allows"
    )]
    pub fn record(&mut self, permit: CallPermit, outcome: CallOutcome, now: Instant) {
        if permit.generation != self.generation {
            return;
        }
        match (self.phase, outcome) {
            (Phase::Closed, CallOutcome::Success | CallOutcome::Failure) => {
                self.count(outcome == CallOutcome::Failure, now);
            }
            (Phase::Probing, CallOutcome::Success) => {
                self.calls = CallWindow::default();
                self.enter(Phase::Closed);
            }
            (Phase::Probing, CallOutcome::Failure) => self.open(now),
            // The next one may try at once.
            (Phase::Probing, CallOutcome::Inconclusive) => self.enter(Phase::Open { until: now }),
            (Phase::Closed, CallOutcome::Inconclusive) | (Phase::Open { .. }, _) => {}
        }
    }

    fn count(&mut self, failed: bool, now: Instant) {
        self.calls.forget_before(now.checked_sub(self.config.window));
        self.calls.push(now, failed);
        let enough = self.calls.len() >= self.config.min_calls;
        if failed && enough && self.calls.failure_rate() >= self.config.failure_rate {
            self.open(now);
        }
    }

    fn open(&mut self, now: Instant) {
        self.enter(Phase::Open {
            until: after(now.into(), self.config.open_duration).into_std(),
        });
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.generation += 1;
    }

    fn refusal(&self, retry_at: Option<Instant>) -> CircuitOpen {
        CircuitOpen {
            failures: self.calls.failures,
            calls: self.calls.len(),
            retry_at,
        }
    }
}

/// Outcomes of calls, oldest first.
#[derive(Debug, Default)]
struct CallWindow {
    calls: VecDeque<(Instant, bool)>,
    failures: u32,
}

impl CallWindow {
    fn push(&mut self, at: Instant, failed: bool) {
        self.calls.push_back((at, failed));
        self.failures += u32::from(failed);
    }

    fn forget_before(&mut self, oldest: Option<Instant>) {
        let Some(oldest) = oldest else { return };
        while let Some((_, failed)) = self.calls.pop_front_if(|(at, _)| *at < oldest) {
            self.failures -= u32::from(failed);
        }
    }

    fn len(&self) -> u32 {
        self.calls.len() as u32
    }

    fn failure_rate(&self) -> f64 {
        f64::from(self.failures) / f64::from(self.len().max(1))
    }
}
