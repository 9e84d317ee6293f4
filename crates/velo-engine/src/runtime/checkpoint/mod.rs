//! Checkpoints of a running job: what each task reports at a barrier, and who puts it together and on disk.
//!
//! A checkpoint begins at the tasks that read sources: each notes how far it has read and sends a barrier along. A task with several
//! inputs waits until the barrier has come on all of them, so that its state is that of all rows before the barrier and of none
//! behind it; it hands the barrier on, has its sinks write what they keep, and reports its state. What a task reports are copies:
//! they are encoded and written beside the job. The checkpoint is there once all tasks have reported and its manifest is on disk.
//!
//! This is the algorithm of Carbone et al., "Lightweight Asynchronous Snapshots for Distributed Dataflows", 2015, with
//! aligned barriers.

mod coordinator;
mod gathered;
mod report;
mod restored;

pub(super) use coordinator::{Coordinator, InputDescription, TaskDescription};
pub(super) use report::{Barriers, TaskState};
pub use restored::{RestoredInput, RestoredJob, SplitState};

use std::sync::Arc;
use std::time::Duration;

use velo_state::CheckpointStore;

/// How a job takes checkpoints.
#[derive(Debug, Clone)]
pub struct Checkpoints {
    /// Where they are kept.
    pub store: Arc<CheckpointStore>,
    /// Time from the end of one to the beginning of the next.
    pub interval: Duration,
    /// How many are kept.
    pub retained: usize,
    /// The number of the newest that is there; 0 if there is none.
    pub last_number: u64,
}
