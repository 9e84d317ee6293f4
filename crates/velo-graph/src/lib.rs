//! Dependency graph: an order to start in, and circles with their path.
//!
//! Start at [`DependencyGraph`]. Nodes are names; an edge says that one needs another. This crate knows neither
//! SQL nor tables.
//!
//! ```
//! use velo_graph::DependencyGraph;
//!
//! let mut graph = DependencyGraph::new();
//! graph.add_dependency("alerts", "totals");
//! graph.add_dependency("totals", "orders");
//! assert_eq!(graph.topological_order(), Ok(vec!["orders", "totals", "alerts"]));
//! ```

use std::collections::HashMap;

/// Names and which of them need which others.
#[derive(Debug, Clone, Default)]
pub struct DependencyGraph {
    names: Vec<String>,
    index_of: HashMap<String, usize>,
    dependencies: Vec<Vec<usize>>,
}

/// Names that need each other in a circle: each needs the next, and the last is the first again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle {
    /// At least two names; the first and the last are equal.
    pub path: Vec<String>,
}

impl std::fmt::Display for Cycle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.path.join(" → "))
    }
}

impl std::error::Error for Cycle {}

/// How far the depth-first search has come with a node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    New,
    Open,
    Done,
}

impl DependencyGraph {
    /// A graph without nodes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a node; one that is there already stays as it is.
    pub fn add_node(&mut self, name: &str) {
        self.node(name);
    }

    /// Says that `name` needs `dependency`; both become nodes.
    pub fn add_dependency(&mut self, name: &str, dependency: &str) {
        let from = self.node(name);
        let to = self.node(dependency);
        if !self.dependencies[from].contains(&to) {
            self.dependencies[from].push(to);
        }
    }

    /// All nodes, each behind what it needs; among equals in the order in which they were added.
    ///
    /// Takes time in proportion to nodes and edges, and does not recurse.
    ///
    /// # Errors
    ///
    /// When nodes need each other in a circle; the first such circle found.
    pub fn topological_order(&self) -> Result<Vec<&str>, Cycle> {
        let mut order = Vec::with_capacity(self.names.len());
        let mut visits = vec![Visit::New; self.names.len()];
        for root in 0..self.names.len() {
            self.visit_from(root, &mut visits, &mut order)?;
        }
        Ok(order.into_iter().map(|node| self.names[node].as_str()).collect())
    }

    /// Depth-first search with a stack of its own: `(node, next dependency to look at)`.
    fn visit_from(&self, root: usize, visits: &mut [Visit], order: &mut Vec<usize>) -> Result<(), Cycle> {
        if visits[root] != Visit::New {
            return Ok(());
        }
        visits[root] = Visit::Open;
        let mut stack = vec![(root, 0)];
        while let Some((node, next)) = stack.last_mut() {
            let Some(&dependency) = self.dependencies[*node].get(*next) else {
                visits[*node] = Visit::Done;
                order.push(*node);
                stack.pop();
                continue;
            };
            *next += 1;
            match visits[dependency] {
                Visit::Done => {}
                Visit::Open => return Err(self.cycle(&stack, dependency)),
                Visit::New => {
                    visits[dependency] = Visit::Open;
                    stack.push((dependency, 0));
                }
            }
        }
        Ok(())
    }

    fn cycle(&self, stack: &[(usize, usize)], closing: usize) -> Cycle {
        let circle = stack.iter().map(|(node, _)| *node).skip_while(|node| *node != closing);
        let path = circle.chain([closing]).map(|node| self.names[node].clone()).collect();
        Cycle { path }
    }

    fn node(&mut self, name: &str) -> usize {
        if let Some(index) = self.index_of.get(name) {
            return *index;
        }
        let index = self.names.len();
        self.names.push(name.to_owned());
        self.index_of.insert(name.to_owned(), index);
        self.dependencies.push(Vec::new());
        index
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn graph(edges: &[(&str, &str)]) -> DependencyGraph {
        let mut graph = DependencyGraph::new();
        for (name, dependency) in edges {
            graph.add_dependency(name, dependency);
        }
        graph
    }

    #[test]
    fn a_circle_is_reported_with_its_path() {
        let cycle = graph(&[("x", "a"), ("a", "b"), ("b", "c"), ("c", "a")])
            .topological_order()
            .expect_err("a circle");
        assert_eq!(cycle.to_string(), "a → b → c → a");
        let own = graph(&[("a", "a")]).topological_order().expect_err("a circle");
        assert_eq!(own.to_string(), "a → a");
    }

    #[test]
    fn deep_chains_do_not_recurse() {
        let mut graph = DependencyGraph::new();
        for node in 0..100_000 {
            graph.add_dependency(&node.to_string(), &(node + 1).to_string());
        }
        assert_eq!(
            graph.topological_order().map(|order| order[0].to_owned()),
            Ok("100000".to_owned())
        );
    }

    proptest! {
        /// Edges that point to larger numbers only cannot form a circle, and every node comes behind what it needs.
        #[test]
        fn order_respects_every_edge(edges in proptest::collection::vec((0u8..40, 1u8..40), 0..120)) {
            let mut graph = DependencyGraph::new();
            let edges: Vec<(String, String)> =
                edges.into_iter().map(|(from, gap)| (from.to_string(), (u16::from(from) + u16::from(gap)).to_string())).collect();
            for (name, dependency) in &edges {
                graph.add_dependency(name, dependency);
            }
            let order = graph.topological_order().expect("no circle");
            let place = |name: &str| order.iter().position(|node| *node == name);
            for (name, dependency) in &edges {
                prop_assert!(place(dependency) < place(name));
            }
        }
    }
}
