//! Loads tables in parallel, in the order of their dependencies, and keeps them across runs.
//!
//! Start at [`ParallelLoader`]: given a graph of tables and a [`LoadTable`] for each, it starts every table as soon as
//! what it needs is loaded, tries again what may pass, leaves alone endpoints that keep failing, and ends with a
//! [`ParallelLoadingResult`] in which every table is successful, failed, or skipped with the reason. A
//! [`ProgressMonitor`] tells how far it is.
//!
//! A [`TableRegistry`] knows who is ready and lets others wait; a [`SnapshotStore`](velo_state::SnapshotStore)
//! keeps what was loaded on disk.
//!
//! This crate draws no progress bars. What a table is loaded from, and how, is behind [`LoadTable`].

mod breaker;
mod config;
mod deadline;
mod definition;
mod failure;
mod load;
mod loader;
mod program;
mod progress;
mod registry;
mod report;
mod result;
mod retry;

pub use tokio_util::sync::CancellationToken;
pub use velo_datasources::SourceOffset;
/// ```
/// use velo_loader::{TableDefinition, TableMissingDataStrategy};
///
/// // A table that is made by joining another one does not have to fail with it.
/// let strategy: TableMissingDataStrategy = "emit_with_nulls".parse()?;
/// let table = TableDefinition::new("named", "SELECT o.id, c.name FROM orders o LEFT JOIN customers c ON o.customer = c.id")
///     .with_property("table.missing.strategy", strategy.word());
/// # Ok::<(), velo_loader::UnknownStrategy>(())
/// ```
#[doc(inline)]
pub use velo_planner::plan::TableMissingDataStrategy;
pub use velo_planner::plan::UnknownStrategy;

pub use breaker::{CallOutcome, CallPermit, CircuitBreaker, CircuitBreakerConfig, CircuitOpen, CircuitState};
pub use config::{LoadSchedule, LoadingConfigError, MaxParallel, ParallelLoadingConfig};
pub use definition::{DefinitionError, LoadedDefinitions, TableDefinition};
pub use failure::{DependencyCause, SkipCause, TableFailure};
pub use load::{LoadAttempt, LoadError, LoadOutcome, LoadTable, LoadedTable};
pub use loader::{LoadPlanError, ParallelLoader, SystemResources};
pub use program::{
    BackgroundLoad, KeptState, KeptTable, KeptTableError, KeptTables, PreviewAction, ProgramLoadError,
    ProgramLoadOptions, ProgramLoader, TableChoice, TableMissing, TablePreview,
};
pub use progress::{
    LoadSummary, ProgressEvent, ProgressMonitor, ProgressSample, ProgressStream, TableLoadState, TableProgress,
    TableProgressTracker,
};
pub use registry::{RegistryError, RegistryStatistics, TableReadyStatus, TableRegistry, TableStatistics, WaitError};
pub use report::TableReport;
pub use result::{ParallelLoadingResult, TableLoadStats, WaveStats};
pub use retry::RetryConfig;
