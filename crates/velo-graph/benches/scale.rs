//! 100,000 tables in the shapes that they come in: each whole answer is to take well below a second.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run has nothing to measure")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, SamplingMode, criterion_group, criterion_main};
use velo_graph::{NO_DEPENDENCIES, Selection, TableDependencyGraph, TableMetadata};

const TABLES: usize = 100_000;

/// For each table the numbers of those that it needs, all of them smaller.
type Shape = Vec<Vec<usize>>;

fn chain() -> Shape {
    (0..TABLES)
        .map(|table| table.checked_sub(1).into_iter().collect())
        .collect()
}

/// Half of the tables need the first one, and the last one needs them all.
fn star() -> Shape {
    let needs = |table| match table {
        0 => vec![],
        table if table + 1 == TABLES => (1..table).collect(),
        _ => vec![0],
    };
    (0..TABLES).map(needs).collect()
}

/// A hundred layers; each table needs ten of the layer below.
fn layers() -> Shape {
    const WIDTH: usize = TABLES / 100;
    let needs = |table: usize| match table.checked_sub(WIDTH) {
        None => vec![],
        Some(below) => (0..10)
            .map(|step| below / WIDTH * WIDTH + (below + step * 97) % WIDTH)
            .collect(),
    };
    (0..TABLES).map(needs).collect()
}

/// Up to ten random tables that were added before.
fn random() -> Shape {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    let needs = |table: usize| {
        (0..next() % 11)
            .map(|_| next() % table.max(1))
            .filter(|need| *need < table)
            .collect()
    };
    (0..TABLES).map(needs).collect()
}

fn build(shape: &Shape) -> TableDependencyGraph {
    let mut graph = TableDependencyGraph::new();
    for (table, needs) in shape.iter().enumerate() {
        let metadata = TableMetadata::default().with_priority((table % 7) as i32);
        let needs = needs.iter().map(|need| format!("table_{need}"));
        graph
            .add_table(format!("table_{table}"), metadata, needs)
            .expect("a new table");
    }
    graph
}

/// The shape with an edge from its first table to its last, and so with circles.
fn close(shape: &Shape) -> TableDependencyGraph {
    let mut shape = shape.clone();
    shape[0].push(TABLES - 1);
    build(&shape)
}

fn scale(criterion: &mut Criterion) {
    for (name, shape) in [
        ("chain", chain()),
        ("star", star()),
        ("layers", layers()),
        ("random", random()),
    ] {
        let (graph, closed) = (build(&shape), close(&shape));
        let mut missing = TableDependencyGraph::new();
        let needs = (0..TABLES).map(|need| format!("table_{need}"));
        missing
            .add_table("last", TableMetadata::default(), needs)
            .expect("a new table");
        missing
            .add_table("table_x", TableMetadata::default(), NO_DEPENDENCIES)
            .expect("a new table");
        let selection: Selection = format!("+table_{}+", TABLES / 2).parse().expect("well formed");

        let mut group = criterion.benchmark_group("100,000 tables");
        group
            .sample_size(10)
            .sampling_mode(SamplingMode::Flat)
            .warm_up_time(Duration::from_millis(200))
            .measurement_time(Duration::from_secs(1));
        let mut measure = |what: &str, answer: &dyn Fn() -> usize| {
            group.bench_function(BenchmarkId::new(what, name), |bencher| {
                bencher.iter(|| black_box(answer()));
            });
        };
        measure("build", &|| build(&shape).len());
        measure("order", &|| graph.topological_load_order().expect("an order").len());
        measure("waves", &|| graph.compute_loading_waves().expect("an order").len());
        measure("no circles", &|| graph.detect_cycles().len());
        measure("circles", &|| closed.detect_cycles().len());
        measure("closure", &|| graph.get_all_dependents("table_0").expect("there").len());
        measure("select", &|| graph.select(&selection).expect("there").len());
        measure("missing", &|| usize::from(missing.validate_dependencies().is_err()));
        measure("text", &|| graph.describe().to_text().len());
        measure("dot", &|| graph.describe().to_dot().len());
        measure("mermaid", &|| graph.describe().to_mermaid().len());
        group.finish();
    }
}

criterion_group!(benches, scale);
criterion_main!(benches);
