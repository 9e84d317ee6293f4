//! Physical operators over Arrow batches, their state, and the driver that runs them.

mod aggregate;
mod chain;
mod compile;
mod error;
mod event;
mod expression;
mod keys;
mod merge;
mod operator;
mod operators;
mod router;
mod state;

pub use error::{CompileError, EngineError, OperatorError, OperatorResult};
pub use event::{Event, LateRows, Output};
pub use keys::{KEY_GROUPS, KeyGroups, key_group};
pub use operator::Operator;
pub use state::OperatorState;
pub use chain::Chain;
pub use compile::{Leaf, Stage, StageInput, scan_chain, stages};
pub use merge::Merge;
pub use router::KeyRouter;
