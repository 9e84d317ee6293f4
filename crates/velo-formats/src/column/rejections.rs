use velo_data::RowErrorCause;

use crate::json::scanner::SyntaxError;

/// Records of a block that cannot be used, each with its first problem.
#[derive(Debug, Default)]
pub(crate) struct Rejections {
    problems: Vec<Option<Problem>>,
    count: usize,
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
    /// Starts a block of `rows` records, none of them rejected.
    pub(crate) fn reset(&mut self, rows: usize) {
        self.problems.clear();
        self.problems.resize_with(rows, || None);
        self.count = 0;
    }

    /// How many records are rejected.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Rejects a record, unless it has been.
    pub(crate) fn reject(&mut self, row: usize, problem: impl FnOnce() -> Problem) {
        if let Some(slot @ None) = self.problems.get_mut(row) {
            *slot = Some(problem());
            self.count += 1;
        }
    }

    /// Rejects a row for a problem that explains any other that was found before.
    pub(crate) fn reject_instead(&mut self, row: usize, problem: Problem) {
        if let Some(slot) = self.problems.get_mut(row) {
            self.count += usize::from(slot.is_none());
            *slot = Some(problem);
        }
    }

    /// Takes out the problems with the rows they belong to, in order.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (usize, Problem)> + '_ {
        let problems = self.problems.drain(..).enumerate();
        problems.filter_map(|(row, problem)| Some((row, problem?)))
    }
}
