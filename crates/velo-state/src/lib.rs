//! What is kept on disk across runs.
//!
//! Start at [`SnapshotStore`], which keeps the rows of loaded tables below a state directory, or at [`CheckpointStore`],
//! which keeps what a job has to know to go on where it was: the state of its operators, the positions of its sources and
//! sinks. The state of an operator is an [`OperatorState`]: Arrow batches by key group, so that it can be divided among
//! another number of workers.
//!
//! Both are directories with Arrow IPC files and a manifest that names them with their checksums. A file that was cut or
//! changed is an error that names it ([`FileError`]); a process that is killed at any moment leaves the old state or the new one.
//!
//! This crate deliberately knows no plans and no operators: what is kept is Arrow batches and JSON, and who wrote them
//! knows what they mean.

mod checkpoints;
mod tables;

mod key_groups;
mod operator_state;

mod files;
mod lock;
mod manifest;

pub use checkpoints::{
    CheckpointDetails, CheckpointError, CheckpointManifest, CheckpointStore, CheckpointWriter, InputEntry, NamedId,
    OperatorDescriptor, OperatorEntry, OutputEntry, SplitEntry, StateFile, StateScope, StatementEntry,
};
pub use files::{ArrowFile, Damage, FileError};
pub use key_groups::{KEY_GROUPS, KeyGroups, counting_sort, key_group};
pub use operator_state::OperatorState;
pub use tables::{
    SkippedOfCause, SkippedRows, Snapshot, SnapshotBatches, SnapshotColumn, SnapshotDetails, SnapshotEntry,
    SnapshotError, SnapshotManifest, SnapshotStore, SnapshotWriter,
};
