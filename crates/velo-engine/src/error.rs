use arrow::error::ArrowError;
use datafusion_common::DataFusionError;
use velo_data::{ChangelogMode, RecordOrigin, RowError};
use velo_datasources::{SinkError, SourceError};
use velo_state::CheckpointError;

/// Why an operator cannot go on. Rows that merely fail are rejected instead, see
/// [`Output::reject`](crate::Output::reject).
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// An Arrow kernel failed as a whole, not on single rows.
    #[error("an Arrow kernel failed")]
    Arrow(#[from] ArrowError),
    /// DataFusion could not evaluate an aggregate.
    #[error("an aggregate failed")]
    DataFusion(#[from] DataFusionError),
    /// An aggregate would hold more groups than the statement allows.
    #[error("the aggregate has more than {groups_max} groups")]
    TooManyGroups {
        /// The statement's limit.
        groups_max: usize,
    },
    /// A table would have more rows than can be numbered.
    #[error("the table has more than {rows_max} rows")]
    TooManyRows {
        /// The most that it can have.
        rows_max: usize,
    },
    /// A window's rows have no event time.
    #[error("the rows of a window have no event time")]
    NoEventTime,
    /// A snapshot does not belong to this operator.
    #[error("the snapshot does not fit operator `{operator}`: {message}")]
    Snapshot {
        /// The operator's name.
        operator: &'static str,
        /// What does not fit.
        message: String,
    },
}

/// What operators return.
pub type OperatorResult<T = ()> = Result<T, OperatorError>;

/// Why a plan cannot be turned into operators.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// An expression has no physical form.
    #[error("cannot compile expression `{expression}`")]
    Expression {
        /// The expression as DataFusion prints it.
        expression: String,
        /// What DataFusion said.
        source: Box<DataFusionError>,
    },
    /// An aggregate does not take these arguments.
    #[error("cannot compute `{aggregate}`: {message}")]
    Aggregate {
        /// Name of the output column.
        aggregate: String,
        /// What is wrong.
        message: String,
    },
    /// Rows cannot be grouped by a column of this type.
    #[error("cannot group by a column of type {data_type}")]
    KeyType {
        /// The column's Arrow type.
        data_type: String,
    },
    /// A statement joins a table that the job does not have.
    #[error("table `{table}` is not part of the job")]
    UnknownTable {
        /// Its name.
        table: String,
    },
    /// An operator does not take rows that change in this way.
    #[error("`{operator}` does not take changes of the mode {mode}")]
    ChangelogMode {
        /// The operator's name.
        operator: &'static str,
        /// How its input says that rows change.
        mode: ChangelogMode,
    },
    /// The plan asks for a metadata column that its input does not have.
    #[error("`{column}` is not available from `{from}`")]
    MissingColumn {
        /// The column.
        column: String,
        /// The relation or operator that should provide it.
        from: String,
    },
}

/// Why a job failed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The statement's plan has no physical form.
    #[error("cannot run `{statement}`")]
    Compile {
        /// Name of the statement.
        statement: String,
        /// What is wrong with it.
        source: CompileError,
    },
    /// A record has a member that no column is for, and the statement does not allow that.
    #[error(
        "`{statement}` read {first}, which has `{member}`: the columns were found out from records without it; \
         declare the columns, or let 'schema.drift' be 'warn'"
    )]
    SchemaDrift {
        /// Name of the statement.
        statement: String,
        /// The member.
        member: String,
        /// The record.
        first: Box<RecordOrigin>,
    },
    /// A statement was planned although the columns of what it reads are unknown.
    #[error("`{statement}` cannot run: the columns of what it reads are unknown; declare them")]
    ColumnsUnknown {
        /// Its name.
        statement: String,
    },
    /// A statement reads a source or statement that the job does not have.
    #[error("`{statement}` reads `{relation}`, which is not part of the job")]
    UnknownRelation {
        /// Name of the statement.
        statement: String,
        /// What it reads.
        relation: String,
    },
    /// Statements read each other in a circle.
    #[error("`{statement}` reads its own output")]
    Cycle {
        /// A statement of the circle.
        statement: String,
    },
    /// State of an earlier run does not fit the operators of this one.
    #[error("`{statement}` cannot go on from its checkpoint")]
    Restore {
        /// Name of the statement.
        statement: String,
        /// What does not fit.
        source: OperatorError,
    },
    /// A checkpoint cannot be written.
    #[error("cannot take a checkpoint")]
    Checkpoint {
        /// Why.
        source: CheckpointError,
    },
    /// What takes checkpoints panicked.
    #[error("the taking of checkpoints panicked: {message}")]
    CoordinatorPanicked {
        /// What the panic said.
        message: String,
    },
    /// A source cannot be opened or read.
    #[error("`{statement}` cannot read `{relation}`")]
    Source {
        /// Name of the statement.
        statement: String,
        /// The source.
        relation: String,
        /// What the source said.
        source: SourceError,
    },
    /// A sink cannot be written.
    #[error("`{statement}` cannot write its rows")]
    Sink {
        /// Name of the statement.
        statement: String,
        /// What the sink said.
        source: SinkError,
    },
    /// A row failed, and the statement's error policy is to fail with it.
    #[error("a row of `{statement}` failed: {error}")]
    Row {
        /// Name of the statement.
        statement: String,
        /// The first row that failed.
        error: Box<RowError>,
    },
    /// The dead-letter file cannot be written.
    #[error("`{statement}` cannot write its dead-letter file")]
    DeadLetter {
        /// Name of the statement.
        statement: String,
        /// What the file said.
        source: SinkError,
    },
    /// An operator cannot go on.
    #[error("`{statement}` failed")]
    Operator {
        /// Name of the statement.
        statement: String,
        /// What the operator said.
        source: OperatorError,
    },
    /// A table was given up before all of its rows were read.
    #[error("`{statement}` was interrupted")]
    Interrupted {
        /// Name of the statement.
        statement: String,
    },
    /// A worker panicked: a defect of the engine, contained to the job.
    #[error("`{statement}` failed because of a defect of the engine: {message}")]
    Panicked {
        /// Name of the statement.
        statement: String,
        /// The panic's message.
        message: String,
    },
    /// A worker thread could not be started.
    #[error("cannot start a worker for `{statement}`")]
    Thread {
        /// Name of the statement.
        statement: String,
        /// What the operating system said.
        source: std::io::Error,
    },
}
