use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::changes::RECORD_GOES_ON;
use super::identity::{FileStatus, begins_like};
use super::part::FilePart;
use super::plan::{FilePlan, FileRows};
use super::reached::{ReachedFiles, check_unchanged};
use crate::{FileOffset, NextBatch, PartitionReader, ReadRequest, SourceBatch, SourceError, SplitPosition};

/// One file of a source. It is opened when it is first read and closed when it has been read, so that ten thousand
/// files need neither as many handles nor as many buffers.
pub(super) struct FilePartition {
    pub(super) plan: Arc<FilePlan>,
    pub(super) request: Arc<ReadRequest>,
    pub(super) part: FilePart,
    /// How often it is looked at while it is followed.
    pub(super) polling_interval: Duration,
    /// Where to tell how far it was read, if a table is loaded.
    pub(super) reached: Option<ReachedFiles>,
    pub(super) state: State,
    /// The offset behind all of a file that can only be read whole, as it was when it was opened.
    pub(super) whole: Option<FileOffset>,
    /// How far it was read when that was told last.
    pub(super) position: SplitPosition,
    /// Whether something was read since then.
    pub(super) has_moved: bool,
}

/// How far the reading of a file is.
pub(super) enum State {
    /// Not begun.
    Waiting,
    Reading(FileRows),
    /// Nothing is left.
    Ended,
}

/// Bytes of the longest line end.
const LINE_END_BYTES_MAX: u64 = 2;

impl FilePartition {
    /// Opens the file; `false` if one that is followed has not begun.
    fn open(&mut self) -> Result<bool, SourceError> {
        if self.waits_for_line_end()? {
            return Ok(false);
        }
        if self.plan.reads_whole(&self.part.path) {
            self.whole = self.whole_file()?;
        }
        let rows = self.plan.open(&self.part, &self.request)?;
        self.check_resumed()?;
        self.state = match rows {
            Some(rows) => State::Reading(rows),
            None if self.request.follow => return Ok(false),
            None => State::Ended,
        };
        Ok(true)
    }

    /// Whether the last record that was read earlier had no line end then, and has none now. One byte behind it may be half
    /// of a line end.
    fn waits_for_line_end(&mut self) -> Result<bool, SourceError> {
        let (Some(start), Some(from)) = (self.part.open_record, &mut self.part.from) else {
            return Ok(false);
        };
        let path = &self.part.path;
        if let Some(bytes) = self.plan.line_end_behind(path, start, from.byte)? {
            from.byte += bytes;
            self.part.open_record = None;
            return Ok(false);
        }
        if FileStatus::of_path(path)?.bytes < from.byte + LINE_END_BYTES_MAX {
            return Ok(true);
        }
        Err(SourceError::CannotResume {
            reason: format!("`{}` {RECORD_GOES_ON}", path.display()),
        })
    }

    /// The offset behind all of the file; `None` of one that can be read but once.
    fn whole_file(&self) -> Result<Option<FileOffset>, SourceError> {
        let path = &self.part.path;
        let status = match self.part.captured {
            Some(captured) => captured,
            None => FileStatus::of_path(path)?,
        };
        status.is_regular.then(|| status.offset_at_end(path)).transpose()
    }

    /// Refuses a file that took the place of the one that was read earlier after that was looked for.
    fn check_resumed(&self) -> Result<(), SourceError> {
        match self.part.position.file() {
            Some(offset) if !begins_like(&self.part.path, offset)? => Err(SourceError::Replaced {
                path: self.part.path.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// The next batch of a file that is open.
    fn read(&mut self) -> Result<Option<SourceBatch>, SourceError> {
        let State::Reading(rows) = &mut self.state else {
            return Ok(None);
        };
        let batch = rows.next_batch()?;
        self.has_moved |= batch.is_some();
        let is_last = batch.is_none() && !rows.goes_on() || rows.is_at_end();
        if is_last {
            self.end()?;
        }
        Ok(batch)
    }

    /// Closes the file, all of which has been read.
    fn end(&mut self) -> Result<(), SourceError> {
        let State::Reading(rows) = &self.state else {
            return Ok(());
        };
        let offset = match &self.whole {
            Some(offset) => Some(offset.clone()),
            None => rows.file_offset()?,
        };
        if let (Some(reached), Some(_), Some(offset)) = (&self.reached, self.part.captured, &offset) {
            if self.whole.is_some() {
                check_unchanged(&self.part)?;
            }
            reached.enter(&self.part, offset.clone());
        }
        // What nothing was read of is as good as new.
        let was_read = self.has_moved || self.position != SplitPosition::Beginning;
        if let Some(offset) = offset.filter(|_| was_read) {
            self.position = SplitPosition::File(offset);
            self.has_moved = false;
        }
        self.state = State::Ended;
        Ok(())
    }

    /// What is wrong with a file that was written while it was read may not be wrong with it any more.
    fn explain(&self, error: SourceError) -> SourceError {
        let error = vanished(error);
        if self.plan.reads_whole(&self.part.path) {
            check_unchanged(&self.part).err().unwrap_or(error)
        } else {
            error
        }
    }
}

#[async_trait]
impl PartitionReader for FilePartition {
    async fn next_batch(&mut self) -> Result<NextBatch, SourceError> {
        if matches!(self.state, State::Waiting) && !self.open().map_err(|error| self.explain(error))? {
            return Ok(NextBatch::NotYet(self.polling_interval));
        }
        let batch = self.read().map_err(|error| self.explain(error))?;
        match (batch, &self.state) {
            (None, State::Reading(_)) => Ok(NextBatch::NotYet(self.polling_interval)),
            (batch, _) => Ok(batch.into()),
        }
    }

    fn position(&mut self) -> Result<SplitPosition, SourceError> {
        if let (State::Reading(rows), true) = (&self.state, self.has_moved) {
            self.position = match &self.whole {
                Some(file) => {
                    let place = rows.place();
                    SplitPosition::WithinFile {
                        file: file.clone(),
                        byte: place.byte,
                        next: place.next,
                    }
                }
                None => SplitPosition::File(rows.file_offset()?.ok_or(SourceError::NoPosition)?),
            };
            self.has_moved = false;
        }
        Ok(self.position.clone())
    }

    fn lag_bytes(&self) -> Option<u64> {
        match &self.state {
            State::Reading(reader) => reader.lag_bytes(),
            State::Waiting | State::Ended => None,
        }
    }

    fn set_batch_rows_max(&mut self, batch_rows_max: usize) {
        if let State::Reading(reader) = &mut self.state {
            reader.set_batch_rows_max(batch_rows_max);
        }
    }
}

/// Files that were listed were there.
pub(super) fn vanished(error: SourceError) -> SourceError {
    match error {
        SourceError::NotFound { path, .. } => SourceError::Vanished { path },
        error => error,
    }
}
