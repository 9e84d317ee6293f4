use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use velo_common::{Diagnostic, Severity, Span, code, format_duration};
use velo_data::{StreamSchema, SystemColumn};
use velo_datasources::{FileFormat, FileSample, PropertyError, PropertyErrorKind, Source, SourceConfig, SourceError};
use velo_planner::properties::{Properties, Scope, definition};
use velo_planner::{DeclaredAs, DeclaredColumn, Outline, SourceDescription, SourceOutline};

use crate::check::{Mode, SessionOptions};
use crate::config::ConfigDirectory;
use crate::connection::SourceConnection;
use crate::schema_file::{SCHEMA_FILE_KEY, SchemaFile, read_schema_file};
use crate::waiting::{OnWait, Unopened, described, open_when_there};

/// The sources of a program: what planning needs to know, and what running needs.
#[derive(Debug, Default)]
pub(crate) struct OpenedSources<'a> {
    pub(crate) descriptions: HashMap<String, SourceDescription>,
    pub(crate) opened: HashMap<String, Arc<dyn Source>>,
    /// How sources are reached that have a configuration, whether they could be opened or not.
    pub(crate) connections: HashMap<String, SourceConnection>,
    /// Why sources that a table is to be loaded from could not be looked at.
    pub(crate) unreachable: HashMap<String, String>,
    /// What samples showed, for sources without declared columns.
    pub(crate) sampled: Vec<(&'a SourceOutline, FileSample)>,
}

/// Configures and opens every source that the program reads.
pub(crate) fn open_sources<'a>(
    outline: &'a Outline<'_>,
    directory: &ConfigDirectory,
    options: &SessionOptions,
    on_wait: &mut OnWait<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> OpenedSources<'a> {
    let mut sources = OpenedSources::default();
    for source in &outline.sources {
        // What only an unread view reads is not needed for a run.
        let mode = if source.is_read || options.mode == Mode::Load {
            options.mode
        } else {
            Mode::Validate
        };
        let declared = match read_schema_file(source, directory, diagnostics) {
            SchemaFile::Columns(columns) => Ok(Some(columns)),
            SchemaFile::None => Ok(source.declared.as_deref().map(declared_schema)),
            SchemaFile::Unusable => Err(()),
        };
        let Opened {
            opened,
            sample,
            config,
            failure,
        } = match &declared {
            Ok(declared) => {
                // Where columns are declared, nothing has to be asked before the load, which asks again itself.
                let retries = if declared.is_none() { options.retries } else { 0 };
                open(source, declared.as_ref(), mode, retries, on_wait, diagnostics)
            }
            Err(()) => Opened::default(),
        };
        let declared = declared.unwrap_or_default();
        sources
            .unreachable
            .extend(failure.map(|failure| (source.id.clone(), failure)));
        if let Some(config) = config {
            let found = opened.as_ref().map(|opened| opened.schema().clone());
            let connection = SourceConnection {
                config,
                schema: declared.clone().or(found.filter(|schema| schema.user_columns() > 0)),
                sample: sample.clone(),
            };
            sources.connections.insert(source.id.clone(), connection);
        }
        sources.sampled.extend(sample.map(|sample| (source, sample)));
        let description = match &opened {
            Some(opened) => SourceDescription {
                // An empty file tells no columns, and has no rows that could have any.
                schema: Some(opened.schema().clone()).filter(|schema| schema.user_columns() > 0),
                system_columns: opened.system_columns().to_vec(),
            },
            None => SourceDescription {
                schema: declared,
                system_columns: columns_of_records(source),
            },
        };
        sources.descriptions.insert(source.id.clone(), description);
        if let Some(opened) = opened.filter(|_| source.is_read) {
            sources.opened.insert(source.id.clone(), opened);
        }
    }
    sources
}

/// Metadata of a source that was not opened: records of topics have all of it.
fn columns_of_records(source: &SourceOutline) -> Vec<SystemColumn> {
    if source.properties.contains_key("topic") {
        vec![SystemColumn::Timestamp, SystemColumn::EventTime, SystemColumn::Key]
    } else {
        Vec::new()
    }
}

fn declared_schema(columns: &[DeclaredColumn]) -> StreamSchema {
    let field = |column: &DeclaredColumn| column.sql_type.field(&column.name.text, column.nullable);
    StreamSchema::of_user_columns(columns.iter().map(field))
}

/// A source, unless something is wrong with it, and the sample that told its columns.
#[derive(Default)]
struct Opened {
    opened: Option<Arc<dyn Source>>,
    sample: Option<FileSample>,
    /// Its configuration, where that makes sense.
    config: Option<SourceConfig>,
    /// Why it cannot be opened, where that is for the loading of tables to tell.
    failure: Option<String>,
}

