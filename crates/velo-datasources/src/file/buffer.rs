use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::SourceError;

/// A window onto a file that moves forward as its bytes are consumed.
#[derive(Debug)]
pub(super) struct FileBuffer {
    file: File,
    path: PathBuf,
    bytes: Vec<u8>,
    /// First byte of `bytes` that is not consumed.
    start: usize,
    /// Place of that byte in the file.
    position: u64,
    is_end: bool,
    chunk_bytes: usize,
}

impl FileBuffer {
    /// Opens a file at its beginning; `chunk_bytes` are read at a time.
    pub(super) fn open(path: &Path, chunk_bytes: usize) -> Result<Self, SourceError> {
        let refused = |error| io_error(path, error);
        if std::fs::metadata(path).map_err(refused)?.is_dir() {
            return Err(SourceError::IsDirectory { path: path.to_owned() });
        }
        Ok(Self {
            file: File::open(path).map_err(refused)?,
            path: path.to_owned(),
            bytes: Vec::new(),
            start: 0,
            position: 0,
            is_end: false,
            chunk_bytes: chunk_bytes.max(1),
        })
    }

    /// The bytes at hand that are not consumed.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Whether nothing follows the bytes at hand.
    pub(super) fn is_end(&self) -> bool {
        self.is_end
    }

    /// Place in the file of the first byte that is not consumed.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Moves on by `count` of the bytes at hand.
    pub(super) fn consume(&mut self, count: usize) {
        self.start += count;
        self.position += count as u64;
    }

    /// Reads on. More is read at a time the more is at hand, so that a long record is not looked at over and over.
    pub(super) fn fill(&mut self) -> Result<(), SourceError> {
        self.bytes.drain(..self.start);
        self.start = 0;
        if self.bytes.capacity() > 4 * (self.chunk_bytes + self.bytes.len()) {
            self.bytes.shrink_to(self.chunk_bytes + self.bytes.len());
        }
        self.read(self.chunk_bytes.max(self.bytes.len()))
    }

    /// Reads on until `wanted` bytes are at hand, or the file ends.
    pub(super) fn fill_up_to(&mut self, wanted: usize) -> Result<(), SourceError> {
        let missing = wanted.saturating_sub(self.bytes().len());
        if missing == 0 || self.is_end {
            return Ok(());
        }
        self.read(missing)
    }

    /// Moves on by `count` of the bytes at hand, which `into` has then. The bytes change hands, only what is behind them
    /// is copied.
    pub(super) fn take(&mut self, count: usize, into: &mut Vec<u8>) {
        into.clear();
        let end = self.start + count;
        into.extend_from_slice(&self.bytes[end..]);
        std::mem::swap(&mut self.bytes, into);
        into.truncate(end);
        into.drain(..self.start);
        self.start = 0;
        self.position += count as u64;
    }

    fn read(&mut self, bytes: usize) -> Result<(), SourceError> {
        self.bytes.reserve(bytes);
        let read = self.file.by_ref().take(bytes as u64).read_to_end(&mut self.bytes);
        self.is_end = read.map_err(|error| io_error(&self.path, error))? < bytes;
        Ok(())
    }

    /// Moves to a place in the file.
    pub(super) fn seek(&mut self, position: u64) -> Result<(), SourceError> {
        let moved = self.file.seek(SeekFrom::Start(position));
        moved.map_err(|error| io_error(&self.path, error))?;
        self.bytes.clear();
        self.start = 0;
        self.position = position;
        self.is_end = false;
        Ok(())
    }
}

fn io_error(path: &Path, source: std::io::Error) -> SourceError {
    let path = path.to_owned();
    match source.kind() {
        std::io::ErrorKind::NotFound => SourceError::NotFound { path },
        _ => SourceError::Io { path, source },
    }
}
