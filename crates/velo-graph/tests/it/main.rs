//! What the graph answers, through its public interface.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod drawings;
mod errors;
mod large;
mod laws;
mod order;
mod selections;
mod support;
