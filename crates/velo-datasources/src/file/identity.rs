//! What tells whether a file is still the one that it was.

use std::fs::{File, Metadata};
use std::hash::Hasher as _;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::time::UNIX_EPOCH;

use twox_hash::XxHash64;

use super::buffer::io_error;
use crate::{FileOffset, RecordPlace, SourceError};

/// Bytes at each end of what has been read that are compared with those of an earlier load.
const FINGERPRINT_BYTES: u64 = 4 << 10;

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

    /// The offset of one who has read this file up to `byte`.
    pub(super) fn offset_at(
        &self,
        byte: u64,
        next: Option<RecordPlace>,
        open_record: Option<u64>,
        fingerprint: u64,
    ) -> FileOffset {
        FileOffset {
            byte,
            next,
            open_record,
            file_bytes: self.bytes,
            identity: self.identity,
            modified_ns: self.modified_ns,
            fingerprint,
        }
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

/// Hash of the first bytes of a file and of the last ones before `byte`.
///
/// It is kept with tables, so that it must stay the same from one version of the program to the next.
pub(super) fn fingerprint(path: &Path, mut file: &File, byte: u64) -> Result<u64, SourceError> {
    let mut hasher = XxHash64::with_seed(byte);
    for start in [0, byte.saturating_sub(FINGERPRINT_BYTES)] {
        let mut bytes = Vec::new();
        let read = file.seek(SeekFrom::Start(start));
        let read = read.and_then(|_| file.take(FINGERPRINT_BYTES.min(byte)).read_to_end(&mut bytes));
        read.map_err(|error| io_error(path, error))?;
        hasher.write(&bytes);
    }
    Ok(hasher.finish())
}

/// [`fingerprint`] of the file that a path leads to.
pub(super) fn fingerprint_of_path(path: &Path, byte: u64) -> Result<u64, SourceError> {
    let file = File::open(path).map_err(|error| io_error(path, error))?;
    fingerprint(path, &file, byte)
}
