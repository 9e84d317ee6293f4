use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::Table;

/// A table that may be replaced by a newer state of itself while it is looked up.
#[derive(Debug)]
pub struct LiveTable {
    current: RwLock<Arc<Table>>,
    version: AtomicU64,
}

impl LiveTable {
    /// A table in its first state.
    pub fn new(table: Arc<Table>) -> Self {
        Self {
            current: RwLock::new(table),
            version: AtomicU64::new(0),
        }
    }

    /// Its rows as they are now.
    pub fn current(&self) -> Arc<Table> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes on another state. Rows that were looked up before are not looked up again.
    pub fn replace(&self, table: Arc<Table>) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = table;
        self.version.fetch_add(1, Ordering::Release);
    }

    /// Grows whenever the table is replaced, so that who looks it up asks for a lock only then.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }
}

/// A table, as a statement finds it that joins it.
#[derive(Debug, Clone)]
pub enum JoinedTable {
    /// It is loaded.
    Loaded(Arc<LiveTable>),
    /// It cannot be had. Each statement that looks it up says what becomes of its rows then.
    Missing,
}
