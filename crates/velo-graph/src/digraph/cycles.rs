use std::collections::{HashMap, VecDeque};

use super::Digraph;

impl Digraph {
    /// One circle for each set of nodes that all need each other: from the node of the lowest rank, along edges,
    /// the shortest way back to it. First and last node are the same; circles are sorted by it.
    pub(crate) fn cycles(&self, rank: impl Fn(usize) -> usize) -> Vec<Vec<usize>> {
        let components = self.components();
        let mut first_of: HashMap<usize, usize> = HashMap::new();
        for (node, component) in components.iter().enumerate() {
            let first = first_of.entry(*component).or_insert(node);
            if rank(node) < rank(*first) {
                *first = node;
            }
        }
        let mut starts: Vec<usize> = first_of.into_values().collect();
        starts.sort_by_key(|node| (rank(*node), *node));
        starts
            .into_iter()
            .filter_map(|start| self.shortest_cycle(start, &components))
            .collect()
    }

    /// The first circle, if there is one that keeps nodes out of the order.
    pub(crate) fn cycle_outside(&self, order: &[usize], rank: impl Fn(usize) -> usize) -> Option<Vec<usize>> {
        let complete = order.len() == self.len();
        if complete {
            None
        } else {
            self.cycles(rank).into_iter().next()
        }
    }

    /// Breadth first from `start` within its component until an edge leads back.
    fn shortest_cycle(&self, start: usize, components: &[usize]) -> Option<Vec<usize>> {
        let mut reached_from = HashMap::from([(start, start)]);
        let mut to_visit = VecDeque::from([start]);
        while let Some(node) = to_visit.pop_front() {
            for &dependency in &self.dependencies[node] {
                if dependency == start {
                    return Some(path_back(start, node, &reached_from));
                }
                if components[dependency] == components[start] && !reached_from.contains_key(&dependency) {
                    reached_from.insert(dependency, node);
                    to_visit.push_back(dependency);
                }
            }
        }
        None
    }

    /// For each node the number of its strongly connected component (Tarjan's algorithm with a stack of its own).
    fn components(&self) -> Vec<usize> {
        let mut search = ComponentSearch::new(self.len());
        for root in 0..self.len() {
            if search.visits[root] == UNSEEN {
                search.visit_from(root, self);
            }
        }
        search.components
    }
}

/// From `start` over `last` back to `start`.
fn path_back(start: usize, last: usize, reached_from: &HashMap<usize, usize>) -> Vec<usize> {
    let mut path = vec![start];
    let mut node = last;
    while node != start {
        path.push(node);
        node = reached_from[&node];
    }
    path.push(start);
    path.reverse();
    path
}

/// Stands for a visit that did not happen yet and a component that is not known yet.
const UNSEEN: usize = usize::MAX;

struct ComponentSearch {
    /// When a node was first seen, counted from 0.
    visits: Vec<usize>,
    /// The earliest visit among the open nodes that a node is known to lead to.
    lowest: Vec<usize>,
    components: Vec<usize>,
    /// Nodes whose component is not complete, in the order of their visits.
    open: Vec<usize>,
    visit_count: usize,
    component_count: usize,
}

impl ComponentSearch {
    fn new(len: usize) -> Self {
        Self {
            visits: vec![UNSEEN; len],
            lowest: vec![UNSEEN; len],
            components: vec![UNSEEN; len],
            open: Vec::new(),
            visit_count: 0,
            component_count: 0,
        }
    }

    fn visit_from(&mut self, root: usize, graph: &Digraph) {
        self.enter(root);
        // A node and which of its dependencies to look at next.
        let mut stack = vec![(root, 0)];
        while let Some((node, next)) = stack.last_mut() {
            let node = *node;
            if let Some(&dependency) = graph.dependencies[node].get(*next) {
                *next += 1;
                if self.visits[dependency] == UNSEEN {
                    self.enter(dependency);
                    stack.push((dependency, 0));
                } else if self.components[dependency] == UNSEEN {
                    self.lowest[node] = self.lowest[node].min(self.visits[dependency]);
                }
                continue;
            }
            stack.pop();
            if let Some((parent, _)) = stack.last() {
                self.lowest[*parent] = self.lowest[*parent].min(self.lowest[node]);
            }
            self.leave(node);
        }
    }

    fn enter(&mut self, node: usize) {
        self.visits[node] = self.visit_count;
        self.lowest[node] = self.visit_count;
        self.visit_count += 1;
        self.open.push(node);
    }

    /// A node that leads to none seen earlier completes a component: itself and what was opened since.
    fn leave(&mut self, node: usize) {
        if self.lowest[node] != self.visits[node] {
            return;
        }
        while let Some(member) = self.open.pop() {
            self.components[member] = self.component_count;
            if member == node {
                break;
            }
        }
        self.component_count += 1;
    }
}
