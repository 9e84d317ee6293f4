use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Digraph;

impl Digraph {
    /// Nodes, each behind those that it needs; whenever several are ready, the one of the lowest rank comes first.
    ///
    /// Nodes in a circle, and those that need one of them, are left out: the order is complete when it is as long
    /// as the graph. (Kahn's algorithm; the heap holds only what is ready.)
    pub(crate) fn order(&self, rank: impl Fn(usize) -> usize) -> Vec<usize> {
        let mut waits_for: Vec<usize> = self.dependencies.iter().map(Vec::len).collect();
        let ranked = |node: usize| Reverse((rank(node), node));
        let free = (0..self.len()).filter(|node| waits_for[*node] == 0);
        let mut ready: BinaryHeap<_> = free.map(ranked).collect();
        let mut order = Vec::with_capacity(self.len());
        while let Some(Reverse((_, node))) = ready.pop() {
            order.push(node);
            for dependent in &self.dependents[node] {
                waits_for[*dependent] -= 1;
                if waits_for[*dependent] == 0 {
                    ready.push(ranked(*dependent));
                }
            }
        }
        order
    }

    /// How many edges the longest path from each node has, counted from `base` of the node where it ends.
    ///
    /// Takes an order as [`Digraph::order`] gives it; nodes that are not part of it have no depth.
    pub(crate) fn depths(&self, order: &[usize], base: impl Fn(usize) -> usize) -> Vec<Option<usize>> {
        let mut depths: Vec<Option<usize>> = vec![None; self.len()];
        for &node in order {
            let below = self.dependencies[node]
                .iter()
                .filter_map(|dependency| depths[*dependency]);
            let depth = below.map(|depth| depth + 1).max().unwrap_or(0);
            depths[node] = Some(depth.max(base(node)));
        }
        depths
    }
}
