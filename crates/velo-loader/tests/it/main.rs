//! Loads as their callers see them. Time stands still unless a test says otherwise.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod breaker;
mod cancelling;
mod failing;
mod program_graph;
mod progress;
mod properties;
mod registry;
mod scheduling;
mod support;
