//! What the loader and its registry cost a table, whatever it is loaded from.

use std::sync::Arc;

use async_trait::async_trait;
use velo_graph::{NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};
use velo_loader::{
    CancellationToken, LoadAttempt, LoadError, LoadTable, LoadedTable, ParallelLoader, ParallelLoadingConfig,
    TableRegistry,
};

use crate::measure::best_of;
use crate::report::{Bar, Report, group};

const TABLES: usize = 10_000;

/// A table that is there at once.
struct Instant(Arc<TableRegistry<()>>, String);

#[async_trait]
impl LoadTable for Instant {
    async fn load(&self, _attempt: LoadAttempt) -> Result<LoadedTable, LoadError> {
        Ok(LoadedTable::new(0, 0).publishing_to(&self.0, &self.1, Arc::new(())))
    }
}

/// Loads nothing, many times.
pub(crate) fn overhead(report: &mut Report) {
    let [time] = best_of([Box::new(load_nothing)]);
    group("Registering, scheduling and publishing 10,000 tables without rows, one core");
    let microseconds = time.as_secs_f64() * 1e6 / TABLES as f64;
    report.bar("each table", microseconds, "µs", Bar::AtMost(1000.0));
}

fn load_nothing() {
    let registry = Arc::new(TableRegistry::new());
    let mut graph = TableDependencyGraph::new();
    let mut loads: Vec<(String, Arc<dyn LoadTable>)> = Vec::with_capacity(TABLES);
    for number in 0..TABLES {
        let name = format!("t{number}");
        graph
            .add_table(name.clone(), TableMetadata::default(), NO_DEPENDENCIES)
            .expect("a new name");
        loads.push((name.clone(), Arc::new(Instant(Arc::clone(&registry), name))));
    }
    let loader = ParallelLoader::new(ParallelLoadingConfig::default()).expect("the defaults are valid");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let cancellation = CancellationToken::new();
    let load = registry.load_tables_parallel(&loader, &graph, loads, &cancellation);
    let result = runtime.expect("a runtime").block_on(load).expect("an order to load in");
    assert!(result.is_complete());
}
