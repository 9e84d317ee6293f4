//! Aggregate functions: names, type rules, and which of them run on DataFusion's accumulators.

mod kind;
mod resolve;

pub use kind::{AggregateFunction, AggregateKind, aggregate, aggregate_functions};
pub use resolve::{ResolvedAggregate, resolve_aggregate};

/// Functions that only mean something with OVER.
pub const WINDOW_FUNCTIONS: &[&str] = &[
    "LAG",
    "LEAD",
    "ROW_NUMBER",
    "RANK",
    "DENSE_RANK",
    "PERCENT_RANK",
    "CUME_DIST",
    "NTILE",
    "NTH_VALUE",
];

/// Whether the function needs an OVER clause.
pub fn is_window_function(name: &str) -> bool {
    WINDOW_FUNCTIONS.iter().any(|window| name.eq_ignore_ascii_case(window))
}

/// Every name and synonym.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    aggregate_functions().flat_map(|function| std::iter::once(function.name).chain(function.synonyms.iter().copied()))
}
