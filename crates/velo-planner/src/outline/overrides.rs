//! What the command line changes about a program.

use std::collections::HashMap;

use velo_common::{Diagnostic, code};

use super::Overrides;
use crate::properties::{KnownNames, Properties, PropertyValue, Scope, definition, nearest_key, split_key};

/// `--set`, sorted by what it applies to.
#[derive(Default)]
pub(super) struct SetOverrides {
    pub(super) named: HashMap<String, Properties>,
    pub(super) bare: Properties,
}

impl SetOverrides {
    pub(super) fn parse(overrides: &Overrides, known_names: &KnownNames, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut set = Self::default();
        for (key, text) in &overrides.set {
            let Some(found) = split_key(key, known_names) else {
                let meant = nearest_key(key).map(|meant| format!("a similar property exists: `{meant}`"));
                diagnostics.push(
                    Diagnostic::global(&code::UNKNOWN_PROPERTY, format!("--set: there is no property `{key}`"))
                        .with_help_if(meant),
                );
                continue;
            };
            let definition = found.definition;
            if let Err(reason) = definition.value.check(text) {
                let message = format!("--set: `{key}` {reason}");
                diagnostics.push(Diagnostic::global(&code::INVALID_PROPERTY_VALUE, message));
                continue;
            }
            if !definition.supported {
                let message = format!("--set: `{key}` is not supported yet");
                diagnostics.push(Diagnostic::global(&code::UNSUPPORTED_PROPERTY, message));
                continue;
            }
            if let Some(name) = found.name.filter(|name| !known_names.contains(name)) {
                let message = format!("--set: nothing in the program is called `{name}`");
                diagnostics.push(Diagnostic::global(&code::UNKNOWN_TABLE, message));
                continue;
            }
            let target = match found.name {
                Some(name) => set.named.entry(name.to_lowercase()).or_default(),
                None => &mut set.bare,
            };
            target.insert(found.canonical(), PropertyValue::new(text, None));
        }
        set
    }
}

/// Keys that say how a file is read, wherever it is.
const READING_KEYS: [&str; 13] = [
    "format",
    "delimiter",
    "quote",
    "has_headers",
    "skip_lines",
    "max_records",
    "compression",
    "recursive",
    "watch",
    "polling.interval",
    "file.wait.timeout",
    "file.retry.interval",
    "value.schema.file",
];

/// Keys that say how keys and values of records are written, in a topic or in a file of envelopes.
const RECORD_KEYS: [&str; 4] = ["format", "key.format", "key_delimiter", "wrap_single_value"];

/// Reads a source from the file that the command line names, if it names one. How it is read stays as configured: with
/// which format, delimiter and so on. The format of a topic is that of its records, not of files.
pub(super) fn redirect_source(properties: &mut Properties, redirections: &[(String, String)], name: &str) -> bool {
    let is_topic = properties.contains_key("topic");
    redirect(properties, redirections, name, |key, path| {
        // A file of envelopes stands for a topic, and has records as they are there.
        let is_envelope = path.to_ascii_lowercase().contains(".envelope.jsonl");
        let is_of_records = is_envelope && RECORD_KEYS.contains(&key);
        is_of_records || (READING_KEYS.contains(&key) && !(is_topic && key == "format"))
    })
}

/// Writes a sink to the file that the command line names, if it names one.
pub(super) fn redirect_sink(properties: &mut Properties, redirections: &[(String, String)], name: &str) -> bool {
    redirect(properties, redirections, name, |_, _| false)
}

/// Replaces the place of an object by the one that the command line names, if it names one, with all that belongs to an
/// object but what is kept.
fn redirect(
    properties: &mut Properties,
    redirections: &[(String, String)],
    name: &str,
    is_kept: impl Fn(&str, &str) -> bool,
) -> bool {
    let Some((_, path)) = redirections
        .iter()
        .rev()
        .find(|(redirected, _)| redirected.eq_ignore_ascii_case(name))
    else {
        return false;
    };
    properties.retain(|key, _| {
        let is_of_object = definition(key)
            .is_none_or(|definition| matches!(definition.scope, Scope::Object | Scope::Source | Scope::Sink));
        !is_of_object || is_kept(key, path)
    });
    properties.insert("path".into(), PropertyValue::new(path, None));
    true
}
