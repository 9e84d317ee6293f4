use std::cmp::Reverse;

use super::TableDependencyGraph;
use crate::{Cycle, DependencyError};

impl TableDependencyGraph {
    /// All tables, each behind what it needs. Whenever several could come next, the one of the highest priority does;
    /// among those, the one that was added first.
    ///
    /// ```
    /// # use velo_graph::{NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};
    /// let mut graph = TableDependencyGraph::new();
    /// graph.add_table("report", TableMetadata::default(), ["orders", "customers"])?;
    /// graph.add_table("orders", TableMetadata::default(), NO_DEPENDENCIES)?;
    /// graph.add_table("customers", TableMetadata::default().with_priority(1), NO_DEPENDENCIES)?;
    /// assert_eq!(graph.topological_load_order()?, ["customers", "orders", "report"]);
    /// # Ok::<(), velo_graph::DependencyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`DependencyError::Missing`] as [`validate_dependencies`](Self::validate_dependencies) has it, else
    /// [`DependencyError::Cycle`] with the first circle of [`detect_cycles`](Self::detect_cycles).
    pub fn topological_load_order(&self) -> Result<Vec<String>, DependencyError> {
        let order = self.complete_order(&self.ranks())?;
        Ok(order.into_iter().map(|node| self.name(node).to_owned()).collect())
    }

    /// The tables in waves: a table's wave is the one behind the last of those that it needs, so that the tables of one
    /// wave can be loaded side by side. Within a wave, a higher priority comes first, then the order of addition.
    ///
    /// ```
    /// # use velo_graph::{NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};
    /// let mut graph = TableDependencyGraph::new();
    /// graph.add_table("orders", TableMetadata::default(), NO_DEPENDENCIES)?;
    /// graph.add_table("totals", TableMetadata::default(), ["orders"])?;
    /// graph.add_table("report", TableMetadata::default(), ["orders", "totals"])?;
    /// graph.add_table("customers", TableMetadata::default(), NO_DEPENDENCIES)?;
    /// let waves = graph.compute_loading_waves()?;
    /// assert_eq!(waves, [vec!["orders", "customers"], vec!["totals"], vec!["report"]]);
    /// # Ok::<(), velo_graph::DependencyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`topological_load_order`](Self::topological_load_order).
    pub fn compute_loading_waves(&self) -> Result<Vec<Vec<String>>, DependencyError> {
        let ranks = self.ranks();
        let waves = self.waves(&self.complete_order(&ranks)?, &ranks);
        let owned = |wave: Vec<usize>| wave.into_iter().map(|node| self.name(node).to_owned()).collect();
        Ok(waves.into_iter().map(owned).collect())
    }

    /// One circle for each group of tables that all need each other: the shortest one through the table of the group
    /// that was added first. Empty when the tables can be put in an order.
    ///
    /// ```
    /// # use velo_graph::{NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};
    /// let mut graph = TableDependencyGraph::new();
    /// graph.add_table("a", TableMetadata::default(), ["b"])?;
    /// graph.add_table("b", TableMetadata::default(), ["c"])?;
    /// graph.add_table("c", TableMetadata::default(), ["a"])?;
    /// assert_eq!(graph.detect_cycles()[0].to_string(), "a → b → c → a");
    /// # Ok::<(), velo_graph::DependencyError>(())
    /// ```
    pub fn detect_cycles(&self) -> Vec<Cycle> {
        let cycles = self.edges.cycles(|node| self.addition(node));
        cycles.into_iter().map(|cycle| self.named_cycle(cycle)).collect()
    }

    /// The order in nodes, or why there is none.
    pub(crate) fn complete_order(&self, ranks: &[usize]) -> Result<Vec<usize>, DependencyError> {
        self.validate_dependencies()?;
        let order = self.edges.order(|node| ranks[node]);
        match self.edges.cycle_outside(&order, |node| self.addition(node)) {
            None => Ok(order),
            Some(cycle) => Err(DependencyError::Cycle(self.named_cycle(cycle))),
        }
    }

    /// As much of an order as there is when tables are missing or need each other in circles.
    pub(crate) fn partial_order(&self, ranks: &[usize]) -> Vec<usize> {
        self.edges.order(|node| ranks[node])
    }

    /// The tables of an order by waves; missing ones are in none.
    pub(crate) fn waves(&self, order: &[usize], ranks: &[usize]) -> Vec<Vec<usize>> {
        // Missing tables stand before the first wave, so that those that need nothing else are in it.
        let depths = self
            .edges
            .depths(order, |node| usize::from(self.table_of[node].is_some()));
        let mut tables = self.node_of.clone();
        tables.sort_unstable_by_key(|node| ranks[*node]);
        let mut waves: Vec<Vec<usize>> = Vec::new();
        for node in tables {
            let Some(index) = depths[node].and_then(|depth| depth.checked_sub(1)) else {
                continue;
            };
            if waves.len() <= index {
                waves.resize_with(index + 1, Vec::new);
            }
            waves[index].push(node);
        }
        waves
    }

    /// For each node its place among equals: higher priority first, then the order of addition. Missing tables, of
    /// which nothing is loaded, stand before all others.
    pub(crate) fn ranks(&self) -> Vec<usize> {
        let mut tables: Vec<usize> = (0..self.tables.len()).collect();
        tables.sort_by_key(|table| Reverse(self.tables[*table].metadata.priority));
        let mut ranks = vec![0; self.edges.len()];
        for (place, table) in tables.into_iter().enumerate() {
            ranks[self.node_of[table]] = place + 1;
        }
        ranks
    }

    /// When a table was added. Missing ones come last; they are part of no circle.
    fn addition(&self, node: usize) -> usize {
        self.table_of[node].unwrap_or(usize::MAX)
    }

    fn named_cycle(&self, cycle: Vec<usize>) -> Cycle {
        let path = cycle.into_iter().map(|node| self.name(node).to_owned()).collect();
        Cycle { path }
    }
}
