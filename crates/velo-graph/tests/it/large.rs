//! Graphs of 100,000 tables: what recurses overflows, and what is not linear does not come back.

use velo_graph::{TableDependencyGraph, TableMetadata};

const TABLES: usize = 100_000;

fn chain(closed: bool) -> TableDependencyGraph {
    let mut graph = TableDependencyGraph::new();
    for table in 0..TABLES {
        let next = (table + 1 < TABLES || closed).then(|| format!("t{}", (table + 1) % TABLES));
        graph
            .add_table(format!("t{table}"), TableMetadata::default(), next)
            .expect("a new table");
    }
    graph
}

#[test]
fn deep_chains_do_not_overflow_the_stack() {
    let graph = chain(false);
    let order = graph.topological_load_order().expect("an order");
    assert_eq!((order[0].as_str(), order[TABLES - 1].as_str()), ("t99999", "t0"));
    assert_eq!(graph.compute_loading_waves().expect("an order").len(), TABLES);
    assert_eq!(graph.detect_cycles(), []);
    assert_eq!(graph.get_all_dependencies("t0").map(|all| all.len()), Some(TABLES - 1));
    assert_eq!(
        graph.get_all_dependents("t99999").map(|all| all.len()),
        Some(TABLES - 1)
    );
    assert_eq!(
        graph.unreachable_from(["t50000"]).map(|tables| tables.len()),
        Ok(50_000)
    );
    let selection = "+t50000+".parse().expect("well formed");
    assert_eq!(graph.select(&selection).map(|tables| tables.len()), Ok(TABLES));
    let description = graph.describe();
    assert_eq!(description.to_dot().matches(" -> ").count(), TABLES - 1);
    assert_eq!(description.to_mermaid().matches(" --> ").count(), TABLES - 1);
    assert_eq!(description.to_text().matches("\nwave ").count(), TABLES);
}

#[test]
fn a_circle_through_all_tables_is_found() {
    let graph = chain(true);
    let [cycle] = &graph.detect_cycles()[..] else {
        panic!("one circle")
    };
    assert_eq!(cycle.path.len(), TABLES + 1);
    assert!(graph.topological_load_order().is_err());
    assert_eq!(graph.describe().waves, [[""; 0]; 0]);
}

#[test]
fn as_many_missing_tables_as_there_are() {
    let mut graph = TableDependencyGraph::new();
    for table in 0..TABLES {
        graph
            .add_table(format!("t{table}"), TableMetadata::default(), [format!("m{table}")])
            .expect("a new table");
    }
    assert_eq!(graph.describe().missing.len(), TABLES);
    let hub: Vec<String> = (0..TABLES).map(|table| format!("t{table}")).collect();
    graph
        .add_table("hub", TableMetadata::default(), hub)
        .expect("a new table");
    assert_eq!(graph.get_dependencies("hub").map(|all| all.len()), Some(TABLES));
}
