use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use velo_common::Name;

use super::SnapshotError;
use super::manifest::{SnapshotDetails, SnapshotManifest, columns_of};
use super::reader::Snapshot;
use super::writer::{NewSnapshot, SnapshotWriter};
use crate::files::{
    ArrowFile, Damage, FileError, create_directory, directory_name, names_in, remove_directory, remove_file,
    sync_directory,
};
use crate::lock::Lock;
use crate::manifest::{MANIFEST, read_manifest};

/// A file with rows is closed, and the next one begun, beyond this size.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// The snapshots of all tables below a state directory.
///
/// Who writes holds a lock on the directory; the system gives it back when the process ends, however it ends. Reading
/// alone needs no lock: a snapshot that is replaced meanwhile is read as it was or as it is.
///
/// ```
/// use std::sync::Arc;
/// use arrow::array::{Int64Array, RecordBatch};
/// use velo_state::{SnapshotDetails, SnapshotStore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let state = tempfile::tempdir()?;
/// let rows = RecordBatch::try_from_iter([("id", Arc::new(Int64Array::from(vec![1, 2])) as _)])?;
/// let store = SnapshotStore::open(state.path())?;
/// let details = SnapshotDetails { definition_fingerprint: "f1".to_owned(), ..SnapshotDetails::default() };
/// store.write("orders", rows.schema(), [&rows], details)?;
///
/// let snapshot = store.read("orders")?.ok_or("there is one")?;
/// assert_eq!(snapshot.manifest.rows, 2);
/// assert_eq!(snapshot.batches.collect::<Result<Vec<_>, _>>()?, [rows]);
/// assert!(SnapshotStore::open(state.path()).is_err(), "somebody else writes");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SnapshotStore {
    state_directory: PathBuf,
    tables: PathBuf,
    file_bytes_max: u64,
    /// Held by those who may write.
    lock: Option<Lock>,
    /// Directories of tables to which somebody writes at the moment.
    being_written: Mutex<HashSet<PathBuf>>,
}

/// The right to write to the directory of a table: one at a time.
#[derive(Debug)]
pub(super) struct WriterGuard<'s> {
    store: &'s SnapshotStore,
    pub(super) directory: PathBuf,
}

impl Drop for WriterGuard<'_> {
    fn drop(&mut self) {
        self.store.directories_being_written().remove(&self.directory);
    }
}

/// A table of which there is a snapshot.
#[derive(Debug)]
pub struct SnapshotEntry {
    /// Its name; that of its directory, when the manifest is damaged.
    pub table: String,
    /// What the snapshot is of, or why that cannot be told.
    pub manifest: Result<SnapshotManifest, SnapshotError>,
}

impl SnapshotStore {
    /// Opens the snapshots below a directory for writing, creates it if need be, and removes what was left by those
    /// who were killed.
    ///
    /// # Errors
    ///
    /// When somebody else has opened them for writing, or the directory cannot be used.
    pub fn open(state_directory: impl Into<PathBuf>) -> Result<Self, SnapshotError> {
        let mut store = Self::open_read_only(state_directory);
        create_directory(&store.tables)?;
        let lock = Lock::acquire(&store.state_directory.join("tables.lock"))?;
        let in_use = || SnapshotError::InUse {
            path: store.state_directory.clone(),
        };
        store.lock = Some(lock.ok_or_else(in_use)?);
        store.remove_leftovers()?;
        Ok(store)
    }

    /// The snapshots below a directory for reading. A directory that does not exist has none.
    pub fn open_read_only(state_directory: impl Into<PathBuf>) -> Self {
        let state_directory = state_directory.into();
        Self {
            tables: state_directory.join("tables"),
            state_directory,
            file_bytes_max: FILE_BYTES_MAX,
            lock: None,
            being_written: Mutex::default(),
        }
    }

    /// The same, beginning a new file whenever one has so many bytes; 256 MiB unless told.
    #[must_use]
    pub fn with_file_bytes_max(mut self, bytes: u64) -> Self {
        self.file_bytes_max = bytes;
        self
    }

