use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::identity::{FileStatus, fingerprint_of_path};
use super::part::FilePart;
use super::plan::FileRows;
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
    ///
    /// # Errors
    ///
    /// When it can only be read whole and has changed meanwhile.
    pub(super) fn enter(&self, part: &FilePart, rows: &FileRows) -> Result<(), SourceError> {
        let Some(captured) = part.captured else {
            return Ok(());
        };
        let offset = match rows.file_offset()? {
            Some(offset) => offset,
            None => whole_file_offset(part, captured)?,
        };
        self.lock().insert(path_key(part), offset);
        Ok(())
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

fn path_key(part: &FilePart) -> String {
    part.path.to_string_lossy().into_owned()
}

fn whole_file_offset(part: &FilePart, captured: FileStatus) -> Result<FileOffset, SourceError> {
    check_unchanged(part)?;
    let fingerprint = fingerprint_of_path(&part.path, captured.bytes)?;
    Ok(captured.offset_at(captured.bytes, None, None, fingerprint))
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
