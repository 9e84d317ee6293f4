//! Drawings of a graph for people and programs.

mod dot;
mod facts;
mod mermaid;
mod text;

use std::collections::HashSet;

use serde::Serialize;

use crate::digraph::Direction;
use crate::{Cycle, MissingTable, TableDependencyGraph, TableMetadata};

/// All there is to say about a graph, in load order; also one that has circles or misses tables.
///
/// It can be serialized, and is drawn by [`to_text`](Self::to_text), [`to_dot`](Self::to_dot) and
/// [`to_mermaid`](Self::to_mermaid). Arrows of drawings go the way of the data: from a table to those that need it.
///
/// ```
/// use velo_graph::{NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};
///
/// let mut graph = TableDependencyGraph::new();
/// graph.add_table("orders", TableMetadata::new("file").with_estimated_rows(1200), NO_DEPENDENCIES)?;
/// graph.add_table("totals", TableMetadata::default(), ["orders"])?;
///
/// let description = graph.describe();
/// assert_eq!(description.to_text(), "\
/// 2 tables in 2 waves
///
/// wave 1
/// └─ orders (file, 1,200 rows)
/// wave 2
/// └─ totals
///    needs orders
/// ");
/// let json = serde_json::to_value(&description)?;
/// assert_eq!(json["tables"][1]["dependencies"][0], "orders");
/// assert_eq!(json["waves"][0][0], "orders");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GraphDescription<'a> {
    /// By wave, within a wave as it lists them; those in no wave at the end.
    pub tables: Vec<TableDescription<'a>>,
    /// The names of the tables of each wave, as far as circles let tables be in one.
    pub waves: Vec<Vec<&'a str>>,
    /// See [`TableDependencyGraph::detect_cycles`].
    pub cycles: Vec<Cycle>,
    /// Tables that are needed and were not added.
    pub missing: Vec<MissingTable>,
}

/// All there is to say about a table of the graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableDescription<'a> {
    /// As it was spelled when it was added.
    pub name: &'a str,
    /// The number of its wave, from 1; `None` when it is in a circle or needs a table that is.
    pub wave: Option<usize>,
    /// What was said about it; its fields stand among those of the table when it is serialized.
    #[serde(flatten)]
    pub metadata: &'a TableMetadata,
    /// See [`TableDependencyGraph::get_dependencies`].
    pub dependencies: Vec<&'a str>,
    /// See [`TableDependencyGraph::get_dependents`].
    pub dependents: Vec<&'a str>,
}

impl GraphDescription<'_> {
    /// Every edge the way of the data: what is needed, then who needs it.
    fn edges<'a>(&'a self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let of_table = |table: &'a TableDescription<'_>| {
            let name = table.name;
            table.dependencies.iter().map(move |dependency| (*dependency, name))
        };
        self.tables.iter().flat_map(of_table)
    }

    /// The edges of circles, the way of the data.
    fn circular_edges(&self) -> HashSet<(&str, &str)> {
        let steps = self.cycles.iter().flat_map(|cycle| cycle.path.windows(2));
        steps.map(|step| (step[1].as_str(), step[0].as_str())).collect()
    }
}

impl TableDependencyGraph {
    /// Describes the graph as it is, be it in order or not.
    pub fn describe(&self) -> GraphDescription<'_> {
        let ranks = self.ranks();
        let waves = self.waves(&self.partial_order(&ranks), &ranks);
        let mut tables = Vec::with_capacity(self.len());
        for (index, wave) in waves.iter().enumerate() {
            tables.extend(wave.iter().filter_map(|node| self.described(*node, Some(index + 1))));
        }
        let ordered: HashSet<usize> = waves.iter().flatten().copied().collect();
        let unordered = self.nodes().filter(|node| !ordered.contains(node));
        tables.extend(unordered.filter_map(|node| self.described(node, None)));
        let names = |nodes: Vec<usize>| nodes.into_iter().map(|node| self.name(node)).collect();
        GraphDescription {
            tables,
            waves: waves.into_iter().map(names).collect(),
            cycles: self.detect_cycles(),
            missing: self.missing_tables(),
        }
    }

    fn described(&self, node: usize, wave: Option<usize>) -> Option<TableDescription<'_>> {
        let table = self.node_table(node)?;
        Some(TableDescription {
            name: &table.name,
            wave,
            metadata: &table.metadata,
            dependencies: self.neighbors(node, Direction::Dependencies),
            dependents: self.neighbors(node, Direction::Dependents),
        })
    }
}