fn open(
    source: &SourceOutline,
    declared: Option<&StreamSchema>,
    mode: Mode,
    retries: u32,
    on_wait: &mut OnWait<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Opened {
    let mut properties = file_properties(&source.properties);
    properties.remove(SCHEMA_FILE_KEY);
    if !source.is_usable {
        return Opened::default();
    }
    let says_where = ["path", "type", "url", "connection.url"];
    if !says_where.iter().any(|key| properties.contains_key(*key)) {
        if !source.properties.contains_key("topic") {
            diagnostics.push(unconfigured(source, mode));
        }
        return Opened::default();
    }
    let config = match SourceConfig::from_properties(None, &properties) {
        Ok(config) => config,
        Err(errors) => {
            let describe =
                |error: &PropertyError| property_diagnostic(error, &source.properties, source.span, &source.name);
            diagnostics.extend(errors.iter().map(describe));
            return Opened::default();
        }
    };
    for key in config.keys_without_effect(&properties) {
        diagnostics.push(without_effect(key, &source.properties, source.span, &source.name));
    }
    if let Some(diagnostic) = key_columns_of_envelope(source, &config) {
        diagnostics.push(diagnostic);
    }
    // Nothing is asked over a network to validate, nor for columns that are declared: who loads them connects.
    let needs_no_look = mode == Mode::Validate || (mode == Mode::Load && declared.is_some());
    if needs_no_look && config.is_remote() {
        return Opened {
            config: Some(config),
            ..Opened::default()
        };
    }
    match open_when_there(&source.name, &config, declared, retries, on_wait) {
        Ok((opened, sample)) => Opened {
            opened: Some(opened),
            sample,
            config: Some(config),
            failure: None,
        },
        Err(unopened) if mode == Mode::Load || (mode == Mode::Run && fails_its_table(source, declared)) => Opened {
            failure: Some(unopened.described()),
            config: Some(config),
            ..Opened::default()
        },
        Err(unopened) => {
            diagnostics.push(open_diagnostic(&unopened, source, declared.is_some(), mode));
            Opened {
                config: Some(config),
                ..Opened::default()
            }
        }
    }
}

/// The properties that say where and what the data is; those of event time and statements are not the file's, and
/// those that are not supported have been refused.
pub(crate) fn file_properties(properties: &Properties) -> BTreeMap<String, String> {
    let is_file = |key: &str| {
        definition(key)
            .filter(|definition| definition.supported)
            .is_some_and(|definition| matches!(definition.scope, Scope::Object | Scope::Source | Scope::Sink))
    };
    let file = properties.iter().filter(|(key, _)| is_file(key));
    file.map(|(key, value)| ((*key).to_owned(), value.text.clone()))
        .collect()
}

/// Whether a program without a place for its data is wrong depends on whether it is to run now.
fn unconfigured(source: &SourceOutline, mode: Mode) -> Diagnostic {
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
        _ if key.starts_with("paging.") => "the `paging.style` has no use for it",
        _ if key.starts_with("s3.") => "it reads local files",
        _ => "its format has no use for it",
    };
    let message = format!("`{key}` has no effect on `{name}`: {reason}");
    Diagnostic::new(&code::PROPERTY_WITHOUT_EFFECT, span, message)
}

/// Columns of the record key are read from the record's value; an envelope keeps keys apart.
fn key_columns_of_envelope(source: &SourceOutline, config: &SourceConfig) -> Option<Diagnostic> {
    let is_envelope = matches!(config, SourceConfig::File(file) if file.format == Some(FileFormat::Envelope));
    let key = source.declared.iter().flatten().find(|column| column.is_key)?;
    is_envelope.then(|| {
        Diagnostic::new(
            &code::UNSUPPORTED,
            key.span,
            "columns from the key of an envelope are not supported yet",
        )
        .with_help("read the key as `_key`")
    })
}

/// What to do about a source that cannot be opened.
fn help(error: &SourceError, name: &str) -> Option<String> {
    Some(match error {
        SourceError::NotFound { path, near: None } | SourceError::NothingMatches { path, near: None }
            if path.is_relative() =>
        {
            "a relative path starts in the directory that the command runs in".to_owned()
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
        SourceError::ColumnCounts { .. } => format!("read them as two sources, or declare the columns of `{name}`"),
        _ => return None,
    })
}

/// Whether a source that cannot be opened is for those to tell who load its table: its columns are known without it.
fn fails_its_table(source: &SourceOutline, declared: Option<&StreamSchema>) -> bool {
    let is_table = matches!(source.declared_as, DeclaredAs::Table | DeclaredAs::KeyedTable);
    is_table && declared.is_some()
}

fn open_diagnostic(unopened: &Unopened, source: &SourceOutline, declared: bool, mode: Mode) -> Diagnostic {
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
        SourceError::Format { .. }
        | SourceError::MixedFormats { .. }
        | SourceError::ColumnKinds { .. }
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
        SourceError::Connection { .. } | SourceError::Busy { .. } | SourceError::Refused { .. } => {
            &code::SOURCE_REFUSED
        }
    };
    let mut message = format!("`{name}`: {}", described(error));
    if waited.as_secs() > 0 && error.is_not_there() {
        let waited = format_duration(Duration::from_secs(waited.as_secs()));
        message = format!("{message}; waited {waited} for it");
    }
    let mut diagnostic = Diagnostic::new(code, place, message);
    diagnostic = diagnostic.with_help_if(help(error, name));
    // Data may come later; what is wrong with data that is there stays wrong.
    if mode == Mode::Validate && (code == &code::FILE_NOT_FOUND || error.is_transient()) {
        diagnostic.severity = Severity::Warning;
        if !declared {
            diagnostic = diagnostic.with_help(format!(
                "its columns are unknown, so names and types are checked only in part; declare them: CREATE STREAM {name} (column TYPE, …)"
            ));
        }
    }
    diagnostic
}
