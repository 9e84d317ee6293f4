use std::path::{Path, PathBuf};

use arrow::error::ArrowError;

use super::directory::JobDirectory;
use crate::{FileError, KEY_GROUPS};

/// Why a checkpoint cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The newest checkpoint is damaged, or was written by a version of this program that uses another format.
    #[error(
        "checkpoint {number} of job `{job}` cannot be used: {cause}; remove {}",
        what_to_remove(directory, *number, *older)
    )]
    Unusable {
        /// The job.
        job: String,
        /// The checkpoint.
        number: u64,
        /// The directory with all checkpoints of the job.
        directory: PathBuf,
        /// The checkpoint before it, which the job could go on from.
        older: Option<u64>,
        /// Which file is of no use, and why.
        cause: Box<FileError>,
    },
    /// Another process runs the job.
    #[error(
        "job `{job}` is in use: another process keeps its checkpoints in `{}`; stop it first, or name another state \
         directory",
        directory.display()
    )]
    InUse {
        /// The job.
        job: String,
        /// The directory with all checkpoints of the job.
        directory: PathBuf,
    },
    /// The store was opened for reading.
    #[error("the checkpoints in `{}` were opened for reading only", directory.display())]
    ReadOnly {
        /// The directory with all checkpoints of the job.
        directory: PathBuf,
    },
    /// Checkpoints are written in ascending order.
    #[error("checkpoint {number} cannot be written, since checkpoint {newest} is there already")]
    NotNewer {
        /// The checkpoint that was to be written.
        number: u64,
        /// The newest one that is there.
        newest: u64,
    },
    /// The checkpoint is being written already.
    #[error("checkpoint {number} is being written already")]
    BeingWritten {
        /// Its number.
        number: u64,
    },
    /// Two operators of a job have one id.
    #[error("operator `{id}` is part of the checkpoint already; ids that differ in case alone are one")]
    OperatorTwice {
        /// The id.
        id: String,
    },
    /// The rows that an operator keeps for one key group have other columns than those for the others.
    #[error("the state of operator `{id}` has other columns in key group {key_group} than in those before it")]
    OtherColumns {
        /// The operator.
        id: String,
        /// The key group.
        key_group: u16,
    },
    /// The states of the instances of an operator cannot be put together.
    #[error("the instances of operator `{id}` have states of different forms")]
    OtherForms {
        /// The operator.
        id: String,
        /// Where they differ.
        source: ArrowError,
    },
    /// An operator has state in a key group that does not exist.
    #[error("operator `{id}` has state in key group {key_group}, and there are {KEY_GROUPS}")]
    NoSuchKeyGroup {
        /// The operator.
        id: String,
        /// The key group.
        key_group: u16,
    },
    /// The manifest has been written, and whether it would survive a loss of power is not known.
    #[error(
        "whether checkpoint {number} is on disk is not known; start the job again, which goes on from what is there"
    )]
    Undecided {
        /// The checkpoint.
        number: u64,
        /// What failed.
        source: FileError,
    },
}

/// What to remove to get past a checkpoint that cannot be used, and what follows from it.
fn what_to_remove(directory: &Path, number: u64, older: Option<u64>) -> String {
    let all = format!("`{}` to start anew", directory.display());
    let Some(older) = older else {
        return all;
    };
    let checkpoint = JobDirectory::new(directory.to_owned()).checkpoint(number);
    format!("`{}` to go on from checkpoint {older}, or {all}", checkpoint.display())
}
