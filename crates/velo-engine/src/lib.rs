//! Physical operators over Arrow batches, their state, and the driver that runs them.

mod aggregate;
mod error;
mod event;
mod expression;
mod keys;
mod operator;
mod state;

pub use error::{CompileError, EngineError, OperatorError, OperatorResult};
pub use event::{Event, LateRows, Output};
pub use keys::{KEY_GROUPS, KeyGroups, key_group};
pub use operator::Operator;
pub use state::OperatorState;
