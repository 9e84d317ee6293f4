use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use velo_common::Span;
use velo_data::StreamSchema;

use super::LogicalPlan;

/// What kind of statement a plan belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementKind {
    /// `CREATE STREAM … AS`
    Stream,
    /// `CREATE TABLE … AS`
    Table,
    /// A source that is a table as it is: declared as one, or joined like one.
    SourceTable,
    /// A `SELECT` of its own.
    Query,
    /// `INSERT INTO`
    Insert,
}

impl StatementKind {
    /// Whether its rows are kept by key, and loaded before others read them.
    pub const fn is_table(self) -> bool {
        matches!(self, Self::Table | Self::SourceTable)
    }
}

/// A statement that can run: its plan, where its rows go, and how its failures are handled.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedStatement {
    /// The name under which other statements read it; a query without a name gets `query_1`, `query_2`, …
    pub name: String,
    /// What kind it is.
    pub kind: StatementKind,
    /// What it computes.
    pub plan: LogicalPlan,
    /// Names of the sinks that get its rows; none means that consumers or the standard output do.
    pub sinks: Vec<String>,
    /// Indexes of the user columns that make up the record key.
    pub key: Vec<usize>,
    /// Names of the program's statements that it reads.
    pub reads: Vec<String>,
    /// Names of streams and tables that have to be there before it although it does not read them.
    pub depends_on: Vec<String>,
    /// Words by which it can be selected.
    pub tags: Vec<String>,
    /// Columns of a source could not be found out: it was checked as far as possible, and cannot run.
    pub columns_unknown: bool,
    /// How it runs.
    pub settings: StatementSettings,
    /// The statement's text.
    pub span: Span,
}

impl PlannedStatement {
    /// The columns of the rows that go to its sinks, with the record key.
    pub fn output_schema(&self) -> StreamSchema {
        self.plan.schema().clone().with_key(self.key.clone())
    }

    /// Names of the program's statements that have to be there before it: those that it reads, and those that it says it
    /// depends on.
    pub fn needs(&self) -> impl Iterator<Item = &str> {
        self.reads.iter().chain(&self.depends_on).map(String::as_str)
    }
}

/// How a statement runs, from its properties and annotations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatementSettings {
    /// What becomes of rows that fail.
    pub error_policy: ErrorPolicy,
    /// What becomes of values that no column is for.
    pub schema_drift: SchemaDrift,
    /// Fixed number of rows of a batch; `None` lets it adapt.
    pub batch_rows: Option<usize>,
    /// How long rows may wait in a sink while a job follows its sources; `None` for the usual second.
    pub flush_interval: Option<Duration>,
    /// Most groups that an aggregate may hold; one more fails the statement.
    pub groups_max: Option<usize>,
    /// How it is loaded, if it is a table.
    pub load: LoadSettings,
    /// How often the job that it is part of takes a checkpoint; `None`: others decide.
    pub checkpoint_interval: Option<Duration>,
    /// How many checkpoints of the job are kept; `None`: others decide.
    pub checkpoints_retained: Option<NonZeroUsize>,
    /// What its state is kept under instead of its name and plan, from `-- @id: name`.
    pub state_id: Option<String>,
}

/// How a table is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LoadSettings {
    /// Tables with a higher one are loaded before others that could be loaded, too.
    pub priority: i32,
    /// How often what is new is read while streams run; `None`: never.
    pub incremental_interval: Option<Duration>,
}

/// What becomes of values that no column is for, because the records that told the columns of a source had no such member.
/// Declared columns say what is wanted, so that there are none. In the order of strictness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum SchemaDrift {
    /// They are left out.
    Ignore,
    /// They are left out, and counted by their names.
    #[default]
    Warn,
    /// The first one fails the statement.
    Fail,
}

/// What becomes of rows that fail. They are counted and sampled in any case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ErrorPolicy {
    /// They are left out, as long as some record of the source can be read: that none can is a failure.
    #[default]
    SkipSome,
    /// They are left out, and be it all of them.
    Skip,
    /// The first one fails the statement.
    Fail,
    /// They are written to this file.
    DeadLetter {
        /// JSON lines in envelope form.
        path: PathBuf,
    },
}

impl ErrorPolicy {
    /// The properties that say it.
    pub(crate) const KEYS: [&'static str; 4] = [
        "error.policy",
        "failure_strategy",
        "dead.letter.queue.enabled",
        "dead.letter.queue.path",
    ];
}
