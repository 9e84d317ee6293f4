//! What loading costs beside the loads themselves: registry, schedule, progress and threads.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run has nothing to measure")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;
use velo_graph::{TableDependencyGraph, TableMetadata};
use velo_loader::{
    CancellationToken, LoadAttempt, LoadError, LoadTable, LoadedTable, ParallelLoader, ParallelLoadingConfig,
    ParallelLoadingResult, TableRegistry,
};

/// Takes a while, and holds nothing.
struct Empty {
    registry: Arc<TableRegistry<()>>,
    name: String,
    latency: Duration,
    may_block: bool,
}

#[async_trait]
impl LoadTable for Empty {
    async fn load(&self, _attempt: LoadAttempt) -> Result<LoadedTable, LoadError> {
        if !self.latency.is_zero() {
            sleep(self.latency).await;
        }
        Ok(LoadedTable::new(0, 0).publishing_to(&self.registry, &self.name, Arc::new(())))
    }

    fn may_block(&self) -> bool {
        self.may_block
    }
}

/// Tables of which each needs the one that is `gap` before it; none, when `gap` is not smaller than their number.
struct Tables {
    count: usize,
    gap: usize,
    latency: Duration,
    may_block: bool,
}

impl Tables {
    fn graph(&self) -> TableDependencyGraph {
        let mut graph = TableDependencyGraph::new();
        for table in 0..self.count {
            let needs = table.checked_sub(self.gap).map(|needed| format!("table_{needed}"));
            graph
                .add_table(format!("table_{table}"), TableMetadata::default(), needs)
                .expect("names differ");
        }
        graph
    }

    fn loads(&self, registry: &Arc<TableRegistry<()>>) -> Vec<(String, Arc<dyn LoadTable>)> {
        let load = |table: usize| -> (String, Arc<dyn LoadTable>) {
            let name = format!("table_{table}");
            let load = Empty {
                registry: Arc::clone(registry),
                name: name.clone(),
                latency: self.latency,
                may_block: self.may_block,
            };
            (name, Arc::new(load))
        };
        (0..self.count).map(load).collect()
    }

    fn load(&self, runtime: &Runtime, graph: &TableDependencyGraph, parallel: usize) -> ParallelLoadingResult {
        let config = ParallelLoadingConfig {
            max_parallel: parallel.to_string().parse().expect("a number"),
            ..ParallelLoadingConfig::default()
        };
        let loader = ParallelLoader::new(config).expect("a valid configuration");
        let registry = Arc::new(TableRegistry::new());
        let loads = self.loads(&registry);
        let cancellation = CancellationToken::new();
        let load = registry.load_tables_parallel(&loader, graph, loads, &cancellation);
        let result = runtime.block_on(load).expect("an order");
        assert!(result.is_complete());
        result
    }
}

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .expect("a runtime")
}

fn overhead(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("overhead of 10,000 empty tables");
    group.sample_size(10);
    for (name, gap, may_block) in [
        ("tasks, ten waves", 1_000, false),
        ("threads, ten waves", 1_000, true),
        ("tasks, one chain", 1, false),
    ] {
        let tables = Tables {
            count: 10_000,
            gap,
            latency: Duration::ZERO,
            may_block,
        };
        let graph = tables.graph();
        group.throughput(Throughput::Elements(tables.count as u64));
        group.bench_function(name, |bencher| bencher.iter(|| tables.load(&runtime, &graph, 4)));
    }
    group.finish();
}

fn speedup(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("12 tables of 50 ms");
    group.sample_size(10);
    let tables = Tables {
        count: 12,
        gap: 12,
        latency: Duration::from_millis(50),
        may_block: true,
    };
    let graph = tables.graph();
    for parallel in [1, 4] {
        let id = BenchmarkId::new("at once", parallel);
        group.bench_function(id, |bencher| bencher.iter(|| tables.load(&runtime, &graph, parallel)));
    }
    group.finish();
}

criterion_group!(benches, overhead, speedup);
criterion_main!(benches);
