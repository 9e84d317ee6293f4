use velo_common::Name;

use super::TableDependencyGraph;
use crate::digraph::Direction;
use crate::{DependencyError, MissingTable};

impl TableDependencyGraph {
    /// Checks that every table that is needed was added. Circles are another matter: see
    /// [`detect_cycles`](Self::detect_cycles).
    ///
    /// ```
    /// use velo_graph::{DependencyError, NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};
    ///
    /// let mut graph = TableDependencyGraph::new();
    /// graph.add_table("totals", TableMetadata::default(), ["orders"])?;
    /// assert!(matches!(graph.validate_dependencies(), Err(DependencyError::Missing { .. })));
    /// graph.add_table("orders", TableMetadata::default(), NO_DEPENDENCIES)?;
    /// assert!(graph.validate_dependencies().is_ok());
    /// # Ok::<(), DependencyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`DependencyError::Missing`] with all tables that are needed and not there, who needs them, and what was
    /// probably meant.
    pub fn validate_dependencies(&self) -> Result<(), DependencyError> {
        let tables = self.missing_tables();
        if tables.is_empty() {
            Ok(())
        } else {
            Err(DependencyError::Missing { tables })
        }
    }

    /// Tables that are needed and not there, by name.
    pub(crate) fn missing_tables(&self) -> Vec<MissingTable> {
        let mut missing: Vec<usize> = (0..self.edges.len()).filter(|node| self.is_missing(*node)).collect();
        missing.sort_by_cached_key(|node| Name::fold(self.name(*node)));
        let mut suggester = self.suggester();
        let described = missing.into_iter().map(|node| {
            let name = self.name(node).to_owned();
            let needed_by = self.neighbors(node, Direction::Dependents);
            // A table is often named after what it reads; it did not mean itself.
            let suggestion = suggester
                .nearest(&name)
                .filter(|other| !needed_by.contains(&other.as_str()));
            let needed_by = needed_by.into_iter().map(str::to_owned).collect();
            MissingTable {
                name,
                needed_by,
                suggestion,
            }
        });
        described.collect()
    }

    fn is_missing(&self, node: usize) -> bool {
        self.table_of[node].is_none()
    }
}
