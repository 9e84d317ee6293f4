//! The graph of tables: what is added, and who is next to whom.

mod check;
mod order;
mod part;

use std::collections::HashSet;

use velo_common::Name;

use crate::digraph::{Digraph, Direction};
use crate::names::Names;
use crate::suggest::Suggester;
use crate::{DependencyError, TableMetadata, TableNode};

/// What to hand to [`TableDependencyGraph::add_table`] for a table that needs no other.
pub const NO_DEPENDENCIES: [&str; 0] = [];

/// Tables and which others each of them needs before it can be loaded.
///
/// Tables may be added in any order, before or after those that they need. Names are compared as unquoted SQL
/// names are, whatever their case; answers spell a table as it was spelled when it was added. Building takes time in
/// proportion to tables and edges, and so does every answer about the whole graph.
///
/// ```
/// use velo_graph::{NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};
///
/// let mut graph = TableDependencyGraph::new();
/// graph.add_table("order_facts", TableMetadata::default(), ["orders", "customers"])?;
/// graph.add_table("orders", TableMetadata::new("file"), NO_DEPENDENCIES)?;
/// graph.add_table("customers", TableMetadata::new("database").with_priority(10), NO_DEPENDENCIES)?;
///
/// assert_eq!(graph.topological_load_order()?, ["customers", "orders", "order_facts"]);
/// assert_eq!(graph.compute_loading_waves()?, [vec!["customers", "orders"], vec!["order_facts"]]);
/// # Ok::<(), velo_graph::DependencyError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct TableDependencyGraph {
    /// In the order of addition.
    tables: Vec<TableNode>,
    /// For each table, its node.
    node_of: Vec<usize>,
    /// One node for each name that was mentioned, be it of a table or only of one that is needed.
    names: Names,
    /// For each node, its table, once that was added.
    table_of: Vec<Option<usize>>,
    edges: Digraph,
}

