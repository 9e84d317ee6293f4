//! Advice on queries that work and may not do what their author thinks.
//!
//! Each lint looks at a clause once its names and types are resolved, and speaks only of what it is sure of: state
//! grows without bound only over a source that is known to have no end.

mod conversion;
mod keys;
mod state;
mod time;

pub(super) use conversion::{epoch_comparison, lossy_decimal, text_as_time};
pub(super) use keys::constant_group;
pub(super) use state::{distinct_rows, growing_groups, kept_values};
pub(super) use time::record_time;
pub(crate) use time::timed_by_records;
