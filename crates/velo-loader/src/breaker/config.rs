use std::time::Duration;

use crate::LoadingConfigError;

/// When an endpoint that keeps failing is left alone, and for how long.
#[derive(Debug, Clone, PartialEq)]
pub struct CircuitBreakerConfig {
    /// Share of calls that fail at which the endpoint is left alone; 0.5.
    pub failure_rate: f64,
    /// Calls within the window below which the share says nothing; 5.
    pub min_calls: u32,
    /// How far back calls count; 60 s.
    pub window: Duration,
    /// How long the endpoint is left alone before one call tries it again; 30 s.
    pub open_duration: Duration,
}

impl Default for CircuitBreakerConfig {
    fn default() -> Self {
        Self {
            failure_rate: 0.5,
            min_calls: 5,
            window: Duration::from_mins(1),
            open_duration: Duration::from_secs(30),
        }
    }
}

impl CircuitBreakerConfig {
    pub(crate) fn validate(&self) -> Result<(), LoadingConfigError> {
        if !(self.failure_rate > 0.0 && self.failure_rate <= 1.0) {
            return Err(LoadingConfigError::NotAShare {
                setting: "share of failed calls that opens a circuit",
                value: self.failure_rate,
            });
        }
        if self.min_calls == 0 {
            return Err(LoadingConfigError::Zero {
                setting: "least number of calls that opens a circuit",
            });
        }
        if self.window.is_zero() {
            return Err(LoadingConfigError::Zero {
                setting: "window over the calls of a circuit",
            });
        }
        Ok(())
    }
}
