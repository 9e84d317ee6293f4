use crate::Cycle;
use crate::digraph::Digraph;
use crate::names::Names;

/// Names and which of them need which others, for things that have nothing but a name.
///
/// Names are compared exactly, and whatever is mentioned is a node. For tables, see
/// [`TableDependencyGraph`](crate::TableDependencyGraph).
///
/// ```
/// use velo_graph::DependencyGraph;
///
/// let mut graph = DependencyGraph::new();
/// graph.add_dependency("alerts", "totals");
/// graph.add_dependency("totals", "orders");
/// assert_eq!(graph.topological_order(), Ok(vec!["orders", "totals", "alerts"]));
/// ```
#[derive(Debug, Clone, Default)]
pub struct DependencyGraph {
    names: Names,
    edges: Digraph,
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
        let node = self.node(name);
        let dependency = self.node(dependency);
        self.edges.add_edge(node, dependency);
    }

    /// All nodes, each behind what it needs; among those that could come next, in the order in which they were
    /// added.
    ///
    /// # Errors
    ///
    /// When nodes need each other in a circle: the circle of the node that was added first.
    pub fn topological_order(&self) -> Result<Vec<&str>, Cycle> {
        let order = self.edges.order(|node| node);
        let spelled = |nodes: Vec<usize>| nodes.into_iter().map(|node| self.names.spelling(node));
        match self.edges.cycle_outside(&order, |node| node) {
            None => Ok(spelled(order).collect()),
            Some(cycle) => Err(Cycle {
                path: spelled(cycle).map(str::to_owned).collect(),
            }),
        }
    }

    fn node(&mut self, name: &str) -> usize {
        let node = self.names.mention(name.to_owned(), name);
        self.edges.grow(self.names.len());
        node
    }
}
