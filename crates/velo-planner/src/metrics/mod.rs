//! Metrics that annotations ask for: `@metric` and the `@metric_…` below it.
//!
//! [`metrics_of`] reads them, before any column is known; [`check_output`] compares them with what a statement puts
//! out. This version records none, which is said where each is asked for.

mod output;
mod read;
mod values;

pub(crate) use output::check_output;
pub(crate) use read::metrics_of;

use velo_common::Span;
use velo_parser::ast::{Expr, Spanned};

/// What a metric does with the values that it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MetricKind {
    /// Counts rows, or adds up a column.
    Counter,
    /// Shows the latest value of a column.
    Gauge,
    /// Counts the values of a column by size.
    Histogram,
}

impl MetricKind {
    const ALL: [(&'static str, Self); 3] = [
        ("counter", Self::Counter),
        ("gauge", Self::Gauge),
        ("histogram", Self::Histogram),
    ];
}

/// A metric as its annotations describe it. What is wrong with them has been reported and left out.
#[derive(Debug)]
pub(crate) struct MetricOutline {
    pub(crate) name: Spanned<String>,
    /// Columns whose values become labels.
    labels: Vec<Spanned<String>>,
    /// The column whose values are recorded.
    field: Option<Spanned<String>>,
    condition: Option<Condition>,
}

/// Which rows count.
#[derive(Debug)]
struct Condition {
    expr: Expr,
    /// Where its text stands; spans within `expr` count from there.
    span: Span,
}
