use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::compression::parse_compression;
use super::encoding::parse_encoding;
use super::envelope::{EnvelopeConfig, RecordFormat};
use super::keys::SOURCE_KEYS;
use super::properties::{
    Properties, PropertyError, parse_count, parse_delimiter, parse_interval, parse_quote, parse_wait,
};
use super::{
    Compression, DatabaseConnection, DatabaseSourceConfig, DatagenSourceConfig, FileFormat, HttpSourceConfig,
    NexmarkSourceConfig, ObjectSourceConfig, Packing, TextEncoding, properties,
};
use crate::MemorySource;
use crate::file::has_wildcards;

/// Where a source's records come from.
#[derive(Debug, Clone)]
pub enum SourceConfig {
    /// Local files.
    File(FileSourceConfig),
    /// A document on the web.
    Http(Box<HttpSourceConfig>),
    /// Objects of a store.
    Objects(Box<ObjectSourceConfig>),
    /// Rows of a SQL database.
    Database(DatabaseSourceConfig),
    /// Batches that the embedding program holds.
    Memory(MemorySource),
    /// Rows that are generated for declared columns.
    Datagen(DatagenSourceConfig),
    /// Rows of the Nexmark benchmark, which are generated.
    Nexmark(NexmarkSourceConfig),
}

/// Which local files are read, and how. All of them have one format and the same columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSourceConfig {
    /// A file, a pattern (`*`, `?`, `[…]`, `**`) or a directory, relative to the working directory. Each file is a
    /// partition.
    pub path: PathBuf,
    /// How records stand in the files; where absent, their names tell it.
    pub format: Option<FileFormat>,
    /// For a directory: whether the files in the directories below are read too.
    pub recursive: bool,
    /// How the bytes are packed; where absent, as names tell.
    pub compression: Option<Compression>,
    /// How text is written in bytes; UTF-8 where absent.
    pub encoding: Option<TextEncoding>,
    /// CSV: the byte between fields.
    pub delimiter: u8,
    /// CSV: the byte around fields that hold delimiters, quotes or line ends; a doubled one stands for itself.
    pub quote: u8,
    /// CSV: whether the first line names the columns.
    pub has_headers: bool,
    /// Lines left out at the start of each file, before a header.
    pub skip_lines: u64,
    /// How long a file that is not there is waited for; 0 is not at all.
    pub wait_timeout: Duration,
    /// How long it takes from one look for it to the next.
    pub retry_interval: Duration,
    /// Whether the files are followed as they grow, by those who [ask for it](crate::ReadRequest::follow).
    pub watch: bool,
    /// How long it takes from one look at a file that is followed to the next.
    pub polling_interval: Duration,
    /// Most records read of each file, malformed ones included; all where absent.
    pub max_records: Option<u64>,
    /// Files of envelopes: how keys and values are written.
    pub envelope: EnvelopeConfig,
}

/// How long it takes from one look for a file that is waited for to the next.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// How long it takes from one look at a file that is followed to the next.
const POLLING_INTERVAL: Duration = Duration::from_secs(1);

impl FileSourceConfig {
    /// Files in the given format: commas, double quotes and a header for CSV; everything is read.
    pub fn new(path: impl Into<PathBuf>, format: impl Into<Option<FileFormat>>) -> Self {
        Self {
            path: path.into(),
            format: format.into(),
            recursive: false,
            compression: None,
            encoding: None,
            delimiter: b',',
            quote: b'"',
            has_headers: true,
            skip_lines: 0,
            wait_timeout: Duration::ZERO,
            retry_interval: RETRY_INTERVAL,
            watch: false,
            polling_interval: POLLING_INTERVAL,
            max_records: None,
            envelope: EnvelopeConfig::default(),
        }
    }
}

impl FileSourceConfig {
    /// What the bytes of one of the files have to go through before they are text.
    pub(crate) fn packing_of(&self, path: &Path) -> Packing {
        Packing {
            compression: self.compression.unwrap_or_else(|| Compression::of_path(path)),
            encoding: self.encoding.filter(|encoding| !encoding.is_utf8()),
        }
    }
}