impl TableDependencyGraph {
    /// A graph without tables.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a table and says what it needs, whether that was added already or will be. A dependency that is named
    /// twice counts once.
    ///
    /// ```
    /// use std::collections::HashSet;
    /// use velo_graph::{NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};
    ///
    /// let mut graph = TableDependencyGraph::new();
    /// graph.add_table("totals", TableMetadata::default(), HashSet::from(["orders"]))?;
    /// graph.add_table("orders", TableMetadata::new("file"), NO_DEPENDENCIES)?;
    /// assert!(graph.add_table("ORDERS", TableMetadata::new("file"), NO_DEPENDENCIES).is_err());
    /// # Ok::<(), velo_graph::DependencyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`DependencyError::Duplicate`] when there is a table of this name; the graph stays as it was.
    pub fn add_table(
        &mut self,
        name: impl Into<String>,
        metadata: TableMetadata,
        dependencies: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<(), DependencyError> {
        let name = name.into();
        let node = self.mention(Name::fold(&name), &name);
        if let Some(first) = self.node_table(node) {
            let first = first.name.clone();
            return Err(DependencyError::Duplicate { name, first });
        }
        self.table_of[node] = Some(self.tables.len());
        self.node_of.push(node);
        self.tables.push(TableNode { name, metadata });
        for (key, spelling) in sorted_by_key(dependencies) {
            let dependency = self.mention(key, &spelling);
            self.edges.add_edge(node, dependency);
        }
        Ok(())
    }

    /// How many tables were added.
    pub fn len(&self) -> usize {
        self.tables.len()
    }

    /// Whether no table was added.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// All tables in the order of addition.
    pub fn tables(&self) -> impl ExactSizeIterator<Item = &TableNode> {
        self.tables.iter()
    }

    /// The table of this name, if it was added.
    pub fn table(&self, name: &str) -> Option<&TableNode> {
        self.node_table(self.table_node(name)?)
    }

    /// What a table needs itself: tables in the order of addition, then missing ones by name. `None` when there is no
    /// such table.
    ///
    /// ```
    /// # use velo_graph::{NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};
    /// let mut graph = TableDependencyGraph::new();
    /// graph.add_table("orders", TableMetadata::new("file"), NO_DEPENDENCIES)?;
    /// graph.add_table("totals", TableMetadata::default(), ["orders"])?;
    /// graph.add_table("report", TableMetadata::default(), ["totals"])?;
    /// assert_eq!(graph.get_dependencies("report"), Some(vec!["totals"]));
    /// assert_eq!(graph.get_all_dependencies("report"), Some(vec!["orders", "totals"]));
    /// assert_eq!(graph.get_dependencies("ordres"), None);
    /// # Ok::<(), velo_graph::DependencyError>(())
    /// ```
    pub fn get_dependencies(&self, name: &str) -> Option<Vec<&str>> {
        Some(self.neighbors(self.table_node(name)?, Direction::Dependencies))
    }

    /// The tables that need a table themselves, in the order of addition. `None` when there is no such table.
    ///
    /// ```
    /// # use velo_graph::{NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};
    /// let mut graph = TableDependencyGraph::new();
    /// graph.add_table("orders", TableMetadata::new("file"), NO_DEPENDENCIES)?;
    /// graph.add_table("totals", TableMetadata::default(), ["orders"])?;
    /// graph.add_table("report", TableMetadata::default(), ["totals"])?;
    /// assert_eq!(graph.get_dependents("orders"), Some(vec!["totals"]));
    /// assert_eq!(graph.get_all_dependents("orders"), Some(vec!["totals", "report"]));
    /// # Ok::<(), velo_graph::DependencyError>(())
    /// ```
    pub fn get_dependents(&self, name: &str) -> Option<Vec<&str>> {
        Some(self.neighbors(self.table_node(name)?, Direction::Dependents))
    }

    /// What a table needs, directly or through others, in the order of [`get_dependencies`](Self::get_dependencies).
    /// The table itself is among it only when it is part of a circle.
    pub fn get_all_dependencies(&self, name: &str) -> Option<Vec<&str>> {
        self.closure(name, Direction::Dependencies)
    }

    /// The tables that need a table, directly or through others, in the order of addition. The table itself is among
    /// them only when it is part of a circle.
    pub fn get_all_dependents(&self, name: &str) -> Option<Vec<&str>> {
        self.closure(name, Direction::Dependents)
    }

    fn closure(&self, name: &str, direction: Direction) -> Option<Vec<&str>> {
        let neighbors = self.edges.neighbors(self.table_node(name)?, direction);
        Some(self.listed(self.reachable(neighbors.iter().copied(), direction)))
    }

    /// The names at the other end of the edges of a node.
    pub(crate) fn neighbors(&self, node: usize, direction: Direction) -> Vec<&str> {
        self.listed(self.edges.neighbors(node, direction).iter().copied())
    }

    /// Names of nodes: tables in the order of addition, then missing ones by name.
    fn listed(&self, nodes: impl IntoIterator<Item = usize>) -> Vec<&str> {
        let (mut tables, mut missing): (Vec<usize>, Vec<usize>) =
            nodes.into_iter().partition(|node| self.table_of[*node].is_some());
        tables.sort_unstable_by_key(|node| self.table_of[*node]);
        missing.sort_unstable_by_key(|node| Name::fold(self.name(*node)));
        tables.into_iter().chain(missing).map(|node| self.name(node)).collect()
    }

    /// The name of a node, spelled as the table is, or where there is none, as it was first mentioned.
    pub(crate) fn name(&self, node: usize) -> &str {
        self.node_table(node)
            .map_or_else(|| self.names.spelling(node), |table| &table.name)
    }

    pub(crate) fn node_table(&self, node: usize) -> Option<&TableNode> {
        self.table_of[node].map(|table| &self.tables[table])
    }

    /// The node of a table of this name; names that are only needed do not count.
    pub(crate) fn table_node(&self, name: &str) -> Option<usize> {
        self.names
            .number_of(&Name::fold(name))
            .filter(|node| self.table_of[*node].is_some())
    }

    pub(crate) fn suggester(&self) -> Suggester<'_> {
        Suggester::new(self.tables.iter().map(|table| table.name.as_str()))
    }

    fn mention(&mut self, key: String, spelling: &str) -> usize {
        let node = self.names.mention(key, spelling);
        self.table_of.resize(self.names.len(), None);
        self.edges.grow(self.names.len());
        node
    }

    /// The nodes of all tables in the order of addition.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = usize> {
        self.node_of.iter().copied()
    }

    /// The nodes of the given tables and of all that can be reached from them.
    pub(crate) fn reachable(&self, from: impl IntoIterator<Item = usize>, direction: Direction) -> HashSet<usize> {
        self.edges.reachable(from, direction)
    }
}

/// Each name once with its folded form, sorted by it, so that no answer depends on how a set happens to be iterated.
fn sorted_by_key(names: impl IntoIterator<Item = impl Into<String>>) -> Vec<(String, String)> {
    let spellings = names.into_iter().map(Into::into);
    let mut keyed: Vec<(String, String)> = spellings
        .map(|spelling: String| (Name::fold(&spelling), spelling))
        .collect();
    keyed.sort_unstable();
    keyed.dedup_by(|next, kept| next.0 == kept.0);
    keyed
}
