use std::fmt;

use crate::DependencyError;

/// Why a selection does not stand for any tables.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// There is no word in it.
    #[error("the selection is empty; name tables, as in `orders`, `+orders`, `dim_*` or `tag:daily`")]
    Empty,
    /// A word cannot be understood.
    #[error("`{term}` does not select tables: {problem}")]
    Malformed {
        /// The word.
        term: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Words match nothing in the graph.
    #[error("{}", lines(terms, tables))]
    Unmatched {
        /// The words; never empty.
        terms: Vec<UnmatchedTerm>,
        /// The tables that there are, in the order of addition.
        tables: Vec<String>,
    },
    /// The tables cannot be put in an order.
    #[error(transparent)]
    Dependency(#[from] DependencyError),
}

/// A word of a selection that matches no table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmatchedTerm {
    /// The word as it was written.
    pub term: String,
    /// The word that was probably meant: a table, or the tag of one.
    pub suggestion: Option<String>,
}

impl fmt::Display for UnmatchedTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` selects no table", self.term)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, "; did you mean `{suggestion}`?"),
            None => Ok(()),
        }
    }
}

/// Tables that are named, at most, to somebody whose words are near to none.
const TABLES_NAMED_MAX: usize = 8;

fn lines(terms: &[UnmatchedTerm], tables: &[String]) -> String {
    let mut lines: Vec<String> = terms.iter().map(UnmatchedTerm::to_string).collect();
    if terms.iter().any(|term| term.suggestion.is_none()) {
        lines.push(choice(tables));
    }
    lines.join("\n")
}

/// The tables that could have been named.
fn choice(tables: &[String]) -> String {
    let named: Vec<String> = tables
        .iter()
        .take(TABLES_NAMED_MAX)
        .map(|table| format!("`{table}`"))
        .collect();
    match tables.len() - named.len() {
        _ if tables.is_empty() => "there are no tables".to_owned(),
        0 => format!("the tables are {}", named.join(", ")),
        more => format!("the tables are {} and {more} more", named.join(", ")),
    }
}
