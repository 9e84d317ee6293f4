use std::io::Write as _;
use std::path::{Path, PathBuf};

use velo_data::RowError;
use velo_formats::{DeadLetter, write_dead_letter};

use super::append::AppendedFile;
use crate::{Compression, FileFormat, SinkError};

/// A file that rejected records are appended to, one envelope a line, so that it can be read again as
/// `….envelope.jsonl`.
///
/// An envelope's `value` is the record's original, its `error` says where the record came from and what is wrong
/// with it: `cause`, `message`, `column`, `statement`, `topic`, `line`.
///
/// Letters are in the file once they are flushed. Those that are not flushed when this is dropped are gone: an
/// interrupted run reads their records again the next time.
#[derive(Debug)]
pub struct DeadLetterFile {
    path: PathBuf,
    file: AppendedFile,
    buffer: Vec<u8>,
    written: u64,
}

/// Bytes that are written at a time.
const WRITE_BYTES: usize = 64 << 10;

impl DeadLetterFile {
    /// Opens the file; one that does not exist is created by the first flush.
    ///
    /// # Errors
    ///
    /// When its directory does not exist or it cannot be written.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SinkError> {
        let path = path.as_ref();
        super::target::check_place(path)?;
        let compression = Compression::of_path(path);
        if compression != Compression::None {
            return Err(SinkError::Format {
                destination: path.display().to_string(),
                message: format!("dead letters are not compressed; leave out {}", compression.extension()),
            });
        }
        Ok(Self {
            file: AppendedFile::open(path).map_err(|source| super::target::io_error(path, source))?,
            path: path.to_owned(),
            buffer: Vec::new(),
            written: 0,
        })
    }

    /// Appends a rejected record; `statement` is the one that rejected it, `rejected_at_ms` the time of day.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn write(&mut self, error: &RowError, statement: Option<&str>, rejected_at_ms: i64) -> Result<(), SinkError> {
        let topic = error.origin.topic.as_deref();
        let format = topic.and_then(|topic| FileFormat::of_path(Path::new(topic)));
        let letter = DeadLetter {
            error,
            statement,
            rejected_at_ms,
            is_envelope: format == Some(FileFormat::Envelope),
        };
        write_dead_letter(&letter, &mut self.buffer);
        self.written += 1;
        if self.buffer.len() >= WRITE_BYTES {
            self.write_out()?;
        }
        Ok(())
    }

    /// Appends to the file what was written.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn flush(&mut self) -> Result<(), SinkError> {
        self.write_out()?;
        let flushed = self.file.publish();
        flushed.map_err(|source| super::target::io_error(&self.path, source))
    }

    fn write_out(&mut self) -> Result<(), SinkError> {
        let written = self.file.write_all(&self.buffer);
        written.map_err(|source| super::target::io_error(&self.path, source))?;
        self.buffer.clear();
        Ok(())
    }

    /// Records appended so far.
    pub fn written(&self) -> u64 {
        self.written
    }
}
