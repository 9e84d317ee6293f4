//! What is said about the properties of sources and sinks, and about sources that cannot be opened.

use std::path::Path;
use std::time::Duration;

use velo_common::{Diagnostic, Severity, Span, code, format_duration};
use velo_data::RowError;
use velo_datasources::{PropertyError, PropertyErrorKind, SourceError};
use velo_planner::SourceOutline;
use velo_planner::properties::Properties;

use crate::check::Mode;
use crate::lints::unreadable_record;
use crate::waiting::{Opened, Unopened, described};

/// Whether a program without a place for its data is wrong depends on whether it is to run now.
pub(crate) fn unconfigured(source: &SourceOutline, mode: Mode) -> Diagnostic {
    let name = &source.name;
    let message = format!("nothing says where `{name}` is read from");
    let mut diagnostic = Diagnostic::new(&code::MISSING_PROPERTY, source.span, message).with_help(format!(
        "add '{name}.path' = '…' to WITH, or run with --source {name}=PATH"
    ));
    if mode == Mode::Validate {
        diagnostic.severity = Severity::Warning;
    }
    diagnostic
}

pub(crate) fn property_diagnostic(
    error: &PropertyError,
    properties: &Properties,
    object: Span,
    name: &str,
) -> Diagnostic {
    let code = match error.kind {
        PropertyErrorKind::Unknown => &code::UNKNOWN_PROPERTY,
        PropertyErrorKind::Missing => &code::MISSING_PROPERTY,
        PropertyErrorKind::Invalid => &code::INVALID_PROPERTY_VALUE,
        PropertyErrorKind::Unsupported => &code::UNSUPPORTED_PROPERTY,
    };
    let span = properties
        .get(error.key.as_str())
        .and_then(|value| value.span)
        .unwrap_or(object);
    Diagnostic::new(code, span, format!("`{name}`: {}", error.message))
}

pub(crate) fn without_effect(key: &str, properties: &Properties, object: Span, name: &str) -> Diagnostic {
    let span = properties.get(key).and_then(|value| value.span).unwrap_or(object);
    let reason = match key {
        "recursive" => "it reads no directory",
        "polling.interval" => "without `watch` it is read to its end",
        "connection.user" | "connection.password" | "statement.timeout" | "fetch.size" => "SQLite has no use for it",
        "file.retry.interval" => "without `file.wait.timeout` it does not wait",
        _ if key.starts_with("paging.") || key.starts_with("http.pages.") => "the `paging.style` has no use for it",
        _ if key.starts_with("s3.") => "it reads local files",
        _ => "its format has no use for it",
    };
    let message = format!("`{key}` has no effect on `{name}`: {reason}");
    Diagnostic::new(&code::PROPERTY_WITHOUT_EFFECT, span, message)
}

/// A declared table whose rows are generated without end: no load of it would ever be over.
pub(crate) fn endless_table(source: &SourceOutline) -> Diagnostic {
    let name = &source.name;
    let is_nexmark = source.properties.contains_key("table");
    let key = if is_nexmark {
        "number.of.events"
    } else {
        "number.of.rows"
    };
    let span = source.properties.get("type").and_then(|value| value.span);
    let message = format!("the table `{name}` is loaded to its end, and rows are generated for it without end");
    Diagnostic::new(&code::MISSING_PROPERTY, span.unwrap_or(source.span), message)
        .with_help(format!("add '{key}' = '1000', or declare it as a stream"))
}

/// Why the columns of a source are unknown that nobody declares and that can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UnknownColumns {
    /// It is behind a network, and is not asked to validate a program.
    NotAsked,
    /// Its rows are generated for the columns that are declared.
    NotGenerated,
    /// It has no record.
    NoRecord,
    /// None of its first records can be read, of which this is one.
    Unreadable(Box<RowError>),
}

impl UnknownColumns {
    /// Why a source that was opened has no columns, if so.
    pub(crate) fn of_opened(opened: &Opened) -> Option<Self> {
        if opened.columns().is_some() {
            return None;
        }
        Some(match opened.source.unreadable_beginning(&[]) {
            Ok(Some(error)) => Self::Unreadable(Box::new(error)),
            Ok(None) | Err(_) => Self::NoRecord,
        })
    }

    /// An error where the program is to run; who validates it is told what was checked only in part.
    pub(crate) fn diagnostic(&self, source: &SourceOutline, mode: Mode) -> Diagnostic {
        let why = match self {
            Self::NotAsked => "nobody declares them, and it is asked only when the program runs or is loaded",
            Self::NotGenerated => "rows are generated for declared columns, and it has none",
            Self::NoRecord => "nobody declares them, and it has no record that tells them",
            Self::Unreadable(error) => {
                let mut diagnostic = unreadable_record(source, error);
                if mode != Mode::Validate {
                    diagnostic.severity = Severity::Error;
                }
                return diagnostic;
            }
        };
        let message = format!("the columns of `{}` are unknown: {why}", source.name);
        let mut diagnostic = Diagnostic::new(&code::SCHEMA_UNKNOWN, place_of(source), message);
        // A path that is read as it stands gives no name.
        let is_path = source.name.contains([':', '/', '.']);
        let name = if is_path { "name" } else { source.name.as_str() };
        let mut help = format!("declare them: CREATE STREAM {name} (column TYPE, …)");
        if mode == Mode::Validate && *self != Self::NotGenerated {
            diagnostic.severity = Severity::Warning;
            help.insert_str(0, "names and types are checked only in part; ");
        }
        diagnostic.with_help(help)
    }
}

