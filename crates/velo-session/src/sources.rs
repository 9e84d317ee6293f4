use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use velo_common::{Diagnostic, Name};
use velo_data::{SqlType, StreamSchema, SystemColumn};
use velo_datasources::{FileSample, GeneratedDescription, PropertyError, Source, SourceConfig, generated_source};
use velo_planner::properties::{Properties, Scope, definition};
use velo_planner::{DeclaredAs, DeclaredColumn, Outline, SourceDescription, SourceOutline};

use crate::asking::{Answer, Question, ask_side_by_side};
use crate::check::{Mode, SessionOptions};
use crate::connection::SourceConnection;
use crate::problems::{
    UnknownColumns, endless_table, open_diagnostic, property_diagnostic, unconfigured, without_effect,
};
use crate::schema_file::{SCHEMA_FILE_KEY, SchemaFile, read_schema_file};
use crate::waiting::{OnWait, Opened, Unopened};

/// The sources of a program: what planning needs to know, and what running needs.
#[derive(Debug, Default)]
pub(crate) struct OpenedSources<'a> {
    pub(crate) descriptions: HashMap<String, SourceDescription>,
    pub(crate) opened: HashMap<String, Arc<dyn Source>>,
    /// How sources are reached that have a configuration, whether they could be opened or not.
    pub(crate) connections: HashMap<String, SourceConnection>,
    /// Why sources that a table is to be loaded from could not be looked at.
    pub(crate) unreachable: HashMap<String, String>,
    /// What is generated, for sources whose rows are.
    pub(crate) generated: Vec<(&'a SourceOutline, GeneratedDescription)>,
    /// What samples showed, for sources without declared columns.
    pub(crate) sampled: Vec<(&'a SourceOutline, FileSample)>,
}

/// Configures and opens every source that the program reads: those behind a network side by side, then the files.
pub(crate) fn open_sources<'a>(
    outline: &'a Outline<'_>,
    options: &SessionOptions,
    on_wait: &mut OnWait<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> OpenedSources<'a> {
    let configured = |source| ConfiguredSource::of(source, options, diagnostics);
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
        let was_asked = answer.is_some();
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
        if let Some(unknown) = configured.unknown_columns(opened.as_ref(), was_asked) {
            let diagnostic = unknown.diagnostic(source, configured.checked_for);
            if configured.checked_for == Mode::Load {
                self.unreachable.insert(source.id.clone(), told(&diagnostic));
            } else {
                diagnostics.push(diagnostic);
            }
        }
        let ConfiguredSource {
            declared,
            config,
            generated,
            ..
        } = configured;
        self.generated.extend(generated.map(|generated| (source, generated)));
        let found = opened.as_ref().and_then(Opened::columns).cloned();
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

/// The columns, of which the one with the event time says how it is written, so that it is read as such.
fn with_time_format(columns: &StreamSchema, source: &SourceOutline) -> StreamSchema {
    let property = |key: &str| source.properties.get(key).map(|value| value.text.as_str());
    let (Some(name), Some(format)) = (property("event.time.field"), property("event.time.format")) else {
        return columns.clone();
    };
    let fields = columns.user_fields();
    let exact = fields.iter().position(|field| field.name() == name);
    let place = exact.or_else(|| fields.iter().position(|field| Name::new(name).matches(field.name())));
    let fields = fields.iter().enumerate().map(|(index, field)| {
        let field = field.as_ref().clone();
        let is_time = place == Some(index) && SqlType::of_field(&field) == Some(SqlType::Timestamp);
        if is_time {
            SqlType::with_time_format(field, format)
        } else {
            field
        }
    });
    StreamSchema::of_user_columns(fields).with_key(columns.key().to_vec())
}

/// A source that is about to be opened.
struct ConfiguredSource<'a> {
    source: &'a SourceOutline,
    mode: Mode,
    /// What the program is checked for, whether it needs this source for that or not.
    checked_for: Mode,
    /// Its columns, where the program or a schema file says them.
    declared: Option<StreamSchema>,
    /// Where it is, unless something is wrong with what says it.
    config: Option<SourceConfig>,
    /// What is generated, if its rows are.
    generated: Option<GeneratedDescription>,
    /// How often it is asked again after an error that may pass.
    retries: u32,
}

