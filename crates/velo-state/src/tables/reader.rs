use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::vec;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow::ipc::reader::FileReader;

use super::checksum::checksum_of_all;
use super::manifest::{SnapshotFile, SnapshotManifest};
use super::{SnapshotDamage, SnapshotError};

/// A snapshot whose files are those that were written: every checksum has been looked at.
#[derive(Debug)]
pub struct Snapshot {
    /// What it is of.
    pub manifest: SnapshotManifest,
    /// Its rows, in the order in which they were written.
    pub batches: SnapshotBatches,
}

impl Snapshot {
    pub(super) fn open(directory: &Path, manifest: SnapshotManifest) -> Result<Self, SnapshotError> {
        let mut files = Vec::with_capacity(manifest.files.len());
        for file in &manifest.files {
            files.push(VerifiedFile::open(directory, file)?);
        }
        let batches = SnapshotBatches {
            files: files.into_iter(),
            current: None,
        };
        Ok(Self { manifest, batches })
    }
}

/// A file that was found to be what was written. It stays open, so that it stays what it is.
#[derive(Debug)]
struct VerifiedFile {
    path: PathBuf,
    file: File,
}

impl VerifiedFile {
    fn open(directory: &Path, expected: &SnapshotFile) -> Result<Self, SnapshotError> {
        let path = directory.join(&expected.name);
        let damaged = |damage| Err(SnapshotError::damaged(&path, damage));
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return damaged(SnapshotDamage::Missing),
            Err(error) => return Err(SnapshotError::io("open", &path)(error)),
        };
        let (checksum, bytes) = checksum_of_all(&file).map_err(SnapshotError::io("read", &path))?;
        if bytes != expected.bytes {
            let (expected, found) = (expected.bytes, bytes);
            return damaged(SnapshotDamage::Size { expected, found });
        }
        if checksum != expected.checksum {
            let (expected, found) = (expected.checksum.clone(), checksum);
            return damaged(SnapshotDamage::Checksum { expected, found });
        }
        Ok(Self { path, file })
    }
}

/// Rows of a snapshot, batch by batch; nothing comes after an error.
#[derive(Debug)]
pub struct SnapshotBatches {
    files: vec::IntoIter<VerifiedFile>,
    current: Option<OpenFile>,
}

#[derive(Debug)]
struct OpenFile {
    path: PathBuf,
    reader: FileReader<BufReader<File>>,
}

impl OpenFile {
    fn open(VerifiedFile { path, file }: VerifiedFile) -> Result<Self, SnapshotError> {
        match FileReader::try_new_buffered(file, None) {
            Ok(reader) => Ok(Self { path, reader }),
            Err(error) => Err(unreadable(&path, &error)),
        }
    }

    fn next(&mut self) -> Option<Result<RecordBatch, SnapshotError>> {
        let batch = self.reader.next()?;
        Some(batch.map_err(|error| unreadable(&self.path, &error)))
    }
}

fn unreadable(path: &Path, error: &ArrowError) -> SnapshotError {
    let message = error.to_string();
    SnapshotError::damaged(path, SnapshotDamage::Rows { message })
}

impl SnapshotBatches {
    fn advance(&mut self) -> Option<Result<RecordBatch, SnapshotError>> {
        loop {
            if let Some(batch) = self.current.as_mut().and_then(OpenFile::next) {
                return Some(batch);
            }
            match OpenFile::open(self.files.next()?) {
                Ok(file) => self.current = Some(file),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl Iterator for SnapshotBatches {
    type Item = Result<RecordBatch, SnapshotError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.advance();
        if next.as_ref().is_none_or(Result::is_err) {
            self.current = None;
            self.files = Vec::new().into_iter();
        }
        next
    }
}
