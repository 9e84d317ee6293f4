use velo_graph::{TableDependencyGraph, TableMetadata};

/// A graph from lines such as `totals 5 #daily < orders, customers`: a name, a priority, tags, and what it needs; all
/// but the name may be left out.
pub(crate) fn graph(lines: &str) -> TableDependencyGraph {
    let mut graph = TableDependencyGraph::new();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (table, needs) = line.split_once('<').unwrap_or((line, ""));
        let mut words = table.split_whitespace();
        let name = words.next().expect("a name");
        let metadata = words.fold(TableMetadata::default(), |metadata, word| {
            match word.strip_prefix('#') {
                Some(tag) => metadata.with_tag(tag),
                None => metadata.with_priority(word.parse().expect("a priority")),
            }
        });
        let needs = needs.split(',').map(str::trim).filter(|need| !need.is_empty());
        graph.add_table(name, metadata, needs).expect("a new table");
    }
    graph
}

/// Waves as `a b | c`.
pub(crate) fn waves(graph: &TableDependencyGraph) -> String {
    let waves = graph.compute_loading_waves().expect("an order");
    waves.iter().map(|wave| wave.join(" ")).collect::<Vec<_>>().join(" | ")
}

/// The load order as `a b c`.
pub(crate) fn order(graph: &TableDependencyGraph) -> String {
    graph.topological_load_order().expect("an order").join(" ")
}
