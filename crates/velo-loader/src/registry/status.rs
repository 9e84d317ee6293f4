use std::fmt;
use std::sync::Arc;

/// How a table is, for those who need it.
///
/// ```
/// use velo_loader::{TableReadyStatus, TableRegistry};
///
/// let registry = TableRegistry::<Vec<u8>>::new();
/// registry.register_table("prices")?;
/// registry.set_failed("prices", "no route to host")?;
/// let status = registry.status("prices").ok_or("it is registered")?;
/// assert!(!status.is_ready());
/// assert_eq!(status.to_string(), "failed: no route to host");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableReadyStatus {
    /// Registered, not started.
    Waiting,
    /// Being loaded for the first time.
    Loading,
    /// Can be read.
    Ready,
    /// Could not be loaded.
    Failed {
        /// Why, with its causes.
        message: Arc<str>,
    },
    /// Was left out.
    Skipped {
        /// Why, with the way to the table that failed.
        cause: Arc<str>,
    },
}

impl TableReadyStatus {
    /// Whether the table can be read.
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Ready)
    }
}

impl fmt::Display for TableReadyStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting => f.write_str("waiting"),
            Self::Loading => f.write_str("loading"),
            Self::Ready => f.write_str("ready"),
            Self::Failed { message } => write!(f, "failed: {message}"),
            Self::Skipped { cause } => write!(f, "skipped: {cause}"),
        }
    }
}

/// How large a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TableStatistics {
    /// Rows that it holds.
    pub rows: u64,
    /// Bytes that it holds.
    pub bytes: u64,
}

/// All tables of a registry together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RegistryStatistics {
    /// All tables.
    pub tables: usize,
    /// Tables that were not started.
    pub waiting: usize,
    /// Tables that are being loaded for the first time.
    pub loading: usize,
    /// Tables that can be read.
    pub ready: usize,
    /// Tables that could not be loaded.
    pub failed: usize,
    /// Tables that were left out.
    pub skipped: usize,
    /// Rows in all tables that can be read.
    pub rows: u64,
    /// Bytes in all tables that can be read.
    pub bytes: u64,
}

impl RegistryStatistics {
    pub(super) fn count(&mut self, status: &TableReadyStatus, statistics: Option<TableStatistics>) {
        let statistics = statistics.unwrap_or_default();
        self.tables += 1;
        self.rows += statistics.rows;
        self.bytes += statistics.bytes;
        *match status {
            TableReadyStatus::Waiting => &mut self.waiting,
            TableReadyStatus::Loading => &mut self.loading,
            TableReadyStatus::Ready => &mut self.ready,
            TableReadyStatus::Failed { .. } => &mut self.failed,
            TableReadyStatus::Skipped { .. } => &mut self.skipped,
        } += 1;
    }
}

/// Why a registry cannot do as told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// There is such a table already.
    #[error("table `{table}` is registered already")]
    AlreadyRegistered {
        /// Its name.
        table: String,
    },
    /// There is no such table.
    #[error("table `{table}` is not registered")]
    NotRegistered {
        /// Its name.
        table: String,
    },
}