impl<'a> ConfiguredSource<'a> {
    fn of(source: &'a SourceOutline, options: &SessionOptions, diagnostics: &mut Vec<Diagnostic>) -> Self {
        // What only an unread view reads is not needed for a run.
        let mode = if source.is_read || options.mode == Mode::Load {
            options.mode
        } else {
            Mode::Validate
        };
        let (declared, config) = match read_schema_file(source, diagnostics) {
            SchemaFile::Columns(columns) => (Some(columns), configure(source, mode, diagnostics)),
            SchemaFile::None => {
                let declared = source.declared.as_deref().map(declared_schema);
                (declared, configure(source, mode, diagnostics))
            }
            SchemaFile::Unusable => (None, None),
        };
        let declared = declared.map(|columns| with_time_format(&columns, source));
        let mut config = config;
        let mut generated = None;
        match config
            .as_ref()
            .map(|config| describe_generated(config, declared.as_ref(), source))
        {
            Some(Ok(description)) => generated = description,
            Some(Err(problems)) => {
                diagnostics.extend(problems);
                config = None;
            }
            None => {}
        }
        // Where columns are declared, nothing has to be asked before the load, which asks again itself.
        let retries = if declared.is_none() { options.retries } else { 0 };
        Self {
            source,
            mode,
            checked_for: options.mode,
            declared,
            config,
            generated,
            retries,
        }
    }

    /// What opens it, unless it is left alone: nothing is asked over a network to validate, nor for columns that are
    /// declared, since who loads them connects.
    fn question(&self) -> Option<Question> {
        let needs_no_look = self.mode == Mode::Validate || (self.mode == Mode::Load && self.declared.is_some());
        let config = self.config.as_ref();
        let config = config.filter(|config| !(needs_no_look && config.is_remote()))?;
        if self.lacks_columns_to_generate() {
            return None;
        }
        Some(Question {
            name: self.source.name.clone(),
            config: config.clone(),
            declared: self.declared.clone(),
            retries: self.retries,
        })
    }

    /// Whether its rows are generated for declared columns, and none are declared.
    fn lacks_columns_to_generate(&self) -> bool {
        self.declared.is_none() && matches!(self.config, Some(SourceConfig::Datagen(_)))
    }

    /// Whether it is for those to tell who load its table that it cannot be opened: in a run, if its columns are known
    /// without it.
    fn fails_its_table(&self) -> bool {
        let is_table = matches!(self.source.declared_as, DeclaredAs::Table | DeclaredAs::KeyedTable);
        self.mode == Mode::Load || (self.mode == Mode::Run && is_table && self.declared.is_some())
    }

    /// Why its columns are unknown, where that matters and is not said by what keeps it from being opened.
    fn unknown_columns(&self, opened: Option<&Opened>, was_asked: bool) -> Option<UnknownColumns> {
        let is_needed = self.checked_for != Mode::Run || self.source.is_read;
        if self.declared.is_some() || !is_needed {
            return None;
        }
        match opened {
            Some(opened) => UnknownColumns::of_opened(opened),
            None if self.lacks_columns_to_generate() => Some(UnknownColumns::NotGenerated),
            None if was_asked || self.config.is_none() => None,
            None => Some(UnknownColumns::NotAsked),
        }
    }

    fn open_diagnostic(&self, unopened: &Unopened) -> Diagnostic {
        open_diagnostic(unopened, self.source, self.declared.is_some(), self.mode)
    }
}

/// A diagnostic as one sentence, with its way out.
fn told(diagnostic: &Diagnostic) -> String {
    let help = diagnostic.help.iter().map(|help| format!("; {help}"));
    std::iter::once(diagnostic.message.clone()).chain(help).collect()
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
    let declared = source.declared.iter().flatten().enumerate();
    let key = declared.filter(|(_, column)| column.is_key).map(|(index, _)| index);
    Some(config.with_key_columns(key.collect()))
}

/// What a source generates, if its rows are generated.
///
/// # Errors
///
/// When settings do not fit its columns, or it is a table of rows without end.
fn describe_generated(
    config: &SourceConfig,
    declared: Option<&StreamSchema>,
    source: &SourceOutline,
) -> Result<Option<GeneratedDescription>, Vec<Diagnostic>> {
    let problem = |error: &PropertyError| property_diagnostic(error, &source.properties, source.span, &source.name);
    let description = match generated_source(config, declared) {
        None => return Ok(None),
        Some(Err(errors)) => return Err(errors.iter().map(problem).collect()),
        Some(Ok(generated)) => generated.describe(),
    };
    let is_table = matches!(source.declared_as, DeclaredAs::Table | DeclaredAs::KeyedTable);
    if is_table && description.rows.is_none() {
        return Err(vec![endless_table(source)]);
    }
    Ok(Some(description))
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
    file.map(|(key, value)| (key.as_ref().to_owned(), value.text.clone()))
        .collect()
}
