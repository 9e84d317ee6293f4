/// So many pairs of names are compared in one answer, which keeps its time in proportion to the graph.
const COMPARISONS_MAX: usize = 200_000;

/// Finds the names that were probably meant, until it has compared enough of them.
pub(crate) struct Suggester<'a> {
    candidates: Vec<&'a str>,
    suggestions_left: usize,
}

impl<'a> Suggester<'a> {
    pub(crate) fn new(candidates: impl IntoIterator<Item = &'a str>) -> Self {
        let candidates: Vec<&str> = candidates.into_iter().collect();
        let suggestions_left = (COMPARISONS_MAX / candidates.len().max(1)).max(1);
        Self {
            candidates,
            suggestions_left,
        }
    }

    /// The candidate that this word most likely means. The first word is always looked at.
    pub(crate) fn nearest(&mut self, word: &str) -> Option<String> {
        self.suggestions_left = self.suggestions_left.checked_sub(1)?;
        velo_common::nearest(word, self.candidates.iter().copied()).map(str::to_owned)
    }
}
