//! Checkpoints of jobs on disk: what a job has to know to go on where it was.
//!
//! Below a state directory each job has a directory with its newest checkpoints, each of which is a directory with the
//! state of operators as Arrow IPC files and a manifest:
//!
//! ```text
//! checkpoints/clicks/lock                          held by the process that runs the job
//! checkpoints/clicks/12/manifest.json              what the checkpoint consists of, and how far the job was
//! checkpoints/clicks/12/7f3a-0-keyed.arrow         state of an operator's first instance: a batch for each key group
//! checkpoints/clicks/12/7f3a-0-shared.arrow        state of it that belongs to no key
//! ```
//!
//! A checkpoint is there from the moment when its manifest is renamed, and all files of it are on disk before. It is gone
//! from the moment when its manifest is removed, which comes before its files. So a directory without a manifest is a
//! leftover of a process that was killed, and the process that runs the job next removes it.

mod directory;
mod error;
mod manifest;
mod reader;
mod store;
mod writer;

pub use error::CheckpointError;
pub use manifest::{
    CheckpointDetails, CheckpointManifest, InputEntry, NamedId, OperatorDescriptor, OperatorEntry, OutputEntry,
    SplitEntry, StateFile, StateScope, StatementEntry,
};
pub use store::CheckpointStore;
pub use writer::CheckpointWriter;
