use velo_common::{Diagnostic, Span, code, nearest};

use crate::properties::Properties;

/// What kind of thing a source or sink is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// A file.
    File,
    /// A Kafka topic.
    Kafka,
    /// A table or query of a SQL database.
    Database,
    /// An HTTP endpoint.
    Http,
    /// Objects in an object store.
    ObjectStore,
    /// Rows that are generated for declared columns.
    Datagen,
    /// Rows of the Nexmark benchmark, which are generated.
    Nexmark,
    /// The standard output.
    Stdout,
    /// Nowhere.
    Discard,
    /// Batches in memory.
    Memory,
}

const SOURCE_TYPES: &[(&str, ObjectKind)] = &[
    ("file_source", ObjectKind::File),
    ("file_source_mmap", ObjectKind::File),
    ("kafka_source", ObjectKind::Kafka),
    ("sql_source", ObjectKind::Database),
    ("database_source", ObjectKind::Database),
    ("http_source", ObjectKind::Http),
    ("s3_source", ObjectKind::ObjectStore),
    ("memory_source", ObjectKind::Memory),
    ("datagen_source", ObjectKind::Datagen),
    ("nexmark_source", ObjectKind::Nexmark),
];

const SINK_TYPES: &[(&str, ObjectKind)] = &[
    ("file_sink", ObjectKind::File),
    ("kafka_sink", ObjectKind::Kafka),
    ("sql_sink", ObjectKind::Database),
    ("database_sink", ObjectKind::Database),
    ("http_sink", ObjectKind::Http),
    ("s3_sink", ObjectKind::ObjectStore),
    ("stdout_sink", ObjectKind::Stdout),
    ("discard_sink", ObjectKind::Discard),
    ("memory_sink", ObjectKind::Memory),
];

/// Whether an object is read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Source,
    Sink,
}

impl Role {
    const fn types(self) -> &'static [(&'static str, ObjectKind)] {
        match self {
            Self::Source => SOURCE_TYPES,
            Self::Sink => SINK_TYPES,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Sink => "sink",
        }
    }
}

impl ObjectKind {
    /// The kind, in the words of a message.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::File => "files",
            Self::Kafka => "Kafka topics",
            Self::Database => "SQL databases",
            Self::Http => "HTTP endpoints",
            Self::ObjectStore => "object stores",
            Self::Datagen => "generated rows",
            Self::Nexmark => "Nexmark events",
            Self::Stdout => "the standard output",
            Self::Discard => "discarding sinks",
            Self::Memory => "batches in memory",
        }
    }

    /// Whether a program can use it in this version, for what it is to be.
    pub(crate) const fn is_supported(self, role: Role) -> bool {
        match role {
            Role::Source => matches!(
                self,
                Self::File | Self::Database | Self::Http | Self::ObjectStore | Self::Datagen | Self::Nexmark
            ),
            Role::Sink => matches!(self, Self::File | Self::Stdout | Self::Discard),
        }
    }
}

/// Every name of a type of source or sink.
pub(crate) fn type_names() -> Vec<&'static str> {
    SOURCE_TYPES.iter().chain(SINK_TYPES).map(|(name, _)| *name).collect()
}

/// Whether `.type` says that the object is written.
pub(crate) fn is_sink(properties: &Properties) -> bool {
    properties
        .get("type")
        .is_some_and(|value| value.text.to_ascii_lowercase().ends_with("_sink"))
}

/// The kind of an object: what its type says, else what its path or topic implies. `None` when nothing tells.
///
/// # Errors
///
/// When the type is unknown.
pub(crate) fn kind_of(role: Role, properties: &Properties, span: Span) -> Result<Option<ObjectKind>, Diagnostic> {
    if let Some(value) = properties.get("type") {
        let known = role
            .types()
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(&value.text));
        return match known {
            Some((_, kind)) => Ok(Some(*kind)),
            None => Err(unknown_type(role, &value.text, value.span.unwrap_or(span))),
        };
    }
    let path = properties.get("path").map_or("", |path| path.text.as_str());
    let implied = [
        ("connection.url", ObjectKind::Database),
        ("url", ObjectKind::Http),
        ("path", kind_of_path(role, path)),
        ("topic", ObjectKind::Kafka),
        ("bootstrap.servers", ObjectKind::Kafka),
    ];
    Ok(implied
        .into_iter()
        .find_map(|(key, kind)| properties.contains_key(key).then_some(kind)))
}

/// What a path is to, by how it begins.
fn kind_of_path(role: Role, path: &str) -> ObjectKind {
    let path = path.to_ascii_lowercase();
    if role == Role::Source && (path.starts_with("http://") || path.starts_with("https://")) {
        ObjectKind::Http
    } else if role == Role::Source && path.starts_with("s3://") {
        ObjectKind::ObjectStore
    } else {
        ObjectKind::File
    }
}

fn unknown_type(role: Role, text: &str, span: Span) -> Diagnostic {
    let names = || role.types().iter().map(|(name, _)| *name);
    let help = match nearest(text, names()) {
        Some(name) => format!("a similar type exists: `{name}`"),
        None => format!(
            "the types are {}",
            names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ),
    };
    Diagnostic::new(
        &code::INVALID_PROPERTY_VALUE,
        span,
        format!("`{text}` is no type of {}", role.word()),
    )
    .with_help(help)
}
