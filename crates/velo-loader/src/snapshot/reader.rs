use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::vec;

use arrow::array::RecordBatch;
use arrow::ipc::reader::FileReader;

use super::checksum::checksum_of_all;
use super::manifest::{SnapshotFile, SnapshotManifest, columns_of};
use super::{SnapshotColumn, SnapshotDamage, SnapshotError};

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
            columns: manifest.columns.clone(),
            files: files.into_iter(),
            current: None,
        };
        Ok(Self { manifest, batches })
    }
}

/// Rows of a snapshot, batch by batch; nothing comes after an error.
#[derive(Debug)]
pub struct SnapshotBatches {
    columns: Vec<SnapshotColumn>,
    files: vec::IntoIter<VerifiedFile>,
    current: Option<OpenFile>,
}

/// A file that was found to be what was written. It stays open, so that it stays what it is.
#[derive(Debug)]
struct VerifiedFile {
    path: PathBuf,
    file: File,
    rows: u64,
}

#[derive(Debug)]
struct OpenFile {
    path: PathBuf,
    reader: FileReader<BufReader<File>>,
    rows_left: u64,
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
        let rows = expected.rows;
        Ok(Self { path, file, rows })
    }
}

impl OpenFile {
    fn open(verified: VerifiedFile, columns: &[SnapshotColumn]) -> Result<Self, SnapshotError> {
        let VerifiedFile { path, file, rows } = verified;
        let reader = FileReader::try_new_buffered(file, None).map_err(|error| unreadable(&path, &error))?;
        if columns_of(&reader.schema()) != columns {
            return Err(unreadable(&path, &"its columns are not those of the manifest"));
        }
        Ok(Self {
            path,
            reader,
            rows_left: rows,
        })
    }

    fn next(&mut self) -> Option<Result<RecordBatch, SnapshotError>> {
        match self.reader.next() {
            Some(Ok(batch)) => match self.rows_left.checked_sub(batch.num_rows() as u64) {
                Some(left) => {
                    self.rows_left = left;
                    Some(Ok(batch))
                }
                None => Some(Err(unreadable(&self.path, &"it has more than the manifest says"))),
            },
            Some(Err(error)) => Some(Err(unreadable(&self.path, &error))),
            None if self.rows_left > 0 => Some(Err(unreadable(&self.path, &"it has fewer than the manifest says"))),
            None => None,
        }
    }
}

fn unreadable(path: &Path, message: &dyn ToString) -> SnapshotError {
    let message = message.to_string();
    SnapshotError::damaged(path, SnapshotDamage::Rows { message })
}

impl SnapshotBatches {
    fn advance(&mut self) -> Option<Result<RecordBatch, SnapshotError>> {
        loop {
            if let Some(batch) = self.current.as_mut().and_then(OpenFile::next) {
                return Some(batch);
            }
            match OpenFile::open(self.files.next()?, &self.columns) {
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
