use std::fmt;

use serde::Serialize;

/// Names that need each other in a circle: each needs the next, and the last is the first again.
///
/// Displayed as `a → b → a`; of a very long circle only its beginning and its end are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Cycle {
    /// At least two names; the first and the last are equal.
    pub path: Vec<String>,
}

/// A path of more names is shortened when it is displayed.
const SHOWN_MAX: usize = 20;
/// How many names at the end of a shortened path are shown.
const SHOWN_LAST: usize = 3;

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.len() <= SHOWN_MAX {
            return f.write_str(&self.path.join(" → "));
        }
        let (first, rest) = self.path.split_at(SHOWN_MAX - SHOWN_LAST);
        let (hidden, last) = rest.split_at(rest.len() - SHOWN_LAST);
        write!(
            f,
            "{} → … {} more … → {}",
            first.join(" → "),
            hidden.len(),
            last.join(" → ")
        )
    }
}

impl std::error::Error for Cycle {}
