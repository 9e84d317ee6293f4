use std::path::Path;
use std::vec;

use arrow::array::RecordBatch;

use super::SnapshotError;
use super::manifest::SnapshotManifest;
use crate::files::{ArrowFileReader, VerifiedFile};

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

/// Rows of a snapshot, batch by batch; nothing comes after an error.
#[derive(Debug)]
pub struct SnapshotBatches {
    files: vec::IntoIter<VerifiedFile>,
    current: Option<ArrowFileReader>,
}

impl SnapshotBatches {
    fn advance(&mut self) -> Option<Result<RecordBatch, SnapshotError>> {
        loop {
            if let Some(batch) = self.current.as_mut().and_then(ArrowFileReader::next) {
                return Some(batch.map_err(SnapshotError::from));
            }
            match self.files.next()?.read() {
                Ok(file) => self.current = Some(file),
                Err(error) => return Some(Err(error.into())),
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
