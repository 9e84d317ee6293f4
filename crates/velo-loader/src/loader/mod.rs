//! Loads tables in parallel, in the order of their dependencies.

mod attempt;
mod budget;
mod control_group;
mod observer;
mod plan;
mod resources;
mod run;
mod schedule;
mod verdict;

use std::fmt;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use velo_graph::TableDependencyGraph;

use crate::breaker::EndpointBreakers;
use crate::{
    LoadTable, LoadingConfigError, MaxParallel, ParallelLoadingConfig, ParallelLoadingResult, ProgressMonitor,
};
pub(crate) use observer::{LoadObserver, NoObserver};
pub(crate) use plan::LoadPlan;
pub use plan::LoadPlanError;
pub use resources::SystemResources;
use run::LoadRun;

/// Loads tables: several at once, none before what it needs.
///
/// One loader serves many loads; its circuit breakers remember endpoints from one to the next.
///
/// ```
/// use std::sync::Arc;
/// use async_trait::async_trait;
/// use velo_graph::{NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};
/// use velo_loader::{
///     CancellationToken, LoadAttempt, LoadError, LoadTable, LoadedTable, ParallelLoader, ParallelLoadingConfig,
/// };
///
/// struct Numbers(u64);
///
/// #[async_trait]
/// impl LoadTable for Numbers {
///     async fn load(&self, attempt: LoadAttempt) -> Result<LoadedTable, LoadError> {
///         attempt.progress.add(self.0, 8 * self.0);
///         Ok(LoadedTable::new(self.0, 8 * self.0))
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut graph = TableDependencyGraph::new();
/// graph.add_table("totals", TableMetadata::default(), ["orders"])?;
/// graph.add_table("orders", TableMetadata::default(), NO_DEPENDENCIES)?;
///
/// let tables: [(_, Arc<dyn LoadTable>); 2] =
///     [("totals".to_owned(), Arc::new(Numbers(10))), ("orders".to_owned(), Arc::new(Numbers(1_000)))];
/// let loader = ParallelLoader::new(ParallelLoadingConfig::default())?;
/// let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// let result = runtime.block_on(loader.load_tables(&graph, tables, &CancellationToken::new()))?;
///
/// assert!(result.is_complete());
/// assert_eq!(result.successful["orders"].rows, 1_000);
/// assert_eq!(result.waves[1].tables, ["totals"]);
/// # Ok(())
/// # }
/// ```
pub struct ParallelLoader {
    config: ParallelLoadingConfig,
    monitor: ProgressMonitor,
    breakers: EndpointBreakers,
    resources: Arc<dyn Fn() -> SystemResources + Send + Sync>,
}

impl ParallelLoader {
    /// A loader with a monitor of its own.
    ///
    /// # Errors
    ///
    /// When a setting makes no sense.
    pub fn new(config: ParallelLoadingConfig) -> Result<Self, LoadingConfigError> {
        config.validate()?;
        Ok(Self {
            breakers: EndpointBreakers::new(config.circuit_breaker.clone()),
            config,
            monitor: ProgressMonitor::new(),
            resources: Arc::new(SystemResources::read),
        })
    }

    /// The same, telling progress to a monitor that others know.
    #[must_use]
    pub fn with_monitor(mut self, monitor: ProgressMonitor) -> Self {
        self.monitor = monitor;
        self
    }

    /// The same, asking somebody else what the machine has to offer, which decides under [`MaxParallel::Auto`].
    #[must_use]
    pub fn with_resources(mut self, read: impl Fn() -> SystemResources + Send + Sync + 'static) -> Self {
        self.resources = Arc::new(read);
        self
    }

    /// Tells how far the load is.
    pub fn monitor(&self) -> &ProgressMonitor {
        &self.monitor
    }

    /// How it loads.
    pub fn config(&self) -> &ParallelLoadingConfig {
        &self.config
    }

    /// Loads the tables of `loads`, each after those of them that the graph says it needs; whatever else is needed is
    /// taken to be loaded already.
    ///
    /// Must run on a Tokio runtime with time. Cancelling ends the load soon: tables that are loading are told and
    /// awaited for [`ParallelLoadingConfig::cancellation_grace`], the others are skipped. Dropping the future ends it at
    /// once; a table that was not accepted by then never becomes visible.
    ///
    /// # Errors
    ///
    /// When there is no order to load in. Tables that fail are part of the result.
    pub async fn load_tables(
        &self,
        graph: &TableDependencyGraph,
        loads: impl IntoIterator<Item = (String, Arc<dyn LoadTable>)>,
        cancellation: &CancellationToken,
    ) -> Result<ParallelLoadingResult, LoadPlanError> {
        let plan = LoadPlan::new(graph, loads)?;
        Ok(self.load_plan(&plan, cancellation, &NoObserver).await)
    }

    pub(crate) async fn load_plan(
        &self,
        plan: &LoadPlan,
        cancellation: &CancellationToken,
        observer: &dyn LoadObserver,
    ) -> ParallelLoadingResult {
        LoadRun::new(self, plan, cancellation, observer).run().await
    }

    fn max_parallel(&self) -> usize {
        match self.config.max_parallel {
            MaxParallel::Fixed(tables) => tables.get(),
            MaxParallel::Auto => (self.resources)().tables_at_once(),
        }
    }
}

impl fmt::Debug for ParallelLoader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParallelLoader")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
