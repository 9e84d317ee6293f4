//! Tables on disk: what a load has made, for the next one to go on from.
//!
//! Below a state directory each table has a directory with its rows as Arrow IPC files and a manifest:
//!
//! ```text
//! tables.lock                  held by the one who may write
//! tables/orders/manifest.json  what the table is, and which files it consists of
//! tables/orders/data-7-1.arrow rows
//! ```
//!
//! A snapshot changes in one step, when its manifest is renamed: before it the old snapshot is complete, after it the
//! new one. Files that no manifest names are what somebody left who was killed; they are removed. Checksums tell a
//! snapshot that was damaged, which is an error that names the file: the table has to be loaded again.

mod error;
mod manifest;
mod reader;
mod skipped;
mod store;
mod writer;

pub use error::SnapshotError;
pub use manifest::{SnapshotColumn, SnapshotDetails, SnapshotManifest};
pub use reader::{Snapshot, SnapshotBatches};
pub use skipped::{SkippedOfCause, SkippedRows};
pub use store::{SnapshotEntry, SnapshotStore};
pub use writer::SnapshotWriter;
