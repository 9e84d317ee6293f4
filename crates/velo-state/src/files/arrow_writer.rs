use std::io::{BufWriter, IntoInnerError};
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::writer::FileWriter;
use tempfile::NamedTempFile;
use velo_data::{compact_views, record_batch};

use super::checksum::ChecksumWriter;
use super::early_sync::EarlySync;
use super::{ArrowFile, FileError, persist, temporary_in};

/// Writes an Arrow IPC file, which has its name only once it is complete and on disk.
pub(crate) struct ArrowFileWriter {
    directory: PathBuf,
    schema: SchemaRef,
    writer: FileWriter<BufWriter<ChecksumWriter<NamedTempFile>>>,
    rows: u64,
    sync: EarlySync,
}

impl ArrowFileWriter {
    /// Begins a file in a directory, which is brought to disk whenever `sync_bytes` more were written.
    pub(crate) fn begin(directory: &Path, schema: SchemaRef, sync_bytes: u64) -> Result<Self, FileError> {
        let file = BufWriter::new(ChecksumWriter::new(temporary_in(directory)?));
        let writer = FileWriter::try_new(file, &schema).map_err(rows_error(directory))?;
        Ok(Self {
            directory: directory.to_owned(),
            schema,
            writer,
            rows: 0,
            sync: EarlySync::each(sync_bytes),
        })
    }

    /// Adds a batch, which has the columns of the file.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), FileError> {
        let columns = batch.columns().iter().map(compact_views).collect();
        let written = record_batch(&self.schema, columns, batch.num_rows()).and_then(|batch| self.writer.write(&batch));
        written.map_err(rows_error(&self.directory))?;
        self.rows += batch.num_rows() as u64;
        let file = self.writer.get_ref().get_ref();
        let synced = self.sync.written(file.writer().as_file(), file.bytes());
        synced.map_err(FileError::io("sync", file.writer().path()))
    }

    /// Bytes written so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.writer.get_ref().get_ref().bytes()
    }

    /// Ends the file and gives it its name.
    pub(crate) fn finish(mut self, name: String) -> Result<ArrowFile, FileError> {
        let path = self.directory.join(&name);
        let buffered = self.writer.into_inner().map_err(rows_error(&self.directory))?;
        let flushed = buffered.into_inner().map_err(IntoInnerError::into_error);
        let written = flushed.map_err(FileError::io("write", &path))?;
        let bytes = written.bytes();
        let (file, checksum) = written.into_parts();
        self.sync.finish().map_err(FileError::io("sync", &path))?;
        persist(file, &path)?;
        Ok(ArrowFile {
            name,
            rows: self.rows,
            bytes,
            checksum,
        })
    }
}

fn rows_error(directory: &Path) -> impl FnOnce(ArrowError) -> FileError {
    move |source| FileError::Rows {
        directory: directory.to_owned(),
        source,
    }
}
