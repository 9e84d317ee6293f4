use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use velo_common::format_duration;

use crate::{CircuitOpen, LoadError};

/// Why a table was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum TableFailure {
    /// The load failed, and trying again would not help.
    #[error(transparent)]
    Failed(LoadError),
    /// The load failed as often as it may be tried.
    #[error("gave up after {attempts} attempts")]
    GaveUp {
        /// Attempts that were made.
        attempts: u32,
        /// How the last one failed.
        source: LoadError,
    },
    /// An endpoint failed so often that it is left alone for the moment.
    #[error("`{endpoint}` is not asked")]
    EndpointOpen {
        /// The endpoint.
        endpoint: String,
        /// What its circuit breaker says.
        source: CircuitOpen,
    },
    /// The table took longer than it may, waits between attempts included.
    #[error("did not load within {}", format_duration(*limit))]
    TimedOut {
        /// The time that a table may take.
        limit: Duration,
    },
    /// The load failed in a way that may pass, but the time of the table would be over before another attempt.
    #[error("no further attempt fits into the {} that a table may take", format_duration(*limit))]
    NoTimeLeft {
        /// The time that a table may take.
        limit: Duration,
        /// How the last attempt failed.
        source: LoadError,
    },
    /// The table was loading when the time for the whole load was over.
    #[error("was still loading when the {} for the whole load were over", format_duration(*limit))]
    TotalTimeout {
        /// The time that a load may take.
        limit: Duration,
    },
    /// A defect: the load panicked.
    #[error("panicked: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
}

/// Why a table was not even tried, or not tried to the end.
///
/// ```
/// use velo_loader::{DependencyCause, SkipCause};
///
/// let cause = SkipCause::Dependency(DependencyCause {
///     through: vec!["totals".into()],
///     through_omitted: 0,
///     failed: "orders".into(),
///     message: "no route to host".into(),
/// });
/// assert_eq!(cause.to_string(), "`totals` skipped: `orders` failed: no route to host");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkipCause {
    /// Something that it needs is not there.
    Dependency(DependencyCause),
    /// Somebody cancelled the load.
    Cancelled {
        /// Whether the table was loading at that moment.
        was_loading: bool,
    },
    /// The time for the whole load was over before the table's turn came.
    TotalTimeout {
        /// The time that a load may take.
        limit: Duration,
    },
    /// Another table failed, and the first failure was to end the load.
    FailFast {
        /// The table that failed.
        failed: Arc<str>,
        /// How it failed.
        message: Arc<str>,
    },
    /// Nothing could be loaded at all.
    NotBegun {
        /// Why.
        message: Arc<str>,
    },
}

/// How many skipped tables between a table and the one that failed are named.
const THROUGH_SHOWN_MAX: usize = 5;

/// The way from a skipped table to the one that failed.
///
/// A chain may be as long as there are tables; only the tables nearest to the skipped one are kept, so that telling all
/// causes stays in proportion to the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DependencyCause {
    /// Skipped tables in between, the one that is needed directly first.
    pub through: Vec<Arc<str>>,
    /// Further skipped tables, behind those.
    pub through_omitted: usize,
    /// The table that failed.
    pub failed: Arc<str>,
    /// How it failed.
    pub message: Arc<str>,
}

impl DependencyCause {
    /// The table that is needed directly and is not there: one that was skipped itself, or the one that failed.
    pub fn needed(&self) -> &str {
        self.through.first().unwrap_or(&self.failed)
    }

    /// The cause for a table that needs the failed one directly.
    pub(crate) fn failed(table: &str, message: Arc<str>) -> Self {
        Self {
            through: Vec::new(),
            through_omitted: 0,
            failed: table.into(),
            message,
        }
    }

    /// The cause for a table that needs `skipped`, which was skipped for this cause.
    pub(crate) fn through(&self, skipped: &str) -> Self {
        let mut through: Vec<Arc<str>> = Vec::with_capacity(THROUGH_SHOWN_MAX);
        through.push(skipped.into());
        through.extend(self.through.iter().take(THROUGH_SHOWN_MAX - 1).cloned());
        let length = 1 + self.through.len() + self.through_omitted;
        Self {
            through_omitted: length - through.len(),
            through,
            ..self.clone()
        }
    }
}

impl fmt::Display for DependencyCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for table in &self.through {
            write!(f, "`{table}` skipped: ")?;
        }
        match self.through_omitted {
            0 => {}
            1 => f.write_str("1 more table skipped: ")?,
            omitted => write!(f, "{omitted} more tables skipped: ")?,
        }
        write!(f, "`{}` failed: {}", self.failed, self.message)
    }
}

impl fmt::Display for SkipCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dependency(cause) => cause.fmt(f),
            Self::Cancelled { was_loading: true } => f.write_str("cancelled while it was loading"),
            Self::Cancelled { was_loading: false } => f.write_str("cancelled before it started"),
            Self::TotalTimeout { limit } => {
                let limit = format_duration(*limit);
                write!(f, "not started when the {limit} for the whole load were over")
            }
            Self::FailFast { failed, message } => write!(f, "stopped because `{failed}` failed: {message}"),
            Self::NotBegun { message } => f.write_str(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_chains_are_told_in_few_words() {
        let mut cause = DependencyCause::failed("t0", "no route to host".into());
        assert_eq!(cause.to_string(), "`t0` failed: no route to host");
        for table in 1..=6 {
            cause = cause.through(&format!("t{table}"));
        }
        assert_eq!(
            cause.to_string(),
            "`t6` skipped: `t5` skipped: `t4` skipped: `t3` skipped: `t2` skipped: 1 more table skipped: \
             `t0` failed: no route to host"
        );
        for table in 7..100_000 {
            cause = cause.through(&format!("t{table}"));
        }
        assert_eq!(cause.through_omitted, 99_994);
        assert_eq!(cause.through.len(), 5);
    }
}
