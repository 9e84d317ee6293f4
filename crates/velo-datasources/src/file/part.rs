use std::path::PathBuf;

use velo_data::PartitionOffset;

use super::identity::FileStatus;

/// One file of a source, and which part of it is read.
#[derive(Debug, Clone)]
pub(super) struct FilePart {
    pub(super) path: PathBuf,
    pub(super) partition: i32,
    /// Where to begin, if not at the beginning.
    pub(super) from: Option<PartitionOffset>,
    /// The file as it was when a load began, whatever becomes of it; where absent, it is read to the end that is met.
    pub(super) captured: Option<FileStatus>,
}

impl FilePart {
    /// All of a file, which is the one at a place in the list of all files.
    pub(super) fn whole(path: PathBuf, index: usize) -> Self {
        Self {
            path,
            partition: i32::try_from(index).unwrap_or(i32::MAX),
            from: None,
            captured: None,
        }
    }

    /// Bytes that are read, if that is known.
    pub(super) fn bytes(&self) -> Option<u64> {
        let begin = match self.from {
            Some(PartitionOffset::File { byte, .. }) => byte,
            _ => 0,
        };
        Some(self.captured?.bytes.saturating_sub(begin))
    }
}
