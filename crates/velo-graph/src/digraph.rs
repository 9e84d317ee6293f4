//! Nodes as numbers, edges as lists: every algorithm of this crate, once.
//!
//! Nothing in here recurses, so that a chain may be as long as memory lasts, and every function takes time in
//! proportion to the nodes and edges that it looks at.

mod cycles;
mod order;

use std::collections::HashSet;

/// A directed graph whose nodes are `0..len`; an edge goes from a node to one that it needs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Digraph {
    dependencies: Vec<Vec<usize>>,
    dependents: Vec<Vec<usize>>,
}

/// Along which end of the edges to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From a node to those that it needs.
    Dependencies,
    /// From a node to those that need it.
    Dependents,
}

impl Digraph {
    /// Makes room for nodes up to `len`, which begin without edges.
    pub(crate) fn grow(&mut self, len: usize) {
        self.dependencies.resize_with(len, Vec::new);
        self.dependents.resize_with(len, Vec::new);
    }

    /// Says that `node` needs `dependency`. The same edge may be there several times; it changes no answer.
    pub(crate) fn add_edge(&mut self, node: usize, dependency: usize) {
        self.dependencies[node].push(dependency);
        self.dependents[dependency].push(node);
    }

    pub(crate) fn len(&self) -> usize {
        self.dependencies.len()
    }

    /// The nodes at the other end of the edges of `node`.
    pub(crate) fn neighbors(&self, node: usize, direction: Direction) -> &[usize] {
        match direction {
            Direction::Dependencies => &self.dependencies[node],
            Direction::Dependents => &self.dependents[node],
        }
    }

    /// The given nodes and everything that can be reached from them, each once.
    pub(crate) fn reachable(&self, from: impl IntoIterator<Item = usize>, direction: Direction) -> HashSet<usize> {
        let mut reached = HashSet::new();
        let mut to_visit: Vec<usize> = from.into_iter().filter(|node| reached.insert(*node)).collect();
        while let Some(node) = to_visit.pop() {
            let neighbors = self.neighbors(node, direction).iter().copied();
            to_visit.extend(neighbors.filter(|neighbor| reached.insert(*neighbor)));
        }
        reached
    }
}
