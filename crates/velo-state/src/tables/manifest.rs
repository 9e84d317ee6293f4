use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use arrow::datatypes::{Field, Schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tempfile::NamedTempFile;

use super::checksum::checksum_of;
use super::files::{persist, temporary_in};
use super::{SkippedRows, SnapshotDamage, SnapshotError};

/// The format that is written, and the latest that is read.
const FORMAT_VERSION: u32 = 1;

pub(super) const MANIFEST: &str = "manifest.json";

/// What stands before the checksum at the end of a manifest. It covers all bytes before.
const BEFORE_CHECKSUM: &str = ",\n  \"checksum\": \"";

/// What a snapshot is of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SnapshotManifest {
    /// The format of the manifest and of what it describes.
    pub format_version: u32,
    /// The table, as it was spelled.
    pub table: String,
    /// Grows with each snapshot of the table.
    pub generation: u64,
    /// Columns in order.
    pub columns: Vec<SnapshotColumn>,
    /// Rows in all files.
    pub rows: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Files with rows, in order.
    pub files: Vec<SnapshotFile>,
    /// What the loader wants to know when it loads the table again.
    #[serde(flatten)]
    pub details: SnapshotDetails,
}

/// What a load knows of the table that it has made.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SnapshotDetails {
    /// Tells whether the table is still defined as it was.
    pub definition_fingerprint: String,
    /// The columns of its key; none when every row is kept.
    pub key_columns: Vec<String>,
    /// How far its sources were read, in whatever form the loader understands.
    pub source_offsets: Value,
    /// Tells the rows from what they were before: tables that read this one are made anew when it changes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub content: String,
    /// Rows that were read for it and that it lacks.
    #[serde(default, skip_serializing_if = "SkippedRows::is_empty")]
    pub skipped: SkippedRows,
    /// When it was loaded, in milliseconds since the epoch.
    pub loaded_at_ms: i64,
}

/// A column of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotColumn {
    /// Its name.
    pub name: String,
    /// Its Arrow type.
    pub data_type: String,
    /// Whether NULL is allowed.
    pub nullable: bool,
    /// What tells SQL types apart that have one Arrow type.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// A file with rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotFile {
    /// Its name in the table's directory.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// Its bytes.
    pub bytes: u64,
    /// The XXH64 of its bytes.
    pub checksum: String,
}

/// The columns of a schema, as manifests write them.
pub(super) fn columns_of(schema: &Schema) -> Vec<SnapshotColumn> {
    let column = |field: &Field| SnapshotColumn {
        name: field.name().clone(),
        data_type: field.data_type().to_string(),
        nullable: field.is_nullable(),
        metadata: field.metadata().clone().into_iter().collect(),
    };
    schema.fields().iter().map(|field| column(field)).collect()
}

impl SnapshotManifest {
    pub(super) fn new(table: String, generation: u64, schema: &Schema, files: Vec<SnapshotFile>) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            table,
            generation,
            columns: columns_of(schema),
            rows: files.iter().map(|file| file.rows).sum(),
            bytes: files.iter().map(|file| file.bytes).sum(),
            files,
            details: SnapshotDetails::default(),
        }
    }

    /// Reads the manifest in a table's directory; `None` when there is none.
    pub(super) fn read(directory: &Path) -> Result<Option<Self>, SnapshotError> {
        let path = directory.join(MANIFEST);
        match fs::read(&path) {
            Ok(bytes) => Self::parse(&bytes, &path).map(Some),
            // A file that lies among the directories of tables is none of ours.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(SnapshotError::io("read", &path)(error)),
        }
    }

    /// Makes this the manifest of the directory, in one step.
    pub(super) fn write(&self, directory: &Path) -> Result<(), SnapshotError> {
        let path = directory.join(MANIFEST);
        let mut file: NamedTempFile = temporary_in(directory)?;
        file.write_all(&self.text())
            .map_err(SnapshotError::io("write", &path))?;
        persist(file, &path)
    }

    /// JSON, with a checksum of all that stands before it at the end.
    fn text(&self) -> Vec<u8> {
        // Strings, numbers and lists always have a form.
        let json = serde_json::to_string_pretty(self).unwrap_or_default();
        let covered = json.strip_suffix("\n}").unwrap_or(&json);
        let checksum = checksum_of(covered.as_bytes());
        format!("{covered}{BEFORE_CHECKSUM}{checksum}\"\n}}\n").into_bytes()
    }

    fn parse(bytes: &[u8], path: &Path) -> Result<Self, SnapshotError> {
        let damaged = |message: String| SnapshotError::damaged(path, SnapshotDamage::Manifest { message });
        let text = str::from_utf8(bytes).map_err(|error| damaged(error.to_string()))?;
        let Some((covered, rest)) = text.rsplit_once(BEFORE_CHECKSUM) else {
            return Err(damaged("it does not end with a checksum".to_owned()));
        };
        let found = checksum_of(covered.as_bytes());
        let Some(expected) = rest.strip_suffix("\"\n}\n") else {
            return Err(damaged("it does not end with a checksum".to_owned()));
        };
        if found != expected {
            let expected = expected.to_owned();
            return Err(SnapshotError::damaged(
                path,
                SnapshotDamage::Checksum { expected, found },
            ));
        }
        check_format(text, path)?;
        serde_json::from_str(text).map_err(|error| damaged(error.to_string()))
    }
}

/// Another format may be of any other form.
fn check_format(text: &str, path: &Path) -> Result<(), SnapshotError> {
    #[derive(Deserialize)]
    struct Format {
        format_version: u32,
    }
    match serde_json::from_str::<Format>(text) {
        Ok(Format { format_version: found }) if found > FORMAT_VERSION => Err(SnapshotError::UnknownFormat {
            path: path.to_owned(),
            found,
            known: FORMAT_VERSION,
        }),
        // A manifest without a format is told apart where it is read.
        Ok(_) | Err(_) => Ok(()),
    }
}
