use std::collections::{BTreeMap, HashMap};

use velo_common::{Diagnostic, code};
use velo_data::SystemColumn;
use velo_datasources::{FileFormat, SinkConfig, TextFormat, unwritable_columns};
use velo_planner::plan::PlannedStatement;
use velo_planner::{Outline, SinkDescription, SinkOutline};

use crate::problems::{property_diagnostic, without_effect};
use crate::sources::file_properties;

/// What an envelope says about a record beside its columns.
const ENVELOPE_METADATA: [SystemColumn; 6] = [
    SystemColumn::Timestamp,
    SystemColumn::EventTime,
    SystemColumn::Key,
    SystemColumn::Headers,
    SystemColumn::WindowStart,
    SystemColumn::WindowEnd,
];

/// The sinks of a program: what planning needs to know, and what running needs.
#[derive(Debug, Default)]
pub(crate) struct ConfiguredSinks {
    /// By name as the program spells it.
    pub(crate) descriptions: HashMap<String, SinkDescription>,
    /// By folded name.
    pub(crate) configs: HashMap<String, SinkConfig>,
}

/// Configures every sink that the program writes; none is opened, so that checking leaves no trace.
pub(crate) fn configure_sinks(outline: &Outline<'_>, diagnostics: &mut Vec<Diagnostic>) -> ConfiguredSinks {
    let mut sinks = ConfiguredSinks::default();
    let mut spellings: HashMap<String, Vec<&String>> = HashMap::new();
    for name in outline.queries.iter().flat_map(|query| &query.sinks) {
        spellings.entry(name.to_lowercase()).or_default().push(name);
    }
    for sink in outline.sinks.iter().filter(|sink| sink.is_usable) {
        let Some(config) = configure(sink, diagnostics) else {
            continue;
        };
        let is_envelope = matches!(&config, SinkConfig::File(file) if file.format == FileFormat::Envelope);
        let description = SinkDescription {
            metadata: if is_envelope {
                ENVELOPE_METADATA.to_vec()
            } else {
                Vec::new()
            },
            takes: config.takes(),
        };
        for spelling in spellings.get(&sink.name.to_lowercase()).into_iter().flatten() {
            sinks.descriptions.insert((*spelling).clone(), description.clone());
        }
        sinks.configs.insert(sink.name.to_lowercase(), config);
    }
    sinks
}

fn configure(sink: &SinkOutline, diagnostics: &mut Vec<Diagnostic>) -> Option<SinkConfig> {
    let properties = file_properties(&sink.properties);
    match properties.get("path").map(String::as_str) {
        Some("-") => {
            return Some(SinkConfig::Stdout {
                format: stdout_format(&properties),
            });
        }
        Some("discard") => return Some(SinkConfig::Discard),
        None if !properties.contains_key("type") => {
            if !sink.properties.contains_key("topic") {
                let name = &sink.name;
                let message = format!("nothing says where `{name}` is written to");
                diagnostics.push(
                    Diagnostic::new(&code::MISSING_PROPERTY, sink.span, message).with_help(format!(
                        "add '{name}.path' = '…' to WITH, or run with --sink {name}=PATH"
                    )),
                );
            }
            return None;
        }
        _ => {}
    }
    match SinkConfig::from_properties(None, &properties) {
        Ok(config) => {
            let idle = config.keys_without_effect(&properties);
            diagnostics.extend(
                idle.into_iter()
                    .map(|key| without_effect(key, &sink.properties, sink.span, &sink.name)),
            );
            Some(config)
        }
        Err(errors) => {
            let describe = |error| property_diagnostic(error, &sink.properties, sink.span, &sink.name);
            diagnostics.extend(errors.iter().map(describe));
            None
        }
    }
}

/// Columns that the format of a statement's sink cannot hold.
pub(crate) fn columns_without_form(
    outline: &Outline<'_>,
    sinks: &HashMap<String, SinkConfig>,
    statements: &[PlannedStatement],
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for statement in statements {
        for name in &statement.sinks {
            let folded = name.to_lowercase();
            let Some(config) = sinks.get(&folded) else {
                continue;
            };
            let sink = outline.sinks.iter().find(|sink| sink.name.to_lowercase() == folded);
            let place = sink.map(|sink| {
                sink.properties
                    .get("path")
                    .and_then(|path| path.span)
                    .unwrap_or(sink.span)
            });
            for problem in unwritable_columns(config, statement.plan.schema()) {
                let message = format!("`{}` cannot be written to `{name}`: {problem}", statement.name);
                found.push(match place {
                    Some(span) => Diagnostic::new(&code::UNWRITABLE_COLUMN, span, message),
                    None => Diagnostic::global(&code::UNWRITABLE_COLUMN, message),
                });
            }
        }
    }
    found
}

fn stdout_format(properties: &BTreeMap<String, String>) -> TextFormat {
    match properties.get("format").map(String::as_str) {
        Some("csv") => TextFormat::Csv,
        _ => TextFormat::JsonLines,
    }
}
