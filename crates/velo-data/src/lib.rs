//! SQL types and schemas on Arrow, system columns, batches and row kinds: the data that flows.
//!
//! Start at [`StreamBatch`], the unit that sources hand to operators and operators to sinks, and
//! [`StreamSchema`], which tells user columns from metadata. [`SqlType`] is the dialect's view of an Arrow
//! type; every column between a source and a sink has the one Arrow type that its SQL type names.
//!
//! This crate knows no SQL text, does no I/O and is never asynchronous. The one clock that library code may
//! read is a [`Clock`] that was handed to it.

mod batch;
mod changelog;
mod clock;
mod column_bounds;
mod record_columns;
mod records;
mod row_error;
mod row_kind;
mod schema;
mod system_column;
pub mod time;
mod types;
mod unknown_members;
mod unreadable;

pub use batch::StreamBatch;
pub use changelog::{ChangelogMode, RowKinds};
pub use clock::{Clock, ManualClock, SystemClock};
pub use column_bounds::{BoundValue, ColumnBounds};
pub use record_columns::RecordColumns;
pub use records::{compact_views, record_batch};
pub use row_error::{RecordOrigin, RowError, RowErrorCause};
pub use row_kind::RowKind;
pub use schema::StreamSchema;
pub use system_column::SystemColumn;
pub use types::{DECIMAL128_PRECISION_MAX, DECIMAL256_PRECISION_MAX, SqlType, StructField};
pub use unknown_members::{UnknownMember, UnknownMembers};
pub use unreadable::{unreadable_field, unreadable_reason};
