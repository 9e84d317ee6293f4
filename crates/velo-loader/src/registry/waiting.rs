use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use velo_common::format_duration;

use super::entries::TableState;
use super::{TableReadyStatus, TableRegistry};
use crate::deadline::after;

/// Why a table that was waited for cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WaitError {
    /// It was not ready in time.
    #[error("table `{table}` was not ready within {}: it is {status}", format_duration(*waited))]
    NotReadyInTime {
        /// Its name.
        table: String,
        /// How it was when the time was over.
        status: TableReadyStatus,
        /// The time that was given.
        waited: Duration,
    },
    /// Nobody has registered it in time.
    #[error("there was no table `{table}` within {}", format_duration(*waited))]
    NotRegisteredInTime {
        /// Its name.
        table: String,
        /// The time that was given.
        waited: Duration,
    },
    /// It could not be loaded.
    #[error("table `{table}` could not be loaded: {message}")]
    Failed {
        /// Its name.
        table: String,
        /// Why, with its causes.
        message: Arc<str>,
    },
    /// It was left out.
    #[error("table `{table}` was not loaded: {cause}")]
    Skipped {
        /// Its name.
        table: String,
        /// Why, with the way to the table that failed.
        cause: Arc<str>,
    },
    /// It was dropped in the meantime.
    #[error("table `{table}` was dropped while it was waited for")]
    Dropped {
        /// Its name.
        table: String,
    },
}

impl<T: ?Sized> TableRegistry<T> {
    /// Waits until a table is ready, whether it is registered now or later.
    ///
    /// ```
    /// use std::time::Duration;
    /// use velo_loader::{TableRegistry, WaitError};
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    /// # runtime.block_on(async {
    /// let registry = TableRegistry::<Vec<u8>>::new();
    /// let error = registry.wait_for_table_ready("prices", Duration::from_millis(5)).await;
    /// assert!(matches!(error, Err(WaitError::NotRegisteredInTime { table, .. }) if table == "prices"));
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When it is not ready in time, failed, was left out, or is dropped.
    pub async fn wait_for_table_ready(&self, name: &str, timeout: Duration) -> Result<Arc<T>, WaitError> {
        self.wait_until(name, after(Instant::now(), timeout), timeout).await
    }

    /// Waits until all of these tables are ready, and gives them in the same order. The time is one for all of them.
    ///
    /// # Errors
    ///
    /// Those of [`TableRegistry::wait_for_table_ready`], of the first table in order that has one.
    pub async fn wait_for_tables_ready<N: AsRef<str>>(
        &self,
        names: &[N],
        timeout: Duration,
    ) -> Result<Vec<Arc<T>>, WaitError> {
        let deadline = after(Instant::now(), timeout);
        // All are watched from the start, so that none can come and go unseen.
        let mut watched = Vec::with_capacity(names.len());
        for name in names {
            watched.push((name.as_ref(), self.lock().watch(name.as_ref())));
        }
        let mut tables = Vec::with_capacity(names.len());
        for (name, state) in watched {
            tables.push(wait(name, state, deadline, timeout).await?);
        }
        Ok(tables)
    }

    async fn wait_until(&self, name: &str, deadline: Instant, timeout: Duration) -> Result<Arc<T>, WaitError> {
        let state = self.lock().watch(name);
        wait(name, state, deadline, timeout).await
    }
}

async fn wait<T: ?Sized>(
    name: &str,
    mut state: watch::Receiver<TableState<T>>,
    deadline: Instant,
    waited: Duration,
) -> Result<Arc<T>, WaitError> {
    let dropped = || WaitError::Dropped { table: name.to_owned() };
    let decided = async {
        let state = state
            .wait_for(|state| decision(name, state).is_some())
            .await
            .map_err(|_| dropped())?;
        decision(name, &state).unwrap_or_else(|| Err(dropped()))
    };
    let in_time = timeout_at(deadline, decided).await;
    in_time.unwrap_or_else(|_| Err(too_late(name, &state.borrow(), waited)))
}

/// What those who wait are told; `None` as long as they have to wait.
fn decision<T: ?Sized>(name: &str, state: &TableState<T>) -> Option<Result<Arc<T>, WaitError>> {
    let table = || name.to_owned();
    match &state.status {
        TableReadyStatus::Waiting | TableReadyStatus::Loading => None,
        TableReadyStatus::Ready => state.table.clone().map(Ok),
        TableReadyStatus::Failed { message } => Some(Err(WaitError::Failed {
            table: table(),
            message: Arc::clone(message),
        })),
        TableReadyStatus::Skipped { cause } => Some(Err(WaitError::Skipped {
            table: table(),
            cause: Arc::clone(cause),
        })),
    }
}

fn too_late<T: ?Sized>(name: &str, state: &TableState<T>, waited: Duration) -> WaitError {
    let table = name.to_owned();
    if state.is_registered {
        let status = state.status.clone();
        WaitError::NotReadyInTime { table, status, waited }
    } else {
        WaitError::NotRegisteredInTime { table, waited }
    }
}
