//! What tells whether a file is still the one that it was.

use std::fs::{File, Metadata};
use std::path::Path;
use std::time::UNIX_EPOCH;

use super::buffer::io_error;
use super::trace::Trace;
use crate::{FileOffset, RecordPlace, SourceError};

/// A file as the operating system tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileStatus {
    pub(super) bytes: u64,
    /// Device and inode, where the operating system has them.
    pub(super) identity: Option<(u64, u64)>,
    /// Last change, in nanoseconds since the epoch.
    pub(super) modified_ns: Option<i64>,
    /// Whether it is neither a pipe nor a device, which can be read but once.
    pub(super) is_regular: bool,
}

impl FileStatus {
    /// What a path leads to.
    pub(super) fn of_path(path: &Path) -> Result<Self, SourceError> {
        let metadata = std::fs::metadata(path).map_err(|error| io_error(path, error))?;
        Ok(Self::of(&metadata))
    }

    /// What is open; `path` is told when that cannot be asked.
    pub(super) fn of_open(file: &File, path: &Path) -> Result<Self, SourceError> {
        let metadata = file.metadata().map_err(|error| io_error(path, error))?;
        Ok(Self::of(&metadata))
    }

    fn of(metadata: &Metadata) -> Self {
        let modified = metadata.modified().ok();
        let since_epoch = modified.and_then(|modified| modified.duration_since(UNIX_EPOCH).ok());
        Self {
            bytes: metadata.len(),
            identity: identity(metadata),
            modified_ns: since_epoch.and_then(|duration| i64::try_from(duration.as_nanos()).ok()),
            is_regular: metadata.is_file(),
        }
    }

    /// The offset of one who has read this file as far as `trace` reaches.
    pub(super) fn offset_at(&self, trace: &Trace, next: RecordPlace, open_record: Option<u64>) -> FileOffset {
        FileOffset {
            byte: trace.byte(),
            next: Some(next),
            open_record,
            file_bytes: self.bytes,
            identity: self.identity,
            modified_ns: self.modified_ns,
            fingerprint: trace.fingerprint(),
        }
    }

    /// The offset of one who has read all of this file, whichever record would come next.
    pub(super) fn offset_at_end(&self, path: &Path) -> Result<FileOffset, SourceError> {
        Ok(FileOffset {
            byte: self.bytes,
            next: None,
            open_record: None,
            file_bytes: self.bytes,
            identity: self.identity,
            modified_ns: self.modified_ns,
            fingerprint: fingerprint_of_path(path, self.bytes)?,
        })
    }
}

/// Device and inode. Elsewhere a file can be neither replaced nor removed while it is open.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have none")]
fn identity(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<(u64, u64)> {
    None
}

/// Hash of the first bytes of the file that a path leads to, and of the last ones before `byte`.
pub(super) fn fingerprint_of_path(path: &Path, byte: u64) -> Result<u64, SourceError> {
    let file = File::open(path).map_err(|error| io_error(path, error))?;
    Ok(Trace::of_file(path, &file, byte)?.fingerprint())
}

/// Whether a file begins with what was read of it, or of another.
pub(super) fn begins_like(path: &Path, offset: &FileOffset) -> Result<bool, SourceError> {
    Ok(fingerprint_of_path(path, offset.byte)? == offset.fingerprint)
}
