//! What is kept on disk across runs.
//!
//! Start at [`SnapshotStore`], which keeps the rows of loaded tables below a state directory. The state of an operator is
//! an [`OperatorState`]: Arrow batches by key group.
//!
//! This crate deliberately knows no plans and no operators: what is kept is Arrow batches and JSON, and who wrote them
//! knows what they mean.

mod key_groups;
mod operator_state;
mod tables;

mod files;
mod lock;
mod manifest;

pub use files::{ArrowFile, Damage, FileError};
pub use key_groups::{KEY_GROUPS, KeyGroups, counting_sort, key_group};
pub use operator_state::OperatorState;
pub use tables::{
    SkippedOfCause, SkippedRows, Snapshot, SnapshotBatches, SnapshotColumn, SnapshotDetails, SnapshotEntry,
    SnapshotError, SnapshotManifest, SnapshotStore, SnapshotWriter,
};
