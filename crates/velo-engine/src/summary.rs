use std::collections::BTreeMap;
use std::time::Duration;

use velo_data::{RowError, RowErrorCause, UnknownMembers};
use velo_datasources::SinkSummary;

/// What a job has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSummary {
    /// Each statement, in the order of the job.
    pub statements: Vec<StatementSummary>,
    /// Whether it was cancelled before its sources had ended.
    pub interrupted: bool,
    /// How long it ran.
    pub elapsed: Duration,
}

/// What a statement has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementSummary {
    /// Its name.
    pub name: String,
    /// Rows read, rejected ones included.
    pub rows_in: u64,
    /// Rows that came out.
    pub rows_out: u64,
    /// Rows given up, by cause.
    pub errors: BTreeMap<RowErrorCause, RejectedRows>,
    /// Rows that came after their window was closed; also among `errors`.
    pub late: Option<LateSummary>,
    /// Divisions by zero, which gave NULL.
    pub zero_divisions: u64,
    /// Values that no column was for.
    pub unknown: UnknownMembers,
    /// What its sinks have done, added up.
    pub sinks: SinkSummary,
}

/// Rows given up for one cause.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RejectedRows {
    /// How many.
    pub rows: u64,
    /// The first few.
    pub samples: Vec<RowError>,
}

/// Rows that came after their window was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LateSummary {
    /// How many.
    pub rows: u64,
    /// An allowed out-of-orderness under which none of them would have been late.
    pub sufficient_out_of_orderness: Duration,
}
