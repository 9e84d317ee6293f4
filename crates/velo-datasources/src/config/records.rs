use std::path::PathBuf;

use super::compression::parse_compression;
use super::encoding::parse_encoding;
use super::envelope::EnvelopeConfig;
use super::properties::{Properties, parse_count, parse_delimiter, parse_quote};
use super::{Compression, FileFormat, FileSourceConfig, TextEncoding};

/// How records stand in what comes over a network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordsConfig {
    /// Their format; where absent, names and servers tell it.
    pub format: Option<FileFormat>,
    /// How the bytes are packed; where absent, names and servers tell it.
    pub compression: Option<Compression>,
    /// How text is written in bytes; where absent, servers tell it, else it is UTF-8.
    pub encoding: Option<TextEncoding>,
    /// CSV: the byte between fields; a comma where absent.
    pub delimiter: Option<u8>,
    /// CSV: the byte around fields that hold delimiters, quotes or line ends; a double quote where absent.
    pub quote: Option<u8>,
    /// CSV: whether the first line names the columns; it does where absent.
    pub has_headers: Option<bool>,
    /// Lines left out at the start, before a header.
    pub skip_lines: u64,
    /// Most records read of each object or document, malformed ones included; all where absent.
    pub max_records: Option<u64>,
    /// Envelopes: indexes of the declared columns that make up the key of records.
    pub key_columns: Vec<usize>,
}

impl RecordsConfig {
    pub(super) fn read(read: &mut Properties<'_>) -> Self {
        let format = read.format();
        let delimiter = read.parsed(&["delimiter", "value_delimiter", "value.delimiter"], parse_delimiter);
        let quote = read.parsed(&["quote"], parse_quote);
        read.must_differ(delimiter, quote);
        Self {
            format: format.map(|property| property.format),
            compression: read.parsed(&["compression"], parse_compression).flatten(),
            encoding: read.parsed(&["encoding"], parse_encoding),
            delimiter,
            quote,
            has_headers: read
                .boolean("has_headers")
                .or(format.map(|property| property.has_headers)),
            skip_lines: read.parsed(&["skip_lines"], parse_count).unwrap_or(0),
            max_records: read.parsed(&["max_records"], parse_count),
            key_columns: Vec::new(),
        }
    }

    /// How a file with such records would be read.
    pub(crate) fn as_file(&self, name: impl Into<PathBuf>) -> FileSourceConfig {
        let defaults = FileSourceConfig::new(name, self.format);
        FileSourceConfig {
            compression: self.compression,
            encoding: self.encoding,
            delimiter: self.delimiter.unwrap_or(defaults.delimiter),
            quote: self.quote.unwrap_or(defaults.quote),
            has_headers: self.has_headers.unwrap_or(defaults.has_headers),
            skip_lines: self.skip_lines,
            max_records: self.max_records,
            envelope: EnvelopeConfig {
                key_columns: self.key_columns.clone(),
                ..EnvelopeConfig::default()
            },
            ..defaults
        }
    }
}
