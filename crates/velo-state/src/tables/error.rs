use std::path::PathBuf;

use crate::FileError;

/// Why a snapshot cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// A file of it cannot be read or written, or is damaged: then the table has to be loaded again.
    #[error(transparent)]
    File(#[from] FileError),
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
    /// Rows that are to be added do not have the columns of those which are there.
    #[error("rows that are added to the snapshot of `{table}` have other columns than it has")]
    OtherColumns {
        /// The table.
        table: String,
    },
}

impl SnapshotError {
    /// Whether loading the table again helps: the snapshot is of no use, but nothing prevents writing another.
    pub fn is_repaired_by_reload(&self) -> bool {
        match self {
            Self::File(error) => error.is_damage(),
            Self::OtherColumns { .. } => true,
            Self::InUse { .. } | Self::BeingWritten { .. } | Self::ReadOnly { .. } => false,
        }
    }

    pub(super) fn is_missing_file(&self) -> bool {
        matches!(self, Self::File(error) if error.is_missing_file())
    }
}
