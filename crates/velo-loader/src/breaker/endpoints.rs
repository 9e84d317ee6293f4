use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::{CallOutcome, CallPermit, CircuitBreaker, CircuitBreakerConfig, CircuitOpen};

/// A circuit breaker for each endpoint that tables are loaded from.
#[derive(Debug)]
pub(crate) struct EndpointBreakers {
    config: CircuitBreakerConfig,
    breakers: Mutex<HashMap<String, CircuitBreaker>>,
}

/// Leave to call every endpoint of a table.
#[derive(Debug, Default)]
pub(crate) struct EndpointPermits {
    permits: Vec<(String, CallPermit)>,
}

/// An endpoint is to be left alone.
#[derive(Debug)]
pub(crate) struct EndpointOpen {
    pub(crate) endpoint: String,
    pub(crate) circuit: CircuitOpen,
}

impl EndpointBreakers {
    pub(crate) fn new(config: CircuitBreakerConfig) -> Self {
        Self {
            config,
            breakers: Mutex::default(),
        }
    }

    /// Asks leave to call all of a table's endpoints: all or none.
    pub(crate) fn try_acquire(&self, endpoints: Vec<String>, now: Instant) -> Result<EndpointPermits, EndpointOpen> {
        let mut granted = EndpointPermits::default();
        if endpoints.is_empty() {
            return Ok(granted);
        }
        let mut breakers = self.lock();
        for endpoint in endpoints {
            let breaker = breakers
                .entry(endpoint.clone())
                .or_insert_with(|| CircuitBreaker::new(self.config.clone()));
            match breaker.try_acquire(now) {
                Ok(permit) => granted.permits.push((endpoint, permit)),
                Err(circuit) => {
                    record_each(&mut breakers, granted, now, |_| CallOutcome::Inconclusive);
                    return Err(EndpointOpen { endpoint, circuit });
                }
            }
        }
        Ok(granted)
    }

    /// Learns how a table's calls ended: `outcome` tells it for each endpoint.
    pub(crate) fn record(&self, permits: EndpointPermits, now: Instant, outcome: impl Fn(&str) -> CallOutcome) {
        if !permits.permits.is_empty() {
            record_each(&mut self.lock(), permits, now, outcome);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, CircuitBreaker>> {
        self.breakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn record_each(
    breakers: &mut HashMap<String, CircuitBreaker>,
    permits: EndpointPermits,
    now: Instant,
    outcome: impl Fn(&str) -> CallOutcome,
) {
    for (endpoint, permit) in permits.permits {
        let outcome = outcome(&endpoint);
        if let Some(breaker) = breakers.get_mut(&endpoint) {
            breaker.record(permit, outcome, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn names(endpoints: &[&str]) -> Vec<String> {
        endpoints.iter().map(|endpoint| (*endpoint).to_owned()).collect()
    }

    /// Opens the circuit of an endpoint.
    fn open(breakers: &EndpointBreakers, endpoint: &str, now: Instant) {
        let permits = breakers.try_acquire(names(&[endpoint]), now).unwrap();
        breakers.record(permits, now, |_| CallOutcome::Failure);
    }

    #[test]
    fn a_table_of_two_endpoints_calls_both_or_none() {
        let breakers = EndpointBreakers::new(CircuitBreakerConfig {
            min_calls: 1,
            ..CircuitBreakerConfig::default()
        });
        let start = Instant::now();
        let later = start + Duration::from_secs(30);
        open(&breakers, "first", start);
        open(&breakers, "second", start + Duration::from_secs(10));
        // The first might be tried by now, the second not yet.
        let refusal = breakers.try_acquire(names(&["first", "second"]), later).unwrap_err();
        assert_eq!(refusal.endpoint, "second");
        breakers
            .try_acquire(names(&["first"]), later)
            .expect("nobody is trying it");
    }

    #[test]
    fn each_endpoint_is_judged_by_itself() {
        let breakers = EndpointBreakers::new(CircuitBreakerConfig {
            min_calls: 1,
            ..CircuitBreakerConfig::default()
        });
        let now = Instant::now();
        let permits = breakers.try_acquire(names(&["good", "bad"]), now).unwrap();
        breakers.record(permits, now, |endpoint| match endpoint {
            "bad" => CallOutcome::Failure,
            _ => CallOutcome::Inconclusive,
        });
        assert!(breakers.try_acquire(names(&["good"]), now).is_ok());
        assert!(breakers.try_acquire(names(&["bad"]), now).is_err());
    }
}
