use velo_engine::StatementSummary;
use velo_state::{SkippedOfCause, SkippedRows};

/// What became of the rows that a table was loaded from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableReport {
    /// What this load has done: the table's own statement, then those of streams that it reads. None if nothing was read.
    pub statements: Vec<StatementSummary>,
    /// Rows that earlier loads gave up, and that the table still lacks.
    pub earlier: SkippedRows,
}

impl TableReport {
    /// How many rows the table lacks.
    pub fn skipped_rows(&self) -> u64 {
        let now = self.statements.iter().flat_map(|statement| statement.errors.values());
        now.map(|rejected| rejected.rows).sum::<u64>() + self.earlier.rows()
    }

    /// The rows that this load has given up, by statement and cause.
    pub(crate) fn skipped(&self) -> impl Iterator<Item = SkippedOfCause> {
        self.statements.iter().flat_map(skipped_by)
    }
}

fn skipped_by(statement: &StatementSummary) -> impl Iterator<Item = SkippedOfCause> {
    statement.errors.iter().map(|(cause, rejected)| SkippedOfCause {
        statement: statement.name.clone(),
        cause: *cause,
        rows: rejected.rows,
        samples: rejected.samples.iter().map(ToString::to_string).collect(),
    })
}
