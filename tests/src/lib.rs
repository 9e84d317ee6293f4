//! What tests of several crates share: choices that come from a seed, and rows of files as they are compared.
//!
//! What holds for the workspace as a whole is in `tests/it`, and the end-to-end cases are in `cases/`: `velo-cli`'s tests run them by
//! the binary that they have at hand, those of this crate within the process.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

pub mod random;
pub mod rows;
