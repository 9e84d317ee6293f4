use std::collections::HashSet;

use super::TableDependencyGraph;
use crate::DependencyError;
use crate::digraph::Direction;

impl TableDependencyGraph {
    /// Tables that none of these roots needs, directly or through others, in the order of addition: nobody would miss
    /// them. A root is reached.
    ///
    /// ```
    /// # use velo_graph::{NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};
    /// let mut graph = TableDependencyGraph::new();
    /// graph.add_table("orders", TableMetadata::new("file"), NO_DEPENDENCIES)?;
    /// graph.add_table("totals", TableMetadata::default(), ["orders"])?;
    /// graph.add_table("forgotten", TableMetadata::default(), ["orders"])?;
    /// assert_eq!(graph.unreachable_from(["totals"])?, ["forgotten"]);
    /// # Ok::<(), velo_graph::DependencyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`DependencyError::UnknownTable`] when a root is not a table of the graph.
    pub fn unreachable_from<'a>(&self, roots: impl IntoIterator<Item = &'a str>) -> Result<Vec<&str>, DependencyError> {
        let reached = self.reachable(self.known_nodes(roots)?, Direction::Dependencies);
        let unreached = self.nodes().filter(|node| !reached.contains(node));
        Ok(unreached.map(|node| self.name(node)).collect())
    }

    /// The graph of these tables alone. What they need of other tables is left out, as if that was loaded already.
    ///
    /// ```
    /// # use velo_graph::{NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};
    /// let mut graph = TableDependencyGraph::new();
    /// graph.add_table("orders", TableMetadata::new("file"), NO_DEPENDENCIES)?;
    /// graph.add_table("totals", TableMetadata::default(), ["orders"])?;
    /// graph.add_table("report", TableMetadata::default(), ["totals"])?;
    /// let part = graph.subgraph(["report", "totals"])?;
    /// assert_eq!(part.compute_loading_waves()?, [["totals"], ["report"]]);
    /// # Ok::<(), velo_graph::DependencyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`DependencyError::UnknownTable`] when one of them is not a table of the graph.
    pub fn subgraph<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<Self, DependencyError> {
        let kept: HashSet<usize> = self.known_nodes(names)?.into_iter().collect();
        let mut part = Self::new();
        for (node, table) in self.nodes().zip(self.tables()).filter(|(node, _)| kept.contains(node)) {
            let dependencies = self.edges.neighbors(node, Direction::Dependencies).iter();
            let dependencies = dependencies.filter(|dependency| kept.contains(dependency));
            let dependencies = dependencies.map(|dependency| self.name(*dependency));
            part.add_table(table.name.clone(), table.metadata.clone(), dependencies)?;
        }
        Ok(part)
    }

    fn known_nodes<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<Vec<usize>, DependencyError> {
        let node = |name| self.table_node(name).ok_or_else(|| self.unknown_table(name));
        names.into_iter().map(node).collect()
    }

    fn unknown_table(&self, name: &str) -> DependencyError {
        DependencyError::UnknownTable {
            name: name.to_owned(),
            suggestion: self.suggester().nearest(name),
        }
    }
}
