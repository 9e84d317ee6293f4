use std::collections::HashMap;

use velo_common::{Diagnostic, code};
use velo_graph::{Cycle, DependencyGraph};

use super::QueryOutline;
use crate::plan::Relation;

/// Puts every statement behind those it reads. Statements that read each other in a circle are marked broken and
/// reported with their path.
pub(super) fn order_by_dependencies(queries: &mut Vec<QueryOutline<'_>>, diagnostics: &mut Vec<Diagnostic>) {
    let order = loop {
        match topological_order(queries) {
            Ok(order) => break order,
            Err(cycle) => break_cycle(&cycle, queries, diagnostics),
        }
    };
    let place: HashMap<&str, usize> = order
        .iter()
        .enumerate()
        .map(|(place, name)| (name.as_str(), place))
        .collect();
    // Statements that feed one name are equal in rank; the sort is stable and keeps their order.
    queries.sort_by_key(|query| place.get(query.name.as_str()).copied());
}

fn topological_order(queries: &[QueryOutline<'_>]) -> Result<Vec<String>, Cycle> {
    let mut graph = DependencyGraph::new();
    for query in queries {
        graph.add_node(&query.name);
        for dependency in statements_read(query) {
            graph.add_dependency(&query.name, &dependency);
        }
    }
    graph
        .topological_order()
        .map(|order| order.into_iter().map(str::to_owned).collect())
}

/// Names of the statements that a statement reads, in an order that does not depend on hashing.
fn statements_read(query: &QueryOutline<'_>) -> Vec<String> {
    let statements = query.reads.values().filter_map(|relation| match relation {
        Relation::Statement(name) | Relation::Table(name) => Some(name.clone()),
        Relation::Source(_) => None,
    });
    let mut names: Vec<String> = statements.chain(query.depends_on.iter().cloned()).collect();
    names.sort();
    names
}

fn break_cycle(cycle: &Cycle, queries: &mut [QueryOutline<'_>], diagnostics: &mut Vec<Diagnostic>) {
    let members = queries.iter_mut().filter(|query| cycle.path.contains(&query.name));
    for (index, query) in members.enumerate() {
        query.reads.clear();
        query.broken = true;
        if index == 0 {
            let message = format!("statements depend on each other in a circle: {cycle}");
            diagnostics.push(
                Diagnostic::new(&code::CYCLE, query.headline, message)
                    .with_help("let one of them read its input from a source instead"),
            );
        }
    }
}
