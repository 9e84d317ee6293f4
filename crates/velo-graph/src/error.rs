use std::fmt;

use serde::Serialize;

use crate::Cycle;

/// Why tables cannot be put in an order, or a graph cannot be built or asked as it was.
///
/// Every message says what to change:
///
/// ```
/// use velo_graph::{DependencyError, NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};
///
/// let mut graph = TableDependencyGraph::new();
/// graph.add_table("orders", TableMetadata::new("file"), NO_DEPENDENCIES)?;
/// graph.add_table("totals", TableMetadata::default(), ["ordres"])?;
/// let error = graph.topological_load_order().unwrap_err();
/// assert!(matches!(&error, DependencyError::Missing { tables } if tables[0].name == "ordres"));
/// assert_eq!(
///     error.to_string(),
///     "there is no table `ordres`, which `totals` needs: a similar table exists: `orders`"
/// );
/// # Ok::<(), DependencyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DependencyError {
    /// Tables need each other in a circle, so that none of them can be first.
    #[error("tables need each other in a circle: {0}; let one of them read a source instead")]
    Cycle(Cycle),
    /// Tables are needed that were never added.
    #[error("{}", lines(tables))]
    Missing {
        /// All of them, in the order of their names; never empty.
        tables: Vec<MissingTable>,
    },
    /// A table was added again. The graph keeps the first one.
    #[error("there is a table `{first}` already; give `{name}` another name")]
    Duplicate {
        /// The name as it was given the second time.
        name: String,
        /// The name of the table that is there.
        first: String,
    },
    /// The question was about a table that was never added.
    #[error("there is no table `{name}`{}", hint(suggestion.as_deref(), ""))]
    UnknownTable {
        /// The name that was given.
        name: String,
        /// The table that was probably meant.
        suggestion: Option<String>,
    },
}

/// A table that others need and that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissingTable {
    /// Its name, as it was spelled where it was first needed.
    pub name: String,
    /// Tables that need it, in the order of addition; never empty.
    pub needed_by: Vec<String>,
    /// The table that was probably meant.
    pub suggestion: Option<String>,
}

/// So many of the tables that need a missing one are named in a message.
const NEEDED_BY_SHOWN_MAX: usize = 3;

impl fmt::Display for MissingTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (need, they_read) = if self.needed_by.len() == 1 {
            ("needs", "it reads")
        } else {
            ("need", "they read")
        };
        let needed_by = shortened(&self.needed_by);
        let otherwise = format!(": create it, or take it out of what {they_read}");
        let help = hint(self.suggestion.as_deref(), &otherwise);
        write!(f, "there is no table `{}`, which {needed_by} {need}{help}", self.name)
    }
}

/// `` `a`, `b` and `c` ``, or the first few and how many more there are.
fn shortened(names: &[String]) -> String {
    let shown = if names.len() > NEEDED_BY_SHOWN_MAX + 1 {
        NEEDED_BY_SHOWN_MAX
    } else {
        names.len()
    };
    let (first, more) = names.split_at(shown);
    let mut words: Vec<String> = first.iter().map(|name| format!("`{name}`")).collect();
    if !more.is_empty() {
        words.push(format!("{} more", more.len()));
    }
    match words.split_last() {
        Some((last, [_, ..])) => format!("{} and {last}", words[..words.len() - 1].join(", ")),
        _ => words.concat(),
    }
}

fn hint(suggestion: Option<&str>, otherwise: &str) -> String {
    suggestion.map_or_else(
        || otherwise.to_owned(),
        |name| format!(": a similar table exists: `{name}`"),
    )
}

fn lines(tables: &[MissingTable]) -> String {
    let lines: Vec<String> = tables.iter().map(MissingTable::to_string).collect();
    lines.join("\n")
}