impl SourceConfig {
    /// Says which of the declared columns make up the key of records; envelopes keep them apart from the values.
    #[must_use]
    pub fn with_key_columns(mut self, columns: Vec<usize>) -> Self {
        match &mut self {
            Self::File(file) => file.envelope.key_columns = columns,
            Self::Objects(objects) => objects.records.key_columns = columns,
            Self::Http(_) | Self::Database(_) | Self::Memory(_) | Self::Datagen(_) | Self::Nexmark(_) => {}
        }
        self
    }

    /// What kind of source it is, in one word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Http(_) => "http",
            Self::Database(database) => database.connection.kind(),
            Self::Objects(objects) => objects.store.kind(),
            Self::Memory(_) => "memory",
            Self::Datagen(_) => "datagen",
            Self::Nexmark(_) => "nexmark",
        }
    }

    /// Where its data is, for people; without credentials.
    pub fn location(&self) -> String {
        match self {
            Self::File(file) => file.path.display().to_string(),
            Self::Http(http) => http.location(),
            Self::Objects(objects) => objects.location(),
            Self::Database(database) => database.location(),
            Self::Memory(_) => "memory".to_owned(),
            Self::Datagen(_) => "datagen".to_owned(),
            Self::Nexmark(nexmark) => format!("nexmark {}", nexmark.table),
        }
    }

    /// What fails together with other sources: see [`TableDataSource::endpoint`](crate::TableDataSource::endpoint).
    pub fn endpoint(&self) -> Option<String> {
        match self {
            Self::File(_) | Self::Memory(_) | Self::Datagen(_) | Self::Nexmark(_) => None,
            Self::Http(http) => Some(http.endpoint()),
            Self::Database(database) => database.connection.endpoint(),
            Self::Objects(objects) => objects.store.endpoint(),
        }
    }

    /// Keys that [`SourceConfig::from_properties`] understands for files.
    pub const KEYS: &[&str] = SOURCE_KEYS;

    /// Files whose names tell their format.
    ///
    /// # Errors
    ///
    /// When a single file's name tells none.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, PropertyError> {
        let path = path.as_ref();
        let format = properties::format_of_source(path)?;
        Ok(Self::File(FileSourceConfig::new(path, format)))
    }

    /// Whether it takes a network to look at it.
    pub fn is_remote(&self) -> bool {
        match self {
            Self::Database(database) => matches!(database.connection, DatabaseConnection::Postgres(_)),
            Self::Http(_) | Self::Objects(_) => true,
            Self::File(_) | Self::Memory(_) | Self::Datagen(_) | Self::Nexmark(_) => false,
        }
    }

    /// Reads the properties of one source, with keys as in `WITH` but without the source's name.
    ///
    /// `kind` is the value of `type` (`file_source`, `sql_source`); where absent, the properties tell it. A value that the
    /// chosen format has no use for is checked and kept; [`SourceConfig::keys_without_effect`] lists those.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, in the order of the keys.
    pub fn from_properties(
        kind: Option<&str>,
        properties: &BTreeMap<String, String>,
    ) -> Result<Self, Vec<PropertyError>> {
        if HttpSourceConfig::is_meant(kind, properties) {
            return HttpSourceConfig::from_properties(properties).map(|http| Self::Http(Box::new(http)));
        }
        if ObjectSourceConfig::is_meant(kind, properties) {
            return ObjectSourceConfig::from_properties(properties).map(|objects| Self::Objects(Box::new(objects)));
        }
        if DatagenSourceConfig::is_meant(kind, properties) {
            return DatagenSourceConfig::from_properties(properties).map(Self::Datagen);
        }
        if NexmarkSourceConfig::is_meant(kind, properties) {
            return NexmarkSourceConfig::from_properties(properties).map(Self::Nexmark);
        }
        if DatabaseSourceConfig::is_meant(kind, properties) {
            return DatabaseSourceConfig::from_properties(properties).map(Self::Database);
        }
        Self::file_from_properties(kind, properties)
    }

    fn file_from_properties(
        kind: Option<&str>,
        properties: &BTreeMap<String, String>,
    ) -> Result<Self, Vec<PropertyError>> {
        let mut read = Properties::new(properties, kind, "source", Self::KEYS)?;
        let path = read.source_path();
        let format = read.format();
        let compression = read.parsed(&["compression"], parse_compression).flatten();
        let encoding = read.parsed(&["encoding"], parse_encoding);
        let delimiter = read.parsed(&["delimiter", "value_delimiter", "value.delimiter"], parse_delimiter);
        let quote = read.parsed(&["quote"], parse_quote);
        let has_headers = read.boolean("has_headers");
        let skip_lines = read.parsed(&["skip_lines"], parse_count);
        let recursive = read.boolean("recursive");
        let wait_timeout = read.parsed(&["file.wait.timeout"], parse_wait);
        let retry_interval = read.parsed(&["file.retry.interval"], parse_interval);
        let watch = read.boolean("watch");
        let polling_interval = read.parsed(&["polling.interval"], parse_interval);
        let max_records = read.parsed(&["max_records"], parse_count);
        let path = path.unwrap_or_default();
        let format = read.source_format(&path, format);
        let is_envelope = format.is_some_and(|property| property.format == FileFormat::Envelope);
        let envelope = EnvelopeConfig::read(&mut read, is_envelope);
        read.must_differ(delimiter, quote);
        let defaults = FileSourceConfig {
            compression,
            encoding,
            ..FileSourceConfig::new(path, format.map(|property| property.format))
        };
        read.must_grow(watch, defaults.format, defaults.packing_of(&defaults.path));
        read.finish()?;
        Ok(Self::File(FileSourceConfig {
            recursive: recursive.unwrap_or(false),
            delimiter: delimiter.unwrap_or(defaults.delimiter),
            quote: quote.unwrap_or(defaults.quote),
            has_headers: has_headers.unwrap_or(format.is_none_or(|property| property.has_headers)),
            skip_lines: skip_lines.unwrap_or(0),
            wait_timeout: wait_timeout.unwrap_or_default(),
            retry_interval: retry_interval.unwrap_or(RETRY_INTERVAL),
            watch: watch.unwrap_or(false),
            polling_interval: polling_interval.unwrap_or(POLLING_INTERVAL),
            max_records,
            envelope,
            ..defaults
        }))
    }

    /// The given keys that this configuration has no use for, such as a delimiter for JSON lines.
    pub fn keys_without_effect<'a>(&self, properties: &'a BTreeMap<String, String>) -> Vec<&'a str> {
        match self {
            Self::File(file) => {
                let mut keys = properties::csv_keys_without_effect(file.format, properties);
                // Of values in envelopes, delimiter and quote say how they are divided.
                let is_delimited = file.envelope.value == RecordFormat::Delimited;
                keys.retain(|key| *key == "has_headers" || !is_delimited);
                // Such a file says itself how its parts are packed.
                let is_typed = file.format.is_some_and(FileFormat::is_typed);
                keys.extend(
                    properties
                        .keys()
                        .map(String::as_str)
                        .filter(|key| is_typed && *key == "compression"),
                );
                keys.extend(properties::envelope_keys_without_effect(file, properties));
                let is_one_file = has_wildcards(&file.path) || file.path.is_file();
                let is_idle = |key: &str| match key {
                    "recursive" => is_one_file,
                    "file.retry.interval" => file.wait_timeout.is_zero(),
                    "polling.interval" => !file.watch,
                    _ => false,
                };
                keys.extend(properties.keys().map(String::as_str).filter(|key| is_idle(key)));
                keys
            }
            Self::Http(http) => {
                let mut keys = properties::csv_keys_without_effect(http.records.format, properties);
                keys.extend(http.keys_without_effect(properties));
                keys
            }
            Self::Objects(objects) => {
                let mut keys = properties::csv_keys_without_effect(objects.records.format, properties);
                keys.extend(objects.keys_without_effect(properties));
                keys
            }
            Self::Database(database) => database.keys_without_effect(properties),
            Self::Memory(_) => properties.keys().map(String::as_str).collect(),
            // They take no key that they have no use for.
            Self::Datagen(_) | Self::Nexmark(_) => Vec::new(),
        }
    }
}
