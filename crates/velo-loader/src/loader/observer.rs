use crate::{SkipCause, TableFailure, TableLoadStats};

/// Somebody who wants to know at once what becomes of each table.
pub(crate) trait LoadObserver: Send + Sync {
    fn started(&self, table: &str);
    fn completed(&self, table: &str, stats: &TableLoadStats);
    fn failed(&self, table: &str, failure: &TableFailure);
    fn skipped(&self, table: &str, cause: &SkipCause);
}

/// Nobody.
pub(crate) struct NoObserver;

impl LoadObserver for NoObserver {
    fn started(&self, _table: &str) {}
    fn completed(&self, _table: &str, _stats: &TableLoadStats) {}
    fn failed(&self, _table: &str, _failure: &TableFailure) {}
    fn skipped(&self, _table: &str, _cause: &SkipCause) {}
}
