use velo_data::RowErrorCause;

use crate::json::scanner::SyntaxError;

/// Records of a block that cannot be used, each with its first problem.
#[derive(Debug, Default)]
pub(crate) struct Rejections {
    /// As many as reach to the last rejected record: none, as a rule.
    problems: Vec<Option<Problem>>,
    count: usize,
    /// Whether objects within columns have members that are news.
    has_news: bool,
}

/// What is wrong with a record.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) cause: RowErrorCause,
    pub(crate) column: Option<String>,
    pub(crate) message: String,
}

impl Problem {
    /// A record whose bytes do not have the form of the format.
    #[cold]
    pub(crate) fn malformed(message: String) -> Self {
        Self {
            cause: RowErrorCause::Malformed,
            column: None,
            message,
        }
    }
}

impl From<SyntaxError> for Problem {
    #[cold]
    fn from(error: SyntaxError) -> Self {
        Self::malformed(error.to_string())
    }
}

impl Rejections {
    /// Starts a block, none of whose records is rejected.
    pub(crate) fn reset(&mut self) {
        self.problems.clear();
        self.count = 0;
        self.has_news = false;
    }

    /// Notes that objects within a column have members that are news.
    pub(crate) fn note_news(&mut self) {
        self.has_news = true;
    }

    /// Whether objects within columns have members that are news.
    pub(crate) fn has_news(&self) -> bool {
        self.has_news
    }

    /// How many records are rejected.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Rejects a record, unless it has been.
    pub(crate) fn reject(&mut self, row: usize, problem: impl FnOnce() -> Problem) {
        let slot = self.slot(row);
        if slot.is_none() {
            *slot = Some(problem());
            self.count += 1;
        }
    }

    /// Rejects a row for a problem that explains any other that was found before.
    pub(crate) fn reject_instead(&mut self, row: usize, problem: Problem) {
        let before = self.slot(row).replace(problem);
        self.count += usize::from(before.is_none());
    }

    fn slot(&mut self, row: usize) -> &mut Option<Problem> {
        if self.problems.len() <= row {
            self.problems.resize_with(row + 1, || None);
        }
        &mut self.problems[row]
    }

    /// Takes out the problems with the rows they belong to, in order.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (usize, Problem)> + '_ {
        let problems = self.problems.drain(..).enumerate();
        problems.filter_map(|(row, problem)| Some((row, problem?)))
    }
}
