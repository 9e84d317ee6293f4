//! Runs logical plans over Arrow batches: the operators, their state, and the driver around them.
//!
//! Start at [`run`], which takes a [`Job`] (statements with their sources and sinks) and returns what has become of
//! it. Below it:
//!
//! - The planner's [`JobGraph`](velo_planner::physical::JobGraph) says which operators are fused into a [`Chain`], and how
//!   rows move between the instances of such stages. Those of a keyed stage each own a range of [`KeyGroups`] and all state
//!   in it: a [`KeyRouter`] divides rows among them and a [`Merge`] joins what comes from several.
//! - Each instance is a task of one of a fixed number of workers, which are threads.
//! - An [`Operator`] is a state machine over [`Event`]s. It never waits, reads no clock and does no I/O, so the same
//!   events give the same rows, and its state can be taken out ([`OperatorState`]) and put into others.
//! - Aggregates keep their state typed, a vector per aggregate with an entry per group; what all expressions of an
//!   operator need of a batch (keys, their hashes, arguments) is computed once per batch.
//!
//! Four laws hold, and tests state them: results depend neither on where batches end, nor on the number of workers,
//! nor on a cut between two batches from which a run goes on; and a row that fails takes no other row with it.
//!
//! This crate knows no SQL text, no terminals and no network.
//!
//! ```
//! use std::sync::Arc;
//! use arrow::array::{Int64Array, RecordBatch};
//! use datafusion_expr::{col, lit};
//! use velo_data::{SqlType, StreamSchema, SystemClock};
//! use velo_datasources::{MemorySink, MemorySource};
//! use velo_engine::{Cancel, Job, JobStatement, Metrics, RestoredJob, RunOptions, run};
//! use velo_planner::plan::{
//!     Filter, LogicalPlan, PlannedStatement, Relation, Scan, StatementKind, StatementSettings,
//! };
//!
//! // SELECT n FROM numbers WHERE n > 2
//! let schema = StreamSchema::of_user_columns([SqlType::BigInt.field("n", true)]);
//! let scan = LogicalPlan::Scan(Scan {
//!     relation: Relation::Source("numbers".into()),
//!     columns: vec![0],
//!     event_time: None,
//!     filters: vec![],
//!     mode: Default::default(),
//!     schema: schema.clone(),
//! });
//! let plan = LogicalPlan::Filter(Filter { input: Box::new(scan), predicate: col("n").gt(lit(2_i64)) });
//! let numbers = RecordBatch::try_new(schema.arrow().clone(), vec![Arc::new(Int64Array::from(vec![1, 2, 3, 4]))])?;
//! let sink = MemorySink::default();
//! let job = Job {
//!     statements: vec![JobStatement {
//!         planned: PlannedStatement {
//!             name: "large_numbers".into(),
//!             kind: StatementKind::Query,
//!             plan,
//!             sinks: vec![],
//!             key: vec![],
//!             reads: vec![],
//!             depends_on: vec![],
//!             tags: vec![],
//!             columns_unknown: false,
//!             settings: StatementSettings::default(),
//!             span: velo_common::Span::new(0, 0),
//!         },
//!         sinks: vec![sink.writer().into()],
//!     }],
//!     sources: [("numbers".into(), Arc::new(MemorySource::new(schema, vec![vec![numbers]])) as _)].into(),
//!     tables: Default::default(),
//!     restored: RestoredJob::default(),
//! };
//! let summary = run(job, &RunOptions {
//!     parallelism: 1,
//!     follow: false,
//!     clock: Arc::new(SystemClock),
//!     cancel: Cancel::default(),
//!     progress: Arc::new(Metrics::default()),
//!     checkpoints: None,
//! })?;
//! assert_eq!((summary.statements[0].rows_in, summary.statements[0].rows_out), (4, 2));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[expect(clippy::disallowed_methods, reason = "workers are threads, and time passes for them")]
mod runtime;

mod compile;

mod chain;
mod exchange;

mod aggregate;
mod event;
mod expression;
mod keys;
mod operator;
mod operators;
mod scan_bounds;
mod standing;
mod table;

mod error;
mod metrics;
mod summary;

pub use chain::{Chain, Progress};
pub use compile::{CompiledStage, StageInput, scan_chain};
pub use error::{CompileError, EngineError, OperatorError, OperatorResult};
pub use event::{Event, LateRows, Output};
pub use exchange::{KeyRouter, Merge};
pub use keys::{KEY_GROUPS, KeyGroups, key_group};
pub use metrics::{CheckpointMetrics, Metrics, StatementMetrics};
pub use operator::Operator;
pub use runtime::{
    Cancel, Checkpoints, Job, JobSink, JobStatement, RestoredInput, RestoredJob, RunOptions, SplitState, run,
};
pub use summary::{JobSummary, LateSummary, RejectedRows, StatementSummary};
pub use table::{JoinedTable, LiveTable, Table, TableBuilder, TableLoadJob, TableWriter, load_table};
pub use velo_state::OperatorState;
