use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::SnapshotError;
use super::manifest::{SnapshotDetails, SnapshotManifest};
use super::store::{WriterGuard, remove_all_but};
use crate::files::{ArrowFile, ArrowFileWriter, sync_directory};
use crate::manifest::write_manifest;

/// Writes a new snapshot of a table, batch by batch. The old one stays until [`SnapshotWriter::finish`]; what a
/// writer has written that is dropped before is removed with the next snapshot, or when the store is opened again.
pub struct SnapshotWriter<'s> {
    /// Lets nobody else write to the table's directory.
    guard: WriterGuard<'s>,
    table: String,
    schema: SchemaRef,
    generation: u64,
    file_bytes_max: u64,
    /// Files of the old snapshot that the new one keeps, and those that were written.
    files: Vec<ArrowFile>,
    files_written: usize,
    current: Option<ArrowFileWriter>,
}

/// Times that a file is brought to disk while it is written.
const SYNCS_A_FILE: u64 = 4;

/// What is written as a snapshot.
pub(super) struct NewSnapshot {
    pub(super) table: String,
    pub(super) schema: SchemaRef,
    pub(super) generation: u64,
    pub(super) file_bytes_max: u64,
    pub(super) kept: Vec<ArrowFile>,
}

impl<'s> SnapshotWriter<'s> {
    pub(super) fn new(guard: WriterGuard<'s>, snapshot: NewSnapshot) -> Self {
        let NewSnapshot {
            table,
            schema,
            generation,
            file_bytes_max,
            kept,
        } = snapshot;
        Self {
            guard,
            table,
            schema,
            generation,
            file_bytes_max,
            files: kept,
            files_written: 0,
            current: None,
        }
    }

    /// Adds rows.
    ///
    /// # Errors
    ///
    /// When they have other columns than the snapshot, or cannot be written.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), SnapshotError> {
        if batch.schema_ref().fields() != self.schema.fields() {
            let table = self.table.clone();
            return Err(SnapshotError::OtherColumns { table });
        }
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let mut current = match self.current.take() {
            Some(current) => current,
            None => self.begin_file()?,
        };
        current.write(batch)?;
        if current.bytes() >= self.file_bytes_max {
            return self.end_file(current);
        }
        self.current = Some(current);
        Ok(())
    }

    /// Makes this the snapshot of the table.
    ///
    /// # Errors
    ///
    /// When the files cannot be brought to disk; the old snapshot is then still there.
    pub fn finish(mut self, details: SnapshotDetails) -> Result<SnapshotManifest, SnapshotError> {
        if let Some(current) = self.current.take() {
            self.end_file(current)?;
        }
        let files = std::mem::take(&mut self.files);
        let manifest = SnapshotManifest {
            details,
            ..SnapshotManifest::new(self.table, self.generation, &self.schema, files)
        };
        write_manifest(&manifest, &self.guard.directory)?;
        // One sync for all names: were some lost with the power, checksums would tell, and the table be loaded again.
        sync_directory(&self.guard.directory)?;
        remove_all_but(&self.guard.directory, &manifest.file_names())?;
        Ok(manifest)
    }

    fn begin_file(&self) -> Result<ArrowFileWriter, SnapshotError> {
        let (directory, schema) = (&self.guard.directory, self.schema.clone());
        let writer = ArrowFileWriter::begin(directory, schema, self.file_bytes_max / SYNCS_A_FILE)?;
        Ok(writer)
    }

    fn end_file(&mut self, current: ArrowFileWriter) -> Result<(), SnapshotError> {
        self.files_written += 1;
        let name = format!("data-{}-{}.arrow", self.generation, self.files_written);
        self.files.push(current.finish(name)?);
        Ok(())
    }
}
