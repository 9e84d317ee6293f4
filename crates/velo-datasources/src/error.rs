use std::path::{Path, PathBuf};

use velo_data::{RowError, RowErrorCause, SqlType};
use velo_formats::ValueKind;

use crate::FileFormat;

/// Why a source cannot be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is no such file.
    #[error("file `{}` does not exist{}", path.display(), there_is(near.as_deref()))]
    NotFound {
        /// The path as configured.
        path: PathBuf,
        /// A path like it that exists.
        near: Option<PathBuf>,
    },
    /// A pattern that no file matches.
    #[error("no file matches `{}`{}", path.display(), there_is(near.as_deref()))]
    NothingMatches {
        /// The pattern as configured.
        path: PathBuf,
        /// A path like it that exists.
        near: Option<PathBuf>,
    },
    /// A directory without a file of the wanted format, or of any.
    #[error("directory `{}` holds no file whose name tells {}", path.display(), wanted_format(*format))]
    NothingInDirectory {
        /// The path as configured.
        path: PathBuf,
        /// The wanted format, if one was asked for.
        format: Option<FileFormat>,
    },
    /// Names that tell different formats.
    #[error(
        "`{}` is {format} and `{}` is {other_format}: one source reads one format",
        path.display(),
        other.display()
    )]
    MixedFormats {
        /// A file.
        path: PathBuf,
        /// Its format.
        format: FileFormat,
        /// Another file.
        other: PathBuf,
        /// Its format.
        other_format: FileFormat,
    },
    /// A name that tells no format.
    #[error("the name of `{}` does not tell its format", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// A column whose values have nothing in common in two files.
    #[error(
        "column `{column}` holds {kind} in `{}` and {other_kind} in `{}`",
        path.display(),
        other.display()
    )]
    ColumnKinds {
        /// Its name.
        column: String,
        /// A file.
        path: Box<Path>,
        /// What its values are there.
        kind: ValueKind,
        /// Another file.
        other: Box<Path>,
        /// What its values are there.
        other_kind: ValueKind,
    },
    /// A column with types in two files of which none holds the values of both.
    #[error(
        "column `{column}` is {sql_type} in `{}` and {other_type} in `{}`, and neither type holds the values of both",
        path.display(),
        other.display()
    )]
    ColumnTypes {
        /// Its name.
        column: Box<str>,
        /// A file.
        path: Box<Path>,
        /// Its type there.
        sql_type: Box<SqlType>,
        /// Another file.
        other: Box<Path>,
        /// Its type there.
        other_type: Box<SqlType>,
    },
    /// Headerless files with different numbers of columns.
    #[error("`{}` has {} and `{}` has {}", path.display(), columns_of(*columns), other.display(), columns_of(*other_columns))]
    ColumnCounts {
        /// A file.
        path: PathBuf,
        /// Its columns.
        columns: usize,
        /// Another file.
        other: PathBuf,
        /// Its columns.
        other_columns: usize,
    },
    /// A file that was there when its directory was listed.
    #[error("file `{}` went away after its directory was listed", path.display())]
    Vanished {
        /// The file.
        path: PathBuf,
    },
    /// A file that cannot be followed.
    #[error("cannot watch `{}`: {reason}", path.display())]
    CannotWatch {
        /// The file.
        path: PathBuf,
        /// Why, and what can.
        reason: String,
    },
    /// A file that lost bytes while it was read.
    #[error(
        "`{}` was cut short while it was read: it had {had_bytes} bytes and has {file_bytes} now; \
         start again to read it from its beginning",
        path.display()
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Bytes that it had.
        had_bytes: u64,
        /// Bytes that it has now.
        file_bytes: u64,
    },
    /// A file that went away, or whose path another one took, before all of it was read.
    #[error(
        "`{}` was removed or replaced while it was read; start again to read what is there now",
        path.display()
    )]
    Replaced {
        /// The file.
        path: PathBuf,
    },
    /// A file that can only be read whole and was written meanwhile.
    #[error("`{}` was written while it was read; start again to read what is there now", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// What had been read is not there any more as it was, so that nobody can tell what comes next.
    #[error("reading cannot go on where it was: {reason}; start anew to read what is there now")]
    CannotResume {
        /// What became of which part of the source.
        reason: String,
    },
    /// The position of a source that cannot go on from one.
    #[error("what is always read whole has no position to go on from")]
    NoPosition,
    /// A directory where a file was expected.
    #[error("`{}` is a directory, not a file", path.display())]
    IsDirectory {
        /// Its path.
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
    /// The columns of a file that tells their types are not those that are wanted.
    #[error("`{}`: {}", path.display(), problems.join("; "))]
    Columns {
        /// The file.
        path: PathBuf,
        /// A sentence for each column.
        problems: Vec<String>,
    },
    /// The data cannot be read as its format at all.
    #[error("cannot decode `{}`: {message}", path.display())]
    Format {
        /// The path as configured.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// There are records, and none of them can be read.
    #[error("none of {} can be read: {first}; {}", records_of(*records), unreadable_advice(name, first.cause))]
    NothingReadable {
        /// The source, as the program calls it.
        name: String,
        /// How many records there are.
        records: u64,
        /// What is wrong with the first one.
        first: Box<RowError>,
    },
    /// Something on the network cannot be reached, or broke off.
    #[error("cannot reach {location}: {message}")]
    Connection {
        /// What was to be reached, without credentials.
        location: String,
        /// What went wrong.
        message: String,
        /// Whether it may work the next time.
        is_transient: bool,
    },
    /// Something was reached and has no time, or failed in a way that passes.
    #[error("{location}: {message}")]
    Busy {
        /// Who, without credentials.
        location: String,
        /// What it said.
        message: String,
        /// How long it asks to be left alone, if it says so.
        retry_after: Option<std::time::Duration>,
    },
    /// Something was reached and refused what was asked of it.
    #[error("{location}: {message}")]
    Refused {
        /// Who refused, without credentials.
        location: String,
        /// What it said, and what can be done about it.
        message: String,
        /// Whether it may work the next time.
        is_transient: bool,
    },
    /// Reading in the background ended without a result.
    #[error("reading in the background failed: {message}")]
    Task {
        /// What is known of it.
        message: String,
    },
}

impl SourceError {
    /// Whether trying again may help. Data that is not there may come; what cannot be decoded stays as it is.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Connection { is_transient, .. } | Self::Refused { is_transient, .. } => *is_transient,
            Self::Io { source, .. } => matches!(
                source.kind(),
                std::io::ErrorKind::Interrupted
                    | std::io::ErrorKind::TimedOut
                    | std::io::ErrorKind::WouldBlock
                    | std::io::ErrorKind::ResourceBusy
            ),
            Self::Busy { .. }
            | Self::Vanished { .. }
            | Self::Truncated { .. }
            | Self::Replaced { .. }
            | Self::Changed { .. } => true,
            _ => false,
        }
    }

    /// How long to wait at least before trying again, where somebody asked for it.
    pub fn retry_after(&self) -> Option<std::time::Duration> {
        match self {
            Self::Busy { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether it may be that the data is only not there yet.
    pub fn is_not_there(&self) -> bool {
        matches!(
            self,
            Self::NotFound { .. } | Self::NothingMatches { .. } | Self::NothingInDirectory { .. }
        )
    }
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
    /// A sink that cannot go on behind what it has written.
    #[error("writing `{destination}` cannot go on after a restart: {reason}")]
    CannotResume {
        /// Path, or what else the sink writes to.
        destination: String,
        /// Why, and what can.
        reason: String,
    },
    /// A file that lacks bytes which had been written to it.
    #[error(
        "cannot go on writing `{}`: {expected_bytes} bytes had been written to it, and {}; somebody changed it: put it \
         back as it was, or start anew",
        path.display(),
        found(*found_bytes)
    )]
    Lost {
        /// The path as configured.
        path: PathBuf,
        /// Bytes that it had at least.
        expected_bytes: u64,
        /// Bytes that it has; `None` if it is not there, or is no regular file.
        found_bytes: Option<u64>,
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

/// What to look at when no record of the source `name` can be read, for such a reason.
pub fn unreadable_advice(name: &str, cause: RowErrorCause) -> String {
    if cause == RowErrorCause::EventTime {
        return format!(
            "see whether '{name}.event.time.field' names the column with the time, and what its values are"
        );
    }
    format!(
        "see whether '{name}.format', '{name}.encoding', '{name}.skip_lines', for CSV also '{name}.delimiter', and the \
         declared columns are those of the data"
    )
}

fn found(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "there is no such file".to_owned(), |bytes| format!("it has {bytes}"))
}

fn records_of(count: u64) -> String {
    match count {
        1 => "its records (there is one)".to_owned(),
        count => format!("its {count} records"),
    }
}

fn there_is(near: Option<&Path>) -> String {
    near.map_or(String::new(), |near| format!("; there is `{}`", near.display()))
}

fn wanted_format(format: Option<FileFormat>) -> String {
    format.map_or_else(|| "a known format".to_owned(), |format| format!("the format {format}"))
}

fn columns_of(count: usize) -> String {
    format!("{count} column{}", if count == 1 { "" } else { "s" })
}

fn quoted(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