/// Where the program says what a source reads; not at the connection of a database, whose line may hold a password.
pub(crate) fn place_of(source: &SourceOutline) -> Span {
    let places = ["path", "query", "table", "url", "type"];
    let place = places.into_iter().find_map(|key| source.properties.get(key)?.span);
    place.unwrap_or(source.span)
}

/// The path of a source as it is written, if it is relative.
fn relative_path(source: &SourceOutline) -> Option<&str> {
    source.properties.get("path").and_then(|path| path.relative.as_deref())
}

/// The path of a source that is not there, if it is there for one who starts in the working directory.
fn path_from_working_directory<'a>(error: &SourceError, source: &'a SourceOutline) -> Option<&'a str> {
    let written = relative_path(source).filter(|_| error.is_not_there())?;
    let is_elsewhere = source.properties.get("path").is_some_and(|path| path.text != written);
    (is_elsewhere && Path::new(written).exists()).then_some(written)
}

/// What to do about a source that cannot be opened.
fn help(error: &SourceError, source: &SourceOutline) -> Option<String> {
    let name = &source.name;
    Some(match error {
        SourceError::NotFound { path, near: None } | SourceError::NothingMatches { path, near: None }
            if path.is_relative() =>
        {
            match relative_path(source) {
                Some(_) => "a relative path starts in the directory of the file that it is written in".to_owned(),
                None => "a relative path on the command line starts in the working directory".to_owned(),
            }
        }
        SourceError::NothingInDirectory { .. } => {
            format!(
                "files with other names are read through a pattern: '{name}.path' = '…/*.txt', '{name}.format' = '…'"
            )
        }
        SourceError::MixedFormats { .. } => {
            format!("say which files are meant: '{name}.format' = '…', or a pattern such as '{name}.path' = '…/*.csv'")
        }
        SourceError::UnknownFormat { .. } => format!("add '{name}.format' = 'csv' (or csv_no_header, jsonlines)"),
        SourceError::ColumnKinds { column, .. } => {
            format!("declare the columns: CREATE STREAM {name} (…, {column} STRING) WITH (path = '…')")
        }
        SourceError::ColumnTypes { .. } => {
            format!("read the files as two sources, or declare the columns of `{name}` that all files have")
        }
        SourceError::ColumnCounts { .. } => format!("read them as two sources, or declare the columns of `{name}`"),
        _ => return None,
    })
}

/// Why a source cannot be opened, at the place that names it.
pub(crate) fn open_diagnostic(unopened: &Unopened, source: &SourceOutline, declared: bool, mode: Mode) -> Diagnostic {
    let key = match &unopened.error {
        SourceError::CannotWatch { .. } => "watch",
        SourceError::Connection { .. } | SourceError::Busy { .. } | SourceError::Refused { .. } => {
            // Not at the connection of a database, whose line may hold a password.
            let places = ["query", "table", "url", "path"];
            let given = places.into_iter().find(|key| source.properties.contains_key(*key));
            given.unwrap_or("path")
        }
        _ => "path",
    };
    let place = source
        .properties
        .get(key)
        .and_then(|value| value.span)
        .unwrap_or(source.span);
    let name = &source.name;
    let Unopened { error, waited, .. } = unopened;
    let code = match error {
        SourceError::Header { .. } | SourceError::Columns { .. } => &code::HEADER_MISMATCH,
        SourceError::NothingReadable { .. } => &code::UNREADABLE_RECORDS,
        SourceError::Format { .. }
        | SourceError::MixedFormats { .. }
        | SourceError::ColumnKinds { .. }
        | SourceError::ColumnTypes { .. }
        | SourceError::ColumnCounts { .. } => &code::SCHEMA_UNKNOWN,
        SourceError::UnknownFormat { .. } => &code::MISSING_PROPERTY,
        SourceError::CannotWatch { .. } => &code::INVALID_PROPERTY_VALUE,
        SourceError::NotFound { .. }
        | SourceError::NothingMatches { .. }
        | SourceError::NothingInDirectory { .. }
        | SourceError::Vanished { .. }
        | SourceError::Truncated { .. }
        | SourceError::Replaced { .. }
        | SourceError::Changed { .. }
        | SourceError::IsDirectory { .. }
        | SourceError::Io { .. }
        | SourceError::Task { .. } => &code::FILE_NOT_FOUND,
        SourceError::Connection { .. }
        | SourceError::Busy { .. }
        | SourceError::Refused { .. }
        | SourceError::CannotResume { .. }
        | SourceError::NoPosition => &code::SOURCE_REFUSED,
    };
    let mut message = format!("`{name}`: {}", described(error));
    if waited.as_secs() > 0 && error.is_not_there() {
        let waited = format_duration(Duration::from_secs(waited.as_secs()));
        message = format!("{message}; waited {waited} for it");
    }
    let moved = path_from_working_directory(error, source);
    if let Some(written) = moved {
        message = format!("{message}, but `{written}` exists in the working directory");
    }
    let mut diagnostic = Diagnostic::new(code, place, message).with_help_if(help(error, source));
    // Data may come later; what is wrong with data that is there stays wrong.
    if mode == Mode::Validate && (code == &code::FILE_NOT_FOUND || error.is_transient()) {
        diagnostic.severity = Severity::Warning;
        if !declared && moved.is_none() {
            diagnostic = diagnostic.with_help(format!(
                "its columns are unknown, so names and types are checked only in part; declare them: CREATE STREAM {name} (column TYPE, …)"
            ));
        }
    }
    if moved.is_some() {
        diagnostic = diagnostic.with_help(
            "a relative path starts in the directory of the file that it is written in; with --base-dir . it starts in the \
             working directory",
        );
    }
    diagnostic
}