    /// Replaces the snapshot of a table.
    ///
    /// # Errors
    ///
    /// When it cannot be written or is being written already; the old one is then still there.
    pub fn write<'b>(
        &self,
        table: &str,
        schema: SchemaRef,
        batches: impl IntoIterator<Item = &'b RecordBatch>,
        details: SnapshotDetails,
    ) -> Result<SnapshotManifest, SnapshotError> {
        let mut writer = self.replace(table, schema)?;
        for batch in batches {
            writer.write(batch)?;
        }
        writer.finish(details)
    }

    /// Begins a snapshot that replaces that of the table, if there is one.
    ///
    /// # Errors
    ///
    /// When nothing can be written, or that is being done already.
    pub fn replace(&self, table: &str, schema: SchemaRef) -> Result<SnapshotWriter<'_>, SnapshotError> {
        let guard = self.begin_writing(table)?;
        let generation = match self.manifest(table) {
            Ok(manifest) => manifest.map_or(0, |manifest| manifest.generation),
            // What is damaged is replaced, without reusing the name of any file that may be there.
            Err(error) if error.is_repaired_by_reload() => last_generation(&guard.directory)?,
            Err(error) => return Err(error),
        };
        self.begin(guard, table, schema, generation + 1, Vec::new())
    }

    /// Begins a snapshot that has the rows of the one that is there, and further ones behind them. Without one, it
    /// begins with none.
    ///
    /// # Errors
    ///
    /// When the rows that are there have other columns or cannot be told, or nothing can be written, or that is being
    /// done already.
    pub fn extend(&self, table: &str, schema: SchemaRef) -> Result<SnapshotWriter<'_>, SnapshotError> {
        let guard = self.begin_writing(table)?;
        let Some(manifest) = self.manifest(table)? else {
            return self.begin(guard, table, schema, 1, Vec::new());
        };
        if manifest.columns != columns_of(&schema) {
            let table = table.to_owned();
            return Err(SnapshotError::OtherColumns { table });
        }
        self.begin(guard, table, schema, manifest.generation + 1, manifest.files)
    }

    /// Reads the snapshot of a table; `None` when there is none. All checksums are looked at before.
    ///
    /// # Errors
    ///
    /// When it is damaged or cannot be read.
    pub fn read(&self, table: &str) -> Result<Option<Snapshot>, SnapshotError> {
        let directory = self.directory(table);
        let mut manifest = self.manifest(table)?;
        while let Some(current) = manifest {
            let generation = current.generation;
            let opened = Snapshot::open(&directory, current);
            if !opened.as_ref().is_err_and(SnapshotError::is_missing_file) {
                return opened.map(Some);
            }
            // Somebody may have replaced it between the two: then the files of another one are there.
            manifest = self.manifest(table)?;
            if manifest.as_ref().is_some_and(|newer| newer.generation == generation) {
                return opened.map(Some);
            }
        }
        Ok(None)
    }

    /// What the snapshot of a table is of, without looking at its rows; `None` when there is none.
    ///
    /// # Errors
    ///
    /// When the manifest is damaged or cannot be read.
    pub fn manifest(&self, table: &str) -> Result<Option<SnapshotManifest>, SnapshotError> {
        let directory = self.directory(table);
        let Some(manifest) = read_manifest::<SnapshotManifest>(&directory)? else {
            return Ok(None);
        };
        if Name::from(manifest.table.as_str()).folded() != Name::from(table).folded() {
            let message = format!("it is of table `{}`", manifest.table);
            let damage = Damage::Manifest { message };
            return Err(FileError::damaged(&directory.join(MANIFEST), damage).into());
        }
        Ok(Some(manifest))
    }

    /// All tables of which there is a snapshot, in the order of their directories' names.
    ///
    /// # Errors
    ///
    /// When the directory cannot be listed.
    pub fn list(&self) -> Result<Vec<SnapshotEntry>, SnapshotError> {
        let mut entries = Vec::new();
        for name in names_in(&self.tables)? {
            let Some(manifest) = read_manifest::<SnapshotManifest>(&self.tables.join(&name)).transpose() else {
                continue;
            };
            let table = manifest.as_ref().map_or(name, |manifest| manifest.table.clone());
            entries.push(SnapshotEntry {
                table,
                manifest: manifest.map_err(SnapshotError::from),
            });
        }
        Ok(entries)
    }

    /// Removes the snapshot of a table; tells whether there was one.
    ///
    /// # Errors
    ///
    /// When it cannot be removed.
    pub fn remove(&self, table: &str) -> Result<bool, SnapshotError> {
        let guard = self.begin_writing(table)?;
        let manifest = guard.directory.join(MANIFEST);
        let existed = manifest.exists();
        // Without its manifest the rest is a leftover.
        remove_file(&manifest)?;
        remove_directory(&guard.directory)?;
        Ok(existed)
    }

    fn begin<'s>(
        &self,
        guard: WriterGuard<'s>,
        table: &str,
        schema: SchemaRef,
        generation: u64,
        kept: Vec<ArrowFile>,
    ) -> Result<SnapshotWriter<'s>, SnapshotError> {
        create_directory(&guard.directory)?;
        let snapshot = NewSnapshot {
            table: table.to_owned(),
            schema,
            generation,
            file_bytes_max: self.file_bytes_max,
            kept,
        };
        Ok(SnapshotWriter::new(guard, snapshot))
    }

    fn directory(&self, table: &str) -> PathBuf {
        self.tables.join(directory_name(table))
    }

    fn begin_writing(&self, table: &str) -> Result<WriterGuard<'_>, SnapshotError> {
        if self.lock.is_none() {
            let path = self.state_directory.clone();
            return Err(SnapshotError::ReadOnly { path });
        }
        let directory = self.directory(table);
        if !self.directories_being_written().insert(directory.clone()) {
            let table = table.to_owned();
            return Err(SnapshotError::BeingWritten { table });
        }
        Ok(WriterGuard { store: self, directory })
    }

    fn directories_being_written(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        self.being_written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes what no manifest names. Where a manifest is damaged everything stays: somebody may want to look at it.
    fn remove_leftovers(&self) -> Result<(), FileError> {
        for name in names_in(&self.tables)? {
            let directory = self.tables.join(name);
            if !directory.is_dir() {
                continue;
            }
            match read_manifest::<SnapshotManifest>(&directory) {
                Ok(Some(manifest)) => remove_all_but(&directory, &manifest.file_names())?,
                Ok(None) => remove_directory(&directory)?,
                Err(error) => tracing::warn!("{error}"),
            }
        }
        sync_directory(&self.tables)
    }
}

/// The highest generation that the name of a file in a table's directory tells.
fn last_generation(directory: &Path) -> Result<u64, SnapshotError> {
    let names = names_in(directory)?;
    let generation = |name: &String| name.strip_prefix("data-")?.split('-').next()?.parse().ok();
    Ok(names.iter().filter_map(generation).max().unwrap_or(0))
}

/// Removes everything but these files from the directory of a table.
pub(super) fn remove_all_but(directory: &Path, kept: &HashSet<&str>) -> Result<(), FileError> {
    for name in names_in(directory)? {
        if !kept.contains(name.as_str()) {
            remove_file(&directory.join(name))?;
        }
    }
    Ok(())
}
