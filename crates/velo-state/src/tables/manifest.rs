use std::collections::{BTreeMap, HashSet};

use arrow::datatypes::{Field, Schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::SkippedRows;
use crate::files::ArrowFile;
use crate::manifest::{MANIFEST, Manifest};

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
    pub files: Vec<ArrowFile>,
    /// What the loader wants to know when it loads the table again.
    #[serde(flatten)]
    pub details: SnapshotDetails,
}

impl Manifest for SnapshotManifest {
    const FORMAT_VERSION: u32 = 1;
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
    pub(super) fn new(table: String, generation: u64, schema: &Schema, files: Vec<ArrowFile>) -> Self {
        Self {
            format_version: Self::FORMAT_VERSION,
            table,
            generation,
            columns: columns_of(schema),
            rows: files.iter().map(|file| file.rows).sum(),
            bytes: files.iter().map(|file| file.bytes).sum(),
            files,
            details: SnapshotDetails::default(),
        }
    }

    /// The names of all files in the directory of the snapshot, its manifest included.
    pub(super) fn file_names(&self) -> HashSet<&str> {
        let files = self.files.iter().map(|file| file.name.as_str());
        files.chain([MANIFEST]).collect()
    }
}
