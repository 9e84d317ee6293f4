//! Scalar and aggregate functions of the dialect on Arrow: names, synonyms, type rules and kernels.

pub mod arithmetic;
mod kernel;

pub use arithmetic::{ArithmeticOperator, take_zero_divisions};
