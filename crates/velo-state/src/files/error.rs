use std::io;
use std::path::{Path, PathBuf};

use arrow::error::ArrowError;

/// Why a file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
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
    /// A file is not what it was when it was written.
    #[error("`{}` is damaged: {damage}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What differs.
        damage: Damage,
    },
    /// A manifest was written by a version of this program that uses another format.
    #[error("`{}` has format {found}, and this version reads format {known}", path.display())]
    UnknownFormat {
        /// The manifest.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The format that is known.
        known: u32,
    },
    /// Rows cannot be written as an Arrow file.
    #[error("cannot write rows to a file in `{}`", directory.display())]
    Rows {
        /// Where the file is.
        directory: PathBuf,
        /// What Arrow says.
        source: ArrowError,
    },
}

/// What differs between a file and what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
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
    /// It is no manifest, or one of something else.
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

impl FileError {
    /// Whether the file is of no use, although the system lets it be read.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::UnknownFormat { .. })
    }

    pub(crate) fn is_missing_file(&self) -> bool {
        let missing = Damage::Missing;
        matches!(self, Self::Damaged { damage, .. } if *damage == missing)
    }

    pub(crate) fn damaged(path: &Path, damage: Damage) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            damage,
        }
    }

    /// Puts what was tried to an error of the system.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }
}
