#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests may fail loudly")]
//! What functions, operators and casts give, through the public interface.

mod aggregates;
mod arithmetic;
mod casts;
mod comparisons;
mod reference;
mod scalars;
mod support;
