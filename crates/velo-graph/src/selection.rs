//! Selection expressions: a few words that stand for some of the tables.

mod error;
mod parse;
mod pattern;
mod resolve;

pub use error::{SelectionError, UnmatchedTerm};

use pattern::Pattern;

/// Some of the tables of a graph, as a few words say it:
///
/// | written | means |
/// |---|---|
/// | `orders` | this table |
/// | `+orders` | it and all that it needs, directly or through others |
/// | `orders+` | it and all that need it |
/// | `+orders+` | both |
/// | `dim_*`, `dim_?` | tables whose names match: `*` is any characters, `?` is one |
/// | `tag:daily` | tables that have the tag; it may have `*` and `?` too |
/// | `+tag:daily`, `+dim_*` | these and all that they need |
/// | `orders, dim_*` | all of them; a comma or a space stands between |
/// | `"odd, name"` | a name in quotes means itself; a quote in it is doubled |
///
/// Case does not matter. Parsing needs no graph; [`select`](crate::TableDependencyGraph::select) finds the tables.
///
/// ```
/// use velo_graph::Selection;
///
/// assert!("+orders, tag:daily".parse::<Selection>().is_ok());
/// assert!("tag:".parse::<Selection>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    terms: Vec<Term>,
}

/// One word of a selection.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    /// As it was written.
    text: String,
    subject: Subject,
    /// Whether what the tables need is selected too.
    with_dependencies: bool,
    /// Whether the tables that need them are selected too.
    with_dependents: bool,
}

/// What the tables of a term are found by.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Subject {
    Name(Pattern),
    Tag(Pattern),
}
