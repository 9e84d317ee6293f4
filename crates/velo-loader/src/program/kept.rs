use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use velo_data::{StreamBatch, StreamSchema};
use velo_engine::{CompileError, JoinedTable, LiveTable, OperatorError, Table, TableBuilder};

use crate::{SnapshotColumn, SnapshotError, SnapshotManifest, SnapshotStore};

/// Tables that an earlier load has kept, for reading.
pub struct KeptTables {
    store: SnapshotStore,
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

    /// The tables with their columns and keys. Those whose manifests are damaged are left out: reading one of them tells.
    ///
    /// # Errors
    ///
    /// When the directory cannot be listed.
    pub fn list(&self) -> Result<Vec<(String, StreamSchema)>, KeptTableError> {
        let entries = self.store.list()?;
        let tables = entries.into_iter().filter_map(|entry| {
            let schema = schema_of(&entry.manifest.ok()?)?;
            Some((entry.table, schema))
        });
        Ok(tables.collect())
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
