use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use velo_common::Name;
use velo_data::{StreamBatch, StreamSchema};
use velo_engine::{CompileError, JoinedTable, LiveTable, OperatorError, Table, TableBuilder};
use velo_state::{SnapshotColumn, SnapshotEntry, SnapshotError, SnapshotManifest, SnapshotStore};

use super::offsets::MadeOf;

/// Tables that an earlier load has kept, for reading.
pub struct KeptTables {
    store: SnapshotStore,
}

/// What is known of a kept table without looking at its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptTable {
    /// Its name, as it was spelled.
    pub name: String,
    /// Its columns and key.
    pub schema: StreamSchema,
    /// Its rows.
    pub rows: u64,
    /// Bytes of its files in the state directory.
    pub bytes: u64,
    /// When it was loaded last, in milliseconds since the epoch.
    pub loaded_at_ms: i64,
    /// What it was made of: paths of files and objects, names of other sources and of tables.
    pub loaded_from: Vec<String>,
}

/// Why a kept table cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum KeptTableError {
    /// What is kept cannot be read.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// There is no such table.
    #[error("there is no table `{table}` in the state directory; load it first")]
    Unknown {
        /// Its name.
        table: String,
    },
    /// A later version has written it.
    #[error("table `{table}` has columns of types that this version does not know")]
    Later {
        /// Its name.
        table: String,
    },
    /// Its rows cannot be put together.
    #[error("cannot read table `{table}`")]
    Rows {
        /// Its name.
        table: String,
        /// What is wrong.
        source: OperatorError,
    },
    /// Its key cannot be compared.
    #[error("cannot read table `{table}`")]
    Key {
        /// Its name.
        table: String,
        /// What is wrong.
        source: CompileError,
    },
}

impl KeptTables {
    /// The tables below a state directory; one that does not exist has none.
    pub fn open(state_directory: &Path) -> Self {
        Self {
            store: SnapshotStore::open_read_only(state_directory),
        }
    }

    /// The tables by name; of those whose manifests cannot be read, why.
    ///
    /// # Errors
    ///
    /// When the directory cannot be listed.
    pub fn list(&self) -> Result<Vec<Result<KeptTable, KeptTableError>>, KeptTableError> {
        let mut entries = self.store.list()?;
        entries.sort_by_key(|entry| Name::fold(&entry.table));
        let table =
            |entry: SnapshotEntry| kept_table(&entry.manifest?).ok_or(KeptTableError::Later { table: entry.table });
        Ok(entries.into_iter().map(table).collect())
    }

    /// Reads tables as those who run statements need them.
    ///
    /// # Errors
    ///
    /// When one of them is not there or is damaged.
    pub fn read<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<HashMap<String, JoinedTable>, KeptTableError> {
        let table = |name: &str| {
            let table = Arc::new(self.table(name)?);
            Ok((name.to_owned(), JoinedTable::Loaded(Arc::new(LiveTable::new(table)))))
        };
        names.into_iter().map(table).collect()
    }

    fn table(&self, name: &str) -> Result<Table, KeptTableError> {
        let table = || name.to_owned();
        let unknown = || KeptTableError::Unknown { table: table() };
        let rows = |source| KeptTableError::Rows { table: table(), source };
        let snapshot = self.store.read(name)?.ok_or_else(unknown)?;
        let schema = schema_of(&snapshot.manifest).ok_or_else(unknown)?;
        let builder = TableBuilder::new(&schema);
        let mut builder = builder.map_err(|source| KeptTableError::Key { table: table(), source })?;
        for batch in snapshot.batches {
            builder.add(&StreamBatch::inserts(batch?)).map_err(rows)?;
        }
        builder.finish().map_err(rows)
    }
}

fn kept_table(manifest: &SnapshotManifest) -> Option<KeptTable> {
    let made_of = MadeOf::read(&manifest.details.source_offsets).unwrap_or_default();
    Some(KeptTable {
        name: manifest.table.clone(),
        schema: schema_of(manifest)?,
        rows: manifest.rows,
        bytes: manifest.bytes,
        loaded_at_ms: manifest.details.loaded_at_ms,
        loaded_from: made_of.places(),
    })
}

/// The columns that a manifest tells; `None` if one has a type of a later version.
fn schema_of(manifest: &SnapshotManifest) -> Option<StreamSchema> {
    let field = |column: &SnapshotColumn| {
        let field = Field::new(&column.name, column.data_type.parse::<DataType>().ok()?, true);
        Some(field.with_metadata(column.metadata.clone().into_iter().collect()))
    };
    let columns = manifest.columns.iter().map(field).collect::<Option<Vec<_>>>()?;
    let place = |key: &String| manifest.columns.iter().position(|column| column.name == *key);
    let key = manifest
        .details
        .key_columns
        .iter()
        .map(place)
        .collect::<Option<Vec<_>>>()?;
    Some(StreamSchema::of_user_columns(columns).with_key(key))
}
