//! What is kept on disk across runs.
//!
//! Start at [`SnapshotStore`], which keeps the rows of loaded tables below a state directory.
//!
//! This crate deliberately knows no plans and no operators: what is kept is Arrow batches and JSON, and who wrote them
//! knows what they mean.

mod tables;

mod files;
mod lock;
mod manifest;

pub use files::{ArrowFile, Damage, FileError};
pub use tables::{
    SkippedOfCause, SkippedRows, Snapshot, SnapshotBatches, SnapshotColumn, SnapshotDetails, SnapshotEntry,
    SnapshotError, SnapshotManifest, SnapshotStore, SnapshotWriter,
};
