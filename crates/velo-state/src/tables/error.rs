use std::io;
use std::path::{Path, PathBuf};

use arrow::error::ArrowError;

/// Why a snapshot cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The operating system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried, such as `create`.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Somebody else writes to the state directory.
    #[error(
        "another process loads tables into `{}`: let it end first, or name another state directory",
        path.display()
    )]
    InUse {
        /// The state directory.
        path: PathBuf,
    },
    /// The snapshot of a table is being written already, as by a load that was given up and has not noticed yet.
    #[error("the snapshot of `{table}` is being written by another load")]
    BeingWritten {
        /// The table.
        table: String,
    },
    /// The store was opened for reading.
    #[error("the snapshots in `{}` were opened for reading only", path.display())]
    ReadOnly {
        /// The state directory.
        path: PathBuf,
    },
    /// A file is not what it was when it was written: the table has to be loaded again.
    #[error("`{}` is damaged: {damage}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What differs.
        damage: SnapshotDamage,
    },
    /// A manifest was written by a later version of this program.
    #[error("`{}` has format {found}, and this version reads up to {known}", path.display())]
    UnknownFormat {
        /// The manifest.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The latest format that is known.
        known: u32,
    },
    /// Rows that are to be added do not have the columns of those which are there.
    #[error("rows that are added to the snapshot of `{table}` have other columns than it has")]
    OtherColumns {
        /// The table.
        table: String,
    },
    /// Rows cannot be written as an Arrow file.
    #[error("cannot write the rows of `{table}`")]
    Rows {
        /// The table.
        table: String,
        /// What Arrow says.
        source: ArrowError,
    },
}

/// What differs between a file and what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotDamage {
    /// It is not there any more.
    #[error("the file is gone")]
    Missing,
    /// It is shorter or longer.
    #[error("it has {found} bytes instead of {expected}")]
    Size {
        /// Bytes that were written.
        expected: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// Some bytes are others.
    #[error("its checksum is {found} instead of {expected}")]
    Checksum {
        /// The checksum of what was written.
        expected: String,
        /// The checksum of what is there.
        found: String,
    },
    /// It is no manifest, or not the one of this table.
    #[error("{message}")]
    Manifest {
        /// What is wrong with it.
        message: String,
    },
    /// Its rows cannot be read although its bytes are those that were written.
    #[error("its rows cannot be read: {message}")]
    Rows {
        /// What is wrong with them.
        message: String,
    },
}

impl SnapshotError {
    /// Whether loading the table again helps: the snapshot is of no use, but nothing prevents writing another.
    pub fn is_repaired_by_reload(&self) -> bool {
        matches!(
            self,
            Self::Damaged { .. } | Self::UnknownFormat { .. } | Self::OtherColumns { .. }
        )
    }

    pub(super) fn is_missing_file(&self) -> bool {
        let missing = SnapshotDamage::Missing;
        matches!(self, Self::Damaged { damage, .. } if *damage == missing)
    }

    pub(super) fn damaged(path: &Path, damage: SnapshotDamage) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            damage,
        }
    }

    /// Puts what was tried to an error of the system.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }
}
