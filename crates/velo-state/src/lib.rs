//! What is kept on disk across runs.
//!
//! Start at [`SnapshotStore`], which keeps the rows of loaded tables below a state directory.
//!
//! This crate deliberately knows no plans and no operators: what is kept is Arrow batches and JSON, and who wrote them
//! knows what they mean.

mod tables;

pub use tables::{
    SkippedOfCause, SkippedRows, Snapshot, SnapshotBatches, SnapshotColumn, SnapshotDamage, SnapshotDetails,
    SnapshotEntry, SnapshotError, SnapshotFile, SnapshotManifest, SnapshotStore, SnapshotWriter,
};
