use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::properties::{Properties, PropertyError, parse_count, parse_delimiter, parse_quote};
use super::{FileFormat, properties};
use crate::MemorySource;

/// Where a source's records come from.
#[derive(Debug, Clone)]
pub enum SourceConfig {
    /// One local file.
    File(FileSourceConfig),
    /// Batches that the embedding program holds.
    Memory(MemorySource),
}

/// How one local file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSourceConfig {
    /// The file, relative to the working directory.
    pub path: PathBuf,
    /// How its records stand in it.
    pub format: FileFormat,
    /// CSV: the byte between fields.
    pub delimiter: u8,
    /// CSV: the byte around fields that hold delimiters, quotes or line ends; a doubled one stands for itself.
    pub quote: u8,
    /// CSV: whether the first line names the columns.
    pub has_headers: bool,
    /// Lines left out at the start, before a header.
    pub skip_lines: u64,
    /// Most records read, malformed ones included; all where absent.
    pub max_records: Option<u64>,
}

impl FileSourceConfig {
    /// A file in the given format: commas, double quotes and a header for CSV; everything is read.
    pub fn new(path: impl Into<PathBuf>, format: FileFormat) -> Self {
        Self {
            path: path.into(),
            format,
            delimiter: b',',
            quote: b'"',
            has_headers: true,
            skip_lines: 0,
            max_records: None,
        }
    }
}

impl SourceConfig {
    /// Keys that [`SourceConfig::from_properties`] understands, those included that it refuses as unsupported.
    pub const KEYS: &[&str] = properties::SOURCE_KEYS;

    /// A file whose format its name tells.
    ///
    /// # Errors
    ///
    /// When the name tells none.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, PropertyError> {
        let path = path.as_ref();
        let format = properties::format_of_path(path)?;
        Ok(Self::File(FileSourceConfig::new(path, format)))
    }

    /// Reads the properties of one source, with keys as in `WITH` but without the source's name.
    ///
    /// `kind` is the value of `type` (`file_source`); where absent, the properties tell it. A value that the
    /// chosen format has no use for is checked and kept; [`SourceConfig::keys_without_effect`] lists those.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, in the order of the keys.
    pub fn from_properties(
        kind: Option<&str>,
        properties: &BTreeMap<String, String>,
    ) -> Result<Self, Vec<PropertyError>> {
        let mut read = Properties::new(properties, kind, "source", Self::KEYS)?;
        let path = read.file_path();
        let format = read.format();
        let delimiter = read.parsed(&["delimiter", "value_delimiter", "value.delimiter"], parse_delimiter);
        let quote = read.parsed(&["quote"], parse_quote);
        let has_headers = read.boolean("has_headers");
        let skip_lines = read.parsed(&["skip_lines"], parse_count);
        let max_records = read.parsed(&["max_records"], parse_count);
        let path = path.unwrap_or_default();
        let format = read.file_format(&path, format);
        read.must_differ(delimiter, quote);
        read.finish()?;
        let defaults = FileSourceConfig::new(path, format.format);
        Ok(Self::File(FileSourceConfig {
            delimiter: delimiter.unwrap_or(defaults.delimiter),
            quote: quote.unwrap_or(defaults.quote),
            has_headers: has_headers.unwrap_or(format.has_headers),
            skip_lines: skip_lines.unwrap_or(0),
            max_records,
            ..defaults
        }))
    }

    /// The given keys that this configuration has no use for, such as a delimiter for JSON lines.
    pub fn keys_without_effect<'a>(&self, properties: &'a BTreeMap<String, String>) -> Vec<&'a str> {
        match self {
            Self::File(file) => properties::csv_keys_without_effect(file.format, properties),
            Self::Memory(_) => properties.keys().map(String::as_str).collect(),
        }
    }
}
