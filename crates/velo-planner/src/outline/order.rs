use std::collections::HashMap;

use velo_common::{Diagnostic, code};
use velo_graph::{Cycle, DependencyGraph};

use super::{QueryOutline, SourceOutline};
use crate::plan::Relation;

/// Puts every statement behind those it reads. Statements that depend on each other in a cycle are marked broken and
/// reported with their path. Declared tables, which are loaded before anything reads them, may be on it.
pub(super) fn order_by_dependencies(
    queries: &mut Vec<QueryOutline<'_>>,
    sources: &mut [SourceOutline],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let order = loop {
        match topological_order(queries, sources) {
            Ok(order) => break order,
            Err(cycle) => diagnostics.extend(break_cycle(&cycle, queries, sources)),
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

fn topological_order(queries: &[QueryOutline<'_>], sources: &[SourceOutline]) -> Result<Vec<String>, Cycle> {
    let mut graph = DependencyGraph::new();
    for source in sources {
        for dependency in &source.depends_on {
            graph.add_dependency(&source.id, dependency);
        }
    }
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

/// Takes a cycle apart, so that what it needs no more can be ordered, and says where it is.
fn break_cycle(cycle: &Cycle, queries: &mut [QueryOutline<'_>], sources: &mut [SourceOutline]) -> Option<Diagnostic> {
    let mut place = None;
    for query in queries.iter_mut().filter(|query| cycle.path.contains(&query.name)) {
        query.reads.clear();
        query.depends_on.clear();
        query.broken = true;
        place.get_or_insert(query.headline);
    }
    for source in sources.iter_mut().filter(|source| cycle.path.contains(&source.id)) {
        source.depends_on.clear();
        source.is_usable = false;
        place.get_or_insert(source.span);
    }
    let message = format!("statements depend on each other in a circle: {cycle}");
    place.map(|place| {
        Diagnostic::new(&code::CYCLE, place, message).with_help("let one of them read its input from a source instead")
    })
}
