use std::fmt;
use std::path::Path;

use super::Compression;

/// How records stand in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileFormat {
    /// Delimited text, one record a line unless quoted fields hold line ends.
    Csv,
    /// One JSON object a line.
    JsonLines,
    /// One JSON array of objects.
    Json,
    /// One JSON object a line that holds a whole record: key, value, timestamp, headers. The value is the JSON itself.
    Envelope,
    /// Apache Parquet: columns with types, in row groups.
    Parquet,
    /// An Avro object container file: records in blocks, behind their schema.
    Avro,
}

/// Formats of records that stand one behind the other as text, which does not tell the types of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextFormat {
    /// As [`FileFormat::Csv`].
    Csv,
    /// As [`FileFormat::JsonLines`].
    JsonLines,
    /// As [`FileFormat::Json`].
    Json,
    /// As [`FileFormat::Envelope`].
    Envelope,
}

/// Formats whose files tell the types of their columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TypedFormat {
    Parquet,
    Avro,
}

/// What tells how a file of a format is read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FormatKind {
    Text(TextFormat),
    Typed(TypedFormat),
}

impl From<TextFormat> for FileFormat {
    fn from(format: TextFormat) -> Self {
        match format {
            TextFormat::Csv => Self::Csv,
            TextFormat::JsonLines => Self::JsonLines,
            TextFormat::Json => Self::Json,
            TextFormat::Envelope => Self::Envelope,
        }
    }
}

impl FileFormat {
    /// Whether it is text, and which.
    pub(crate) const fn kind(self) -> FormatKind {
        match self {
            Self::Csv => FormatKind::Text(TextFormat::Csv),
            Self::JsonLines => FormatKind::Text(TextFormat::JsonLines),
            Self::Json => FormatKind::Text(TextFormat::Json),
            Self::Envelope => FormatKind::Text(TextFormat::Envelope),
            Self::Parquet => FormatKind::Typed(TypedFormat::Parquet),
            Self::Avro => FormatKind::Typed(TypedFormat::Avro),
        }
    }

    /// The format that a file's name tells, in any case: `.parquet` and `.avro`, or `.envelope.jsonl`, `.csv`, `.jsonl`,
    /// `.ndjson`, `.json`, which may have the extension of a [`Compression`] behind them.
    pub fn of_path(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let packed = Compression::of_path(path).extension();
        let name = name.strip_suffix(packed).unwrap_or(&name);
        let ends_with = |suffix: &str| name.ends_with(suffix);
        if ends_with(".envelope.jsonl") {
            Some(Self::Envelope)
        } else if ends_with(".csv") {
            Some(Self::Csv)
        } else if ends_with(".jsonl") || ends_with(".ndjson") || ends_with(".json") {
            Some(Self::JsonLines)
        } else if packed.is_empty() && ends_with(".parquet") {
            Some(Self::Parquet)
        } else if packed.is_empty() && ends_with(".avro") {
            Some(Self::Avro)
        } else {
            None
        }
    }

    /// Whether files tell the types of their columns themselves.
    pub const fn is_typed(self) -> bool {
        matches!(self.kind(), FormatKind::Typed(_))
    }

    /// The word for it in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonlines",
            Self::Json => "json",
            Self::Envelope => "envelope",
            Self::Parquet => "parquet",
            Self::Avro => "avro",
        }
    }
}

impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
