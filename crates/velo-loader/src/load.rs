use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::{TableProgressTracker, TableRegistry, TableStatistics};

/// One table that can be loaded: what the loader knows of it.
///
/// A load tells how far it is, looks whether it is to end, and says of each error whether it may pass:
///
/// ```
/// use async_trait::async_trait;
/// use velo_loader::{LoadAttempt, LoadError, LoadTable, LoadedTable};
///
/// struct Lines(std::path::PathBuf);
///
/// #[async_trait]
/// impl LoadTable for Lines {
///     async fn load(&self, attempt: LoadAttempt) -> Result<LoadedTable, LoadError> {
///         let text = std::fs::read_to_string(&self.0)
///             .map_err(|error| LoadError::permanent(format!("cannot read `{}`", self.0.display())).with_source(error))?;
///         attempt.progress.set_total_bytes(text.len() as u64);
///         for line in text.lines() {
///             if attempt.cancellation.is_cancelled() {
///                 return Err(LoadError::permanent("told to stop"));
///             }
///             attempt.progress.add(1, line.len() as u64 + 1);
///         }
///         Ok(LoadedTable::new(attempt.progress.rows(), attempt.progress.bytes()))
///     }
/// }
/// ```
#[async_trait]
pub trait LoadTable: Send + Sync {
    /// Loads the table once, from the start.
    ///
    /// Returning an error or never returning leaves everything as it was before: what has been loaded becomes visible
    /// through [`LoadedTable::publishing`] alone. A panic fails this table and no other.
    ///
    /// # Errors
    ///
    /// Says whether the same attempt may succeed later.
    async fn load(&self, attempt: LoadAttempt) -> Result<LoadedTable, LoadError>;

    /// Whether [`LoadTable::load`] may keep its thread busy. It then gets a thread of its own, otherwise it runs among
    /// the tasks of the runtime.
    fn may_block(&self) -> bool {
        true
    }

    /// What it talks to: tables that share an endpoint share its circuit breaker. None for local files.
    fn endpoints(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What one attempt to load a table is given.
#[derive(Debug, Clone)]
pub struct LoadAttempt {
    /// Which attempt this is, from 1.
    pub number: u32,
    /// Where rows and bytes are counted; starts from nothing with each attempt.
    pub progress: Arc<TableProgressTracker>,
    /// Is cancelled when the attempt is to end early: look at it at least with every batch.
    pub cancellation: CancellationToken,
    /// Memory in bytes that the table may take; `None` is without bound.
    pub memory_bytes: Option<u64>,
}

/// How a table came to be loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum LoadOutcome {
    /// Read whole, for the first time.
    Loaded,
    /// There was nothing new since the last load.
    Unchanged,
    /// What is new since the last load was added.
    Incremental {
        /// Rows that were read.
        rows_read: u64,
    },
    /// Read whole although it had been loaded before.
    Reloaded {
        /// Why, as a clause: `its definition has changed`.
        reason: String,
    },
}

/// A table that was loaded, and how it becomes visible.
pub struct LoadedTable {
    /// Rows that it holds.
    pub rows: u64,
    /// Bytes that it holds.
    pub bytes: u64,
    /// Rows that were read for it, by this load or an earlier one, and that it lacks.
    pub skipped_rows: u64,
    /// How it came to be loaded.
    pub outcome: LoadOutcome,
    publish: Option<Box<dyn FnOnce() + Send>>,
}

impl LoadedTable {
    /// A table of so many rows and bytes that was read whole.
    pub fn new(rows: u64, bytes: u64) -> Self {
        Self {
            rows,
            bytes,
            skipped_rows: 0,
            outcome: LoadOutcome::Loaded,
            publish: None,
        }
    }

    /// The same, lacking so many rows that were read for it.
    #[must_use]
    pub fn with_skipped_rows(mut self, rows: u64) -> Self {
        self.skipped_rows = rows;
        self
    }

    /// The same, loaded in another way.
    #[must_use]
    pub fn with_outcome(mut self, outcome: LoadOutcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// What makes the table visible.
    ///
    /// It is called once the loader has accepted the table, before anything that needs it starts; never for an attempt
    /// that came too late. It must not take long, and must not fail.
    #[must_use]
    pub fn publishing(mut self, publish: impl FnOnce() + Send + 'static) -> Self {
        self.publish = Some(Box::new(publish));
        self
    }

    /// Makes the table ready in a registry.
    #[must_use]
    pub fn publishing_to<T>(self, registry: &Arc<TableRegistry<T>>, name: impl Into<String>, table: Arc<T>) -> Self
    where
        T: ?Sized + Send + Sync + 'static,
    {
        let (registry, name) = (Arc::clone(registry), name.into());
        let statistics = TableStatistics {
            rows: self.rows,
            bytes: self.bytes,
        };
        self.publishing(move || {
            // Who has dropped the table while it was loading does not want it any more.
            let _ = registry.set_ready(&name, table, statistics);
        })
    }

    pub(crate) fn publish(&mut self) {
        if let Some(publish) = self.publish.take() {
            publish();
        }
    }
}

impl fmt::Debug for LoadedTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadedTable")
            .field("rows", &self.rows)
            .field("bytes", &self.bytes)
            .field("skipped_rows", &self.skipped_rows)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

/// Why an attempt to load a table failed.
///
/// ```
/// use velo_loader::LoadError;
///
/// let error = LoadError::transient("cannot connect to `db:5432`").with_endpoint("db:5432");
/// assert!(error.is_transient());
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct LoadError {
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
    is_transient: bool,
    endpoint: Option<String>,
    retry_after: Option<Duration>,
}

impl LoadError {
    /// An error that may pass by itself, such as a connection that broke: the load is tried again.
    pub fn transient(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            source: None,
            is_transient: true,
            endpoint: None,
            retry_after: None,
        }
    }

    /// An error that stays until somebody does something about it, such as a wrong password.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self {
            is_transient: false,
            ..Self::transient(message)
        }
    }

    /// The same, with what caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same, with which of the table's endpoints is to blame; without, all of them are.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// The same, with how long whoever refused asks to be left alone: the next attempt comes no sooner.
    #[must_use]
    pub fn with_retry_after(mut self, pause: impl Into<Option<Duration>>) -> Self {
        self.retry_after = pause.into();
        self
    }

    /// How long whoever refused asks to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether another attempt may succeed.
    pub fn is_transient(&self) -> bool {
        self.is_transient
    }

    /// Which of the table's endpoints is to blame.
    pub fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }
}

/// An error and what caused it, on one line.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    line
}
