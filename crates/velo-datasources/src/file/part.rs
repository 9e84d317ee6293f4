use std::path::PathBuf;

use super::identity::FileStatus;
use crate::{RecordPlace, SplitPosition};

/// One file of a source, and which part of it is read.
#[derive(Debug, Clone)]
pub(super) struct FilePart {
    pub(super) path: PathBuf,
    pub(super) partition: i32,
    /// Where to begin, if not at the beginning.
    pub(super) from: Option<FilePlace>,
    /// First byte of records that were read before `from`, of which the last had no line end there: whether that record goes
    /// on is to be seen first.
    pub(super) open_record: Option<u64>,
    /// The file as it was when a load began, whatever becomes of it; where absent, it is read to the end that is met.
    pub(super) captured: Option<FileStatus>,
    /// How far it had been read earlier.
    pub(super) position: SplitPosition,
    /// Whether nothing is left to be read.
    pub(super) is_read: bool,
}

/// Where in a file reading goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FilePlace {
    /// First byte that was not handed on: of a packed file, of its text; in typed files 0.
    pub(super) byte: u64,
    /// The record that comes next.
    pub(super) next: RecordPlace,
}

impl FilePart {
    /// All of a file, which is the one at a place in the list of all files.
    pub(super) fn whole(path: PathBuf, index: usize) -> Self {
        Self {
            path,
            partition: i32::try_from(index).unwrap_or(i32::MAX),
            from: None,
            open_record: None,
            captured: None,
            position: SplitPosition::Beginning,
            is_read: false,
        }
    }

    /// The name under which positions in it are kept.
    pub(super) fn key(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    /// Bytes that are read, if that is known.
    pub(super) fn bytes(&self) -> Option<u64> {
        let begin = self.from.map_or(0, |from| from.byte);
        Some(self.captured?.bytes.saturating_sub(begin))
    }
}
