use std::collections::HashSet;
use std::io::BufWriter;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::writer::FileWriter;
use tempfile::NamedTempFile;
use velo_data::{compact_views, record_batch};

use super::SnapshotError;
use super::checksum::ChecksumWriter;
use super::early_sync::EarlySync;
use super::files::{persist, remove_all_but, sync_directory, temporary_in};
use super::manifest::{SnapshotDetails, SnapshotFile, SnapshotManifest};
use super::store::WriterGuard;

type RowsWriter = FileWriter<BufWriter<ChecksumWriter<NamedTempFile>>>;

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
    files: Vec<SnapshotFile>,
    files_written: usize,
    current: Option<CurrentFile>,
}

/// Times that a file is brought to disk while it is written.
const SYNCS_A_FILE: u64 = 4;

struct CurrentFile {
    writer: RowsWriter,
    rows: u64,
    sync: EarlySync,
}

/// What is written as a snapshot.
pub(super) struct NewSnapshot {
    pub(super) table: String,
    pub(super) schema: SchemaRef,
    pub(super) generation: u64,
    pub(super) file_bytes_max: u64,
    pub(super) kept: Vec<SnapshotFile>,
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
        let columns = batch.columns().iter().map(compact_views).collect();
        let batch = record_batch(&self.schema, columns, batch.num_rows()).map_err(|source| self.rows_error(source))?;
        current.writer.write(&batch).map_err(|source| self.rows_error(source))?;
        current.rows += batch.num_rows() as u64;
        let written = current.writer.get_ref().get_ref();
        if written.bytes() >= self.file_bytes_max {
            return self.end_file(current);
        }
        let synced = current.sync.written(written.writer().as_file(), written.bytes());
        synced.map_err(SnapshotError::io("sync", written.writer().path()))?;
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
        manifest.write(&self.guard.directory)?;
        // One sync for all names: were some lost with the power, checksums would tell, and the table be loaded again.
        sync_directory(&self.guard.directory)?;
        let kept: HashSet<&str> = manifest.files.iter().map(|file| file.name.as_str()).collect();
        remove_all_but(&self.guard.directory, &kept)?;
        Ok(manifest)
    }

    fn begin_file(&self) -> Result<CurrentFile, SnapshotError> {
        let file = BufWriter::new(ChecksumWriter::new(temporary_in(&self.guard.directory)?));
        let writer = FileWriter::try_new(file, &self.schema).map_err(|source| self.rows_error(source))?;
        Ok(CurrentFile {
            writer,
            rows: 0,
            sync: EarlySync::each(self.file_bytes_max / SYNCS_A_FILE),
        })
    }

    fn end_file(&mut self, mut current: CurrentFile) -> Result<(), SnapshotError> {
        let buffered = current.writer.into_inner().map_err(|source| self.rows_error(source))?;
        self.files_written += 1;
        let name = format!("data-{}-{}.arrow", self.generation, self.files_written);
        let path = self.guard.directory.join(&name);
        let flushed = buffered.into_inner().map_err(std::io::IntoInnerError::into_error);
        let written = flushed.map_err(SnapshotError::io("write", &path))?;
        let bytes = written.bytes();
        let (file, checksum) = written.into_parts();
        current.sync.finish().map_err(SnapshotError::io("sync", &path))?;
        persist(file, &path)?;
        self.files.push(SnapshotFile {
            name,
            rows: current.rows,
            bytes,
            checksum,
        });
        Ok(())
    }

    fn rows_error(&self, source: ArrowError) -> SnapshotError {
        let table = self.table.clone();
        SnapshotError::Rows { table, source }
    }
}
