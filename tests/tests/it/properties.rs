//! The registry of the planner and what sources and sinks read must know the same keys.

use std::collections::BTreeMap;

use velo_datasources::{PropertyError, PropertyErrorKind, SinkConfig, SourceConfig};
use velo_planner::properties::{Scope, ValueKind, definitions};

/// Keys that name files, in whose place stands what they say before a source or sink is opened.
const READ_BEFORE_OPENING: [&str; 2] = ["config_file", "value.schema.file"];

/// A path for each kind of source that a path tells.
const SOURCE_PATHS: [&str; 3] = ["x.csv", "https://x/y.csv", "s3://x/y.csv"];

/// Kinds of sources that only `type` tells.
const SOURCE_TYPES: [&str; 3] = ["sql_source", "datagen_source", "nexmark_source"];

/// A value that the property takes.
fn value(kind: ValueKind) -> String {
    match kind {
        ValueKind::Text | ValueKind::DataPath | ValueKind::DatabaseUrl | ValueKind::ProgramPath => "x".to_owned(),
        ValueKind::Boolean => "true".to_owned(),
        ValueKind::Integer(least) => least.to_string(),
        ValueKind::Duration => "5s".to_owned(),
        ValueKind::Character => ";".to_owned(),
        ValueKind::Choice(words) => words.first().copied().unwrap_or_default().to_owned(),
    }
}

fn is_unknown<T>(result: &Result<T, Vec<PropertyError>>, key: &str) -> bool {
    let errors = result.as_ref().err().into_iter().flatten();
    errors
        .into_iter()
        .any(|error| error.kind == PropertyErrorKind::Unknown && error.key == key)
}

#[test]
fn sources_and_sinks_read_every_key_that_is_supported() {
    let mut unknown = Vec::new();
    let supported = definitions().iter().filter(|definition| definition.supported);
    for definition in supported.filter(|definition| !READ_BEFORE_OPENING.contains(&definition.key)) {
        let with = |path: &str| {
            let mut properties = BTreeMap::from([("path".to_owned(), path.to_owned())]);
            properties
                .entry(definition.key.to_owned())
                .or_insert_with(|| value(definition.value));
            properties
        };
        let of_paths = SOURCE_PATHS.map(|path| SourceConfig::from_properties(None, &with(path)));
        let of_types = SOURCE_TYPES.map(|kind| SourceConfig::from_properties(Some(kind), &with("x.db")));
        let mut sources = of_paths.iter().chain(&of_types);
        let source = sources.all(|read| is_unknown(read, definition.key));
        let sink = is_unknown(&SinkConfig::from_properties(None, &with("x.csv")), definition.key);
        let is_missing = match definition.scope {
            Scope::Object => source || sink,
            Scope::Source => source,
            Scope::Sink => sink,
            Scope::Time | Scope::Window | Scope::Table | Scope::Join | Scope::Statement | Scope::Stream => false,
        };
        if is_missing {
            unknown.push(definition.key);
        }
    }
    assert_eq!(
        unknown,
        Vec::<&str>::new(),
        "the registry calls these supported, and nothing reads them"
    );
}
