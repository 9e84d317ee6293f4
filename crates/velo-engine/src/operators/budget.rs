use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::{OperatorError, OperatorResult};

/// How many groups an aggregate may still make. Shared by its workers, so that the limit does not depend on their
/// number; touched once per batch.
#[derive(Debug, Clone)]
pub(crate) struct GroupBudget {
    used: Arc<AtomicUsize>,
    groups_max: Option<usize>,
}

impl GroupBudget {
    pub(crate) fn new(groups_max: Option<usize>) -> Self {
        Self {
            used: Arc::default(),
            groups_max,
        }
    }

    pub(crate) fn take(&self, groups: usize) -> OperatorResult {
        let Some(groups_max) = self.groups_max else {
            return Ok(());
        };
        let used = self.used.fetch_add(groups, Ordering::Relaxed) + groups;
        if used > groups_max {
            return Err(OperatorError::TooManyGroups { groups_max });
        }
        Ok(())
    }

    pub(crate) fn give_back(&self, groups: usize) {
        if self.groups_max.is_some() {
            self.used.fetch_sub(groups, Ordering::Relaxed);
        }
    }
}
