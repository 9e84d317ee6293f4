use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::identity::FileStatus;
use super::part::FilePart;
use crate::{FileOffset, SourceError, SourceOffset};

/// How far the files of a load have been read, by their paths: each is entered when its part has been read.
#[derive(Debug, Clone)]
pub(super) struct ReachedFiles(Arc<Mutex<BTreeMap<String, FileOffset>>>);

impl ReachedFiles {
    /// Begins with files of which nothing is read, since an earlier load has.
    pub(super) fn with_read_before(files: BTreeMap<String, FileOffset>) -> Self {
        Self(Arc::new(Mutex::new(files)))
    }

    /// Enters a file of which everything that was captured has been read.
    pub(super) fn enter(&self, part: &FilePart, offset: FileOffset) {
        self.lock().insert(part.key(), offset);
    }

    /// The position of the source.
    pub(super) fn offset(&self) -> SourceOffset {
        SourceOffset::Files {
            files: self.lock().clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, FileOffset>> {
        // An entry is there or is not.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses a file that is not any more what was captured.
pub(super) fn check_unchanged(part: &FilePart) -> Result<(), SourceError> {
    let Some(captured) = part.captured else {
        return Ok(());
    };
    let path = part.path.clone();
    match FileStatus::of_path(&path) {
        Ok(now) if now == captured => Ok(()),
        Ok(now) if now.identity == captured.identity => Err(SourceError::Changed { path }),
        _ => Err(SourceError::Replaced { path }),
    }
}
