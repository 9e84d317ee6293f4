use std::path::PathBuf;

/// Why a source cannot be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is no such file.
    #[error("file `{}` does not exist", path.display())]
    NotFound {
        /// The path as configured.
        path: PathBuf,
    },
    /// The path names a directory.
    #[error("`{}` is a directory, not a file", path.display())]
    IsDirectory {
        /// The path as configured.
        path: PathBuf,
    },
    /// The operating system refused or failed.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// The path as configured.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The header line of a CSV file lacks declared columns.
    #[error("the header of `{}` has no column {}; it has {}", path.display(), quoted(missing), quoted(found))]
    Header {
        /// The path as configured.
        path: PathBuf,
        /// Declared columns that the header lacks.
        missing: Vec<String>,
        /// What the header has.
        found: Vec<String>,
    },
    /// The data cannot be read as its format at all.
    #[error("cannot decode `{}`: {message}", path.display())]
    Format {
        /// The path as configured.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
}

/// Why rows cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The directory that the file would be in does not exist.
    #[error("cannot write `{}`: there is no directory `{}`", path.display(), directory.display())]
    NoDirectory {
        /// The path as configured.
        path: PathBuf,
        /// The directory in it.
        directory: PathBuf,
    },
    /// The path names a directory.
    #[error("cannot write `{}`: it is a directory", path.display())]
    IsDirectory {
        /// The path as configured.
        path: PathBuf,
    },
    /// The operating system refused or failed.
    #[error("cannot write `{destination}`")]
    Io {
        /// Path, or what else the sink writes to.
        destination: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The rows have no form in the sink's format.
    #[error("cannot encode rows for `{destination}`: {message}")]
    Format {
        /// Path, or what else the sink writes to.
        destination: String,
        /// What is wrong.
        message: String,
    },
}

impl SinkError {
    /// Whether the reader of a pipe went away, which is no failure.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == std::io::ErrorKind::BrokenPipe)
    }
}

fn quoted(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
