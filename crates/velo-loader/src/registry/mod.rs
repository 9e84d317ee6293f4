//! Tables by name: who is ready, and who waits for whom.

mod entries;
mod loading;
mod status;
mod waiting;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entries::Entries;
pub use status::{RegistryError, RegistryStatistics, TableReadyStatus, TableStatistics};
pub use waiting::WaitError;

/// Tables that are loaded or will be, whatever a table holds.
///
/// Names are compared as unquoted SQL names are, whatever their case. A table that is ready stays so, with what it
/// holds, while it is loaded again and when that fails.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use velo_loader::{TableReadyStatus, TableRegistry, TableStatistics};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// # runtime.block_on(async {
/// let registry = TableRegistry::new();
/// registry.register_table("prices")?;
/// assert_eq!(registry.status("Prices"), Some(TableReadyStatus::Waiting));
///
/// let rows = Arc::new(vec![1.5, 2.5]);
/// registry.set_ready("prices", rows, TableStatistics { rows: 2, bytes: 16 })?;
/// let prices = registry.wait_for_table_ready("prices", Duration::from_secs(1)).await?;
/// assert_eq!(*prices, [1.5, 2.5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).map_err(|error| error.to_string())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TableRegistry<T: ?Sized> {
    entries: Mutex<Entries<T>>,
}

impl<T: ?Sized> TableRegistry<T> {
    /// A registry without tables.
    pub fn new() -> Self {
        Self {
            entries: Mutex::new(Entries::default()),
        }
    }

    /// Announces a table. Who waits for it already goes on waiting.
    ///
    /// # Errors
    ///
    /// When there is a table of this name.
    pub fn register_table(&self, name: &str) -> Result<(), RegistryError> {
        self.lock().register(name)
    }

    /// Says that a table is being loaded.
    ///
    /// # Errors
    ///
    /// When there is no such table.
    pub fn set_loading(&self, name: &str) -> Result<(), RegistryError> {
        self.set_unless_ready(name, || TableReadyStatus::Loading)
    }

    /// Makes a table ready: those who wait for it go on.
    ///
    /// # Errors
    ///
    /// When there is no such table.
    pub fn set_ready(&self, name: &str, table: Arc<T>, statistics: TableStatistics) -> Result<(), RegistryError> {
        self.lock().change(name, |state| {
            state.status = TableReadyStatus::Ready;
            state.table = Some(table);
            state.statistics = Some(statistics);
        })
    }

    /// Says that a table could not be loaded: those who wait for it are told.
    ///
    /// # Errors
    ///
    /// When there is no such table.
    pub fn set_failed(&self, name: &str, message: &str) -> Result<(), RegistryError> {
        self.set_unless_ready(name, || TableReadyStatus::Failed {
            message: message.into(),
        })
    }

    /// Says that a table was left out: those who wait for it are told.
    ///
    /// # Errors
    ///
    /// When there is no such table.
    pub fn set_skipped(&self, name: &str, cause: &str) -> Result<(), RegistryError> {
        self.set_unless_ready(name, || TableReadyStatus::Skipped { cause: cause.into() })
    }

    /// How a table is; `None` when there is none of this name.
    pub fn status(&self, name: &str) -> Option<TableReadyStatus> {
        self.lock().read(name, |state| state.status.clone())
    }

    /// What a table holds, once it is ready.
    pub fn table(&self, name: &str) -> Option<Arc<T>> {
        self.lock().read(name, |state| state.table.clone()).flatten()
    }

    /// How large a table is, once it is ready.
    pub fn table_statistics(&self, name: &str) -> Option<TableStatistics> {
        self.lock().read(name, |state| state.statistics).flatten()
    }

    /// All tables together.
    pub fn statistics(&self) -> RegistryStatistics {
        let mut statistics = RegistryStatistics::default();
        self.lock()
            .for_each(|_, state| statistics.count(&state.status, state.statistics));
        statistics
    }

    /// The names of all tables with how they are, in the order in which they were registered.
    pub fn list(&self) -> Vec<(String, TableReadyStatus)> {
        let mut list = Vec::new();
        self.lock()
            .for_each(|name, state| list.push((name.to_owned(), state.status.clone())));
        list
    }

    /// Forgets a table, and gives back what it held. Those who wait for it are told.
    ///
    /// # Errors
    ///
    /// When there is no such table.
    pub fn drop_table(&self, name: &str) -> Result<Option<Arc<T>>, RegistryError> {
        self.lock().remove(name)
    }

    fn set_unless_ready(&self, name: &str, status: impl FnOnce() -> TableReadyStatus) -> Result<(), RegistryError> {
        self.lock().change(name, |state| {
            if state.status != TableReadyStatus::Ready {
                state.status = status();
            }
        })
    }

    fn lock(&self) -> MutexGuard<'_, Entries<T>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: ?Sized> Default for TableRegistry<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: ?Sized> fmt::Debug for TableRegistry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.list()).finish()
    }
}
