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
    #[error("{}", lines(.0))]
    Unmatched(Vec<UnmatchedTerm>),
    /// The tables cannot be put in an order.
    #[error(transparent)]
    Dependency(#[from] DependencyError),
}

/// A word of a selection that matches no table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmatchedTerm {
    /// The word as it was written.
    pub term: String,
    /// The word that was probably meant.
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

fn lines(terms: &[UnmatchedTerm]) -> String {
    let lines: Vec<String> = terms.iter().map(UnmatchedTerm::to_string).collect();
    lines.join("\n")
}
