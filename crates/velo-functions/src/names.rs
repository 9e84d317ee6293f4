use std::sync::LazyLock;

use crate::{aggregate, scalar};

/// Every name that a call may have, in upper case and sorted: scalar functions, aggregates and window functions,
/// with their synonyms.
pub fn function_names() -> &'static [String] {
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let dialect = scalar::scalar_functions()
            .flat_map(|function| std::iter::once(function.name).chain(function.synonyms.iter().copied()));
        let mut names: Vec<String> = dialect
            .chain(aggregate::names())
            .chain(aggregate::WINDOW_FUNCTIONS.iter().copied())
            .chain(scalar::CLOCK_FUNCTIONS.iter().copied())
            .map(str::to_uppercase)
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    });
    &NAMES
}

/// The function that a mistyped name most likely means.
pub(crate) fn nearest_function(name: &str) -> Option<&'static str> {
    velo_common::nearest(name, function_names().iter().map(String::as_str))
}
