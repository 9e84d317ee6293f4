use std::sync::Arc;

use velo_graph::TableDependencyGraph;

use super::TableRegistry;
use crate::load::chain;
use crate::loader::{LoadObserver, LoadPlan};
use crate::{
    CancellationToken, LoadPlanError, LoadTable, ParallelLoader, ParallelLoadingResult, SkipCause, TableFailure,
    TableLoadStats,
};

impl<T: ?Sized + Send + Sync> TableRegistry<T> {
    /// Loads tables, as [`ParallelLoader::load_tables`] does, and keeps their status up to date, so that those who wait
    /// for a table learn at once what became of it. Tables that are not registered are.
    ///
    /// A table becomes ready when its load publishes it: see
    /// [`LoadedTable::publishing_to`](crate::LoadedTable::publishing_to).
    ///
    /// ```
    /// use std::sync::Arc;
    /// use async_trait::async_trait;
    /// use velo_graph::{NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};
    /// use velo_loader::{
    ///     CancellationToken, LoadAttempt, LoadError, LoadTable, LoadedTable, ParallelLoader, ParallelLoadingConfig,
    ///     TableRegistry,
    /// };
    ///
    /// struct Prices(Arc<TableRegistry<Vec<f64>>>);
    ///
    /// #[async_trait]
    /// impl LoadTable for Prices {
    ///     async fn load(&self, _attempt: LoadAttempt) -> Result<LoadedTable, LoadError> {
    ///         let rows = Arc::new(vec![1.5, 2.5]);
    ///         Ok(LoadedTable::new(2, 16).publishing_to(&self.0, "prices", rows))
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let registry = Arc::new(TableRegistry::new());
    /// let loader = ParallelLoader::new(ParallelLoadingConfig::default())?;
    /// let mut graph = TableDependencyGraph::new();
    /// graph.add_table("prices", TableMetadata::default(), NO_DEPENDENCIES)?;
    /// let loads: [(_, Arc<dyn LoadTable>); 1] = [("prices".to_owned(), Arc::new(Prices(Arc::clone(&registry))))];
    ///
    /// let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    /// let cancellation = CancellationToken::new();
    /// runtime.block_on(registry.load_tables_parallel(&loader, &graph, loads, &cancellation))?;
    /// assert_eq!(registry.table("prices").as_deref(), Some(&vec![1.5, 2.5]));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When there is no order to load in. Tables that fail are part of the result.
    pub async fn load_tables_parallel(
        &self,
        loader: &ParallelLoader,
        graph: &TableDependencyGraph,
        loads: impl IntoIterator<Item = (String, Arc<dyn LoadTable>)>,
        cancellation: &CancellationToken,
    ) -> Result<ParallelLoadingResult, LoadPlanError> {
        let plan = LoadPlan::new(graph, loads)?;
        for table in &plan.tables {
            // Registered already is as good as registered now.
            let _ = self.register_table(&table.name);
        }
        Ok(loader.load_plan(&plan, cancellation, self).await)
    }
}

/// A table that was dropped while it is loaded has no status to keep: that is no error.
impl<T: ?Sized + Send + Sync> LoadObserver for TableRegistry<T> {
    fn started(&self, table: &str) {
        let _ = self.set_loading(table);
    }

    fn completed(&self, table: &str, _stats: &TableLoadStats) {
        // Nobody would ever learn that it is ready. A table that has published itself stays ready.
        let _ = self.set_failed(table, "it was loaded, but not published");
    }

    fn failed(&self, table: &str, failure: &TableFailure) {
        let _ = self.set_failed(table, &chain(failure));
    }

    fn skipped(&self, table: &str, cause: &SkipCause) {
        let _ = self.set_skipped(table, &cause.to_string());
    }
}
