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
}

impl FileFormat {
    /// The format that a file's name tells, in any case: `.envelope.jsonl`, `.csv`, `.jsonl`, `.ndjson`, `.json`, each
    /// also with the extension of a [`Compression`] behind it.
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
        } else {
            None
        }
    }

    /// The word for it in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonlines",
            Self::Json => "json",
            Self::Envelope => "envelope",
        }
    }
}

impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
