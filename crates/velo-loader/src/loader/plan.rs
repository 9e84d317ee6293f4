use std::collections::HashMap;
use std::sync::Arc;

use velo_graph::{DependencyError, TableDependencyGraph, TableNode};

use crate::LoadTable;

/// Why a load cannot begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadPlanError {
    /// The graph has no order to load in.
    #[error("the tables cannot be put in an order")]
    Dependencies(#[from] DependencyError),
    /// A table is to be loaded that the graph does not know.
    #[error("table `{table}` is to be loaded, but is not part of the dependency graph")]
    NotInGraph {
        /// The table.
        table: String,
    },
    /// There are two ways to load a table.
    #[error("table `{table}` is to be loaded twice")]
    Twice {
        /// The table.
        table: String,
    },
}

/// The tables of one load, in load order: each behind what it needs.
pub(crate) struct LoadPlan {
    pub(crate) tables: Vec<PlannedTable>,
    /// The tables of each wave.
    pub(crate) waves: Vec<Vec<usize>>,
}

/// A table of a plan; other tables are known by their place in it.
pub(crate) struct PlannedTable {
    pub(crate) name: String,
    pub(crate) load: Arc<dyn LoadTable>,
    /// From 0.
    pub(crate) wave: usize,
    pub(crate) priority: i32,
    /// Its place in the order in which tables were added to the graph.
    pub(crate) addition: usize,
    pub(crate) estimated_bytes: Option<u64>,
    pub(crate) dependencies: Vec<usize>,
    pub(crate) dependents: Vec<usize>,
}

impl LoadPlan {
    /// What is needed without being among `loads` is taken to be there already.
    pub(crate) fn new(
        graph: &TableDependencyGraph,
        loads: impl IntoIterator<Item = (String, Arc<dyn LoadTable>)>,
    ) -> Result<Self, LoadPlanError> {
        let order = graph.topological_load_order()?;
        let mut loads = loads_by_name(graph, loads)?;
        let nodes: HashMap<&str, (usize, &TableNode)> = graph
            .tables()
            .enumerate()
            .map(|(addition, node)| (node.name.as_str(), (addition, node)))
            .collect();
        let mut plan = Self {
            tables: Vec::with_capacity(loads.len()),
            waves: Vec::new(),
        };
        let mut place_of: HashMap<&str, usize> = HashMap::with_capacity(loads.len());
        for name in &order {
            let (Some(load), Some((addition, node))) = (loads.remove(name.as_str()), nodes.get(name.as_str())) else {
                continue;
            };
            let needed = graph.get_dependencies(name).unwrap_or_default();
            let dependencies = needed
                .into_iter()
                .filter_map(|name| place_of.get(name).copied())
                .collect();
            place_of.insert(name, plan.tables.len());
            plan.push(node, *addition, load, dependencies);
        }
        Ok(plan)
    }

    fn push(&mut self, node: &TableNode, addition: usize, load: Arc<dyn LoadTable>, dependencies: Vec<usize>) {
        let place = self.tables.len();
        for dependency in &dependencies {
            self.tables[*dependency].dependents.push(place);
        }
        let last_before = dependencies
            .iter()
            .map(|dependency| self.tables[*dependency].wave)
            .max();
        let wave = last_before.map_or(0, |wave| wave + 1);
        if self.waves.len() <= wave {
            self.waves.resize_with(wave + 1, Vec::new);
        }
        self.waves[wave].push(place);
        self.tables.push(PlannedTable {
            name: node.name.clone(),
            load,
            wave,
            priority: node.metadata.priority,
            addition,
            estimated_bytes: node.metadata.estimated_bytes,
            dependencies,
            dependents: Vec::new(),
        });
    }
}

/// The loads under the names that the graph has for their tables.
fn loads_by_name(
    graph: &TableDependencyGraph,
    loads: impl IntoIterator<Item = (String, Arc<dyn LoadTable>)>,
) -> Result<HashMap<&str, Arc<dyn LoadTable>>, LoadPlanError> {
    let mut by_name = HashMap::new();
    for (table, load) in loads {
        let Some(node) = graph.table(&table) else {
            return Err(LoadPlanError::NotInGraph { table });
        };
        if by_name.insert(node.name.as_str(), load).is_some() {
            return Err(LoadPlanError::Twice { table });
        }
    }
    Ok(by_name)
}
