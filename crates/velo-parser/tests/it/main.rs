//! The parser from the outside: text in; trees, canonical SQL and rendered errors out.
#![expect(
    clippy::panic,
    clippy::expect_used,
    reason = "helpers of tests fail by panicking, like tests"
)]

mod cases;
mod compact;
mod forms;
mod generate;
mod limits;
mod properties;
mod script;
mod spans;
