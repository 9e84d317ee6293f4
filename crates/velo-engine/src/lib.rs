//! Physical operators over Arrow batches, their state, and the driver that runs them.

mod aggregate;
mod chain;
mod compile;
mod driver;
mod error;
mod event;
mod expression;
mod keys;
mod merge;
mod metrics;
mod operator;
mod operators;
mod router;
mod state;
mod summary;

pub use error::{CompileError, EngineError, OperatorError, OperatorResult};
pub use event::{Event, LateRows, Output};
pub use keys::{KEY_GROUPS, KeyGroups, key_group};
pub use operator::Operator;
pub use state::OperatorState;
pub use chain::Chain;
pub use compile::{Leaf, Stage, StageInput, scan_chain, stages};
pub use merge::Merge;
pub use router::KeyRouter;
pub use driver::{Cancel, Job, JobStatement, RunOptions, run};
pub use metrics::{Metrics, StatementMetrics};
pub use summary::{JobSummary, LateSummary, RejectedRows, StatementSummary};
