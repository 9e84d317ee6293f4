//! Circuit breakers: endpoints that keep failing are left alone for a while.

mod circuit;
mod config;
mod endpoints;

pub use circuit::{CallOutcome, CallPermit, CircuitBreaker, CircuitOpen, CircuitState};
pub use config::CircuitBreakerConfig;
pub(crate) use endpoints::{EndpointBreakers, EndpointOpen, EndpointPermits};
