use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use velo_common::{Diagnostic, Severity, Span, code, format_duration};
use velo_data::{StreamSchema, SystemColumn};
use velo_datasources::{FileFormat, FileSample, PropertyError, PropertyErrorKind, Source, SourceConfig, SourceError};
use velo_planner::properties::{Properties, Scope, definition};
use velo_planner::{DeclaredAs, DeclaredColumn, Outline, SourceDescription, SourceOutline};

use crate::asking::{Answer, Question, ask_side_by_side};
use crate::check::{Mode, SessionOptions};
use crate::config::ConfigDirectory;
use crate::connection::SourceConnection;
use crate::schema_file::{SCHEMA_FILE_KEY, SchemaFile, read_schema_file};
use crate::waiting::{OnWait, Unopened, described};

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

/// Configures and opens every source that the program reads: those behind a network side by side, then the files.
pub(crate) fn open_sources<'a>(
    outline: &'a Outline<'_>,
    directory: &ConfigDirectory,
    options: &SessionOptions,
    on_wait: &mut OnWait<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> OpenedSources<'a> {
    let configured = |source| ConfiguredSource::of(source, directory, options, diagnostics);
    let configured: Vec<ConfiguredSource<'_>> = outline.sources.iter().map(configured).collect();
    let (remote, local): (Vec<_>, Vec<_>) = configured
        .iter()
        .enumerate()
        .filter_map(|(place, source)| Some((place, source.question()?)))
        .partition(|(_, question)| question.config.is_remote());
    let (places, questions): (Vec<usize>, Vec<Question>) = remote.into_iter().unzip();
    let mut answers: HashMap<usize, Answer> = places.into_iter().zip(ask_side_by_side(questions, on_wait)).collect();
    for (place, question) in local {
        answers.insert(place, question.ask(on_wait));
    }
    let mut sources = OpenedSources::default();
    for (place, source) in configured.into_iter().enumerate() {
        sources.add(source, answers.remove(&place), diagnostics);
    }
    sources
}

impl<'a> OpenedSources<'a> {
    fn add(&mut self, configured: ConfiguredSource<'a>, answer: Option<Answer>, diagnostics: &mut Vec<Diagnostic>) {
        let source = configured.source;
        let opened = match answer {
            Some(Ok(opened)) => Some(opened),
            Some(Err(unopened)) => {
                if configured.fails_its_table() {
                    self.unreachable.insert(source.id.clone(), unopened.described());
                } else {
                    diagnostics.push(configured.open_diagnostic(&unopened));
                }
                None
            }
            None => None,
        };
        let ConfiguredSource { declared, config, .. } = configured;
        let found = opened.as_ref().map(|opened| opened.source.schema());
        // An empty file tells no columns, and has no rows that could have any.
        let found = found.filter(|schema| schema.user_columns() > 0).cloned();
        let (sample, asked) = match &opened {
            Some(opened) => (opened.sample.clone(), opened.asked.clone()),
            None => (None, None),
        };
        if let Some(config) = config {
            let connection = SourceConnection {
                config,
                schema: declared.clone().or_else(|| found.clone()),
                sample: sample.clone(),
                asked,
            };
            self.connections.insert(source.id.clone(), connection);
        }
        self.sampled.extend(sample.map(|sample| (source, sample)));
        let description = match &opened {
            Some(opened) => SourceDescription {
                schema: found,
                system_columns: opened.source.system_columns().to_vec(),
            },
            None => SourceDescription {
                schema: declared,
                system_columns: columns_of_records(source),
            },
        };
        self.descriptions.insert(source.id.clone(), description);
        if let Some(opened) = opened.filter(|_| source.is_read) {
            self.opened.insert(source.id.clone(), opened.source);
        }
    }
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

/// A source that is about to be opened.
struct ConfiguredSource<'a> {
    source: &'a SourceOutline,
    mode: Mode,
    /// Its columns, where the program or a schema file says them.
    declared: Option<StreamSchema>,
    /// Where it is, unless something is wrong with what says it.
    config: Option<SourceConfig>,
    /// How often it is asked again after an error that may pass.
    retries: u32,
}

impl<'a> ConfiguredSource<'a> {
    fn of(
        source: &'a SourceOutline,
        directory: &ConfigDirectory,
        options: &SessionOptions,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Self {
        // What only an unread view reads is not needed for a run.
        let mode = if source.is_read || options.mode == Mode::Load {
            options.mode
        } else {
            Mode::Validate
        };
        let (declared, config) = match read_schema_file(source, directory, diagnostics) {
            SchemaFile::Columns(columns) => (Some(columns), configure(source, mode, diagnostics)),
            SchemaFile::None => {
                let declared = source.declared.as_deref().map(declared_schema);
                (declared, configure(source, mode, diagnostics))
            }
            SchemaFile::Unusable => (None, None),
        };
        // Where columns are declared, nothing has to be asked before the load, which asks again itself.
        let retries = if declared.is_none() { options.retries } else { 0 };
        Self {
            source,
            mode,
            declared,
            config,
            retries,
        }
    }

    /// What opens it, unless it is left alone: nothing is asked over a network to validate, nor for columns that are
    /// declared, since who loads them connects.
    fn question(&self) -> Option<Question> {
        let needs_no_look = self.mode == Mode::Validate || (self.mode == Mode::Load && self.declared.is_some());
        let config = self.config.as_ref();
        let config = config.filter(|config| !(needs_no_look && config.is_remote()))?;
        Some(Question {
            name: self.source.name.clone(),
            config: config.clone(),
            declared: self.declared.clone(),
            retries: self.retries,
        })
    }

    /// Whether it is for those to tell who load its table that it cannot be opened: in a run, if its columns are known
    /// without it.
    fn fails_its_table(&self) -> bool {
        let is_table = matches!(self.source.declared_as, DeclaredAs::Table | DeclaredAs::KeyedTable);
        self.mode == Mode::Load || (self.mode == Mode::Run && is_table && self.declared.is_some())
    }

    fn open_diagnostic(&self, unopened: &Unopened) -> Diagnostic {
        open_diagnostic(unopened, self.source, self.declared.is_some(), self.mode)
    }
}

/// Where a source is, unless that is not said or something is wrong with it.
fn configure(source: &SourceOutline, mode: Mode, diagnostics: &mut Vec<Diagnostic>) -> Option<SourceConfig> {
    let mut properties = file_properties(&source.properties);
    properties.remove(SCHEMA_FILE_KEY);
    if !source.is_usable {
        return None;
    }
    let says_where = ["path", "type", "url", "connection.url"];
    if !says_where.iter().any(|key| properties.contains_key(*key)) {
        if !source.properties.contains_key("topic") {
            diagnostics.push(unconfigured(source, mode));
        }
        return None;
    }
    let config = match SourceConfig::from_properties(None, &properties) {
        Ok(config) => config,
        Err(errors) => {
            let describe =
                |error: &PropertyError| property_diagnostic(error, &source.properties, source.span, &source.name);
            diagnostics.extend(errors.iter().map(describe));
            return None;
        }
    };
    for key in config.keys_without_effect(&properties) {
        diagnostics.push(without_effect(key, &source.properties, source.span, &source.name));
    }
    diagnostics.extend(key_columns_of_envelope(source, &config));
    Some(config)
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
