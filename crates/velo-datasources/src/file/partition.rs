use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use velo_data::PartitionOffset;

use super::part::FilePart;
use super::plan::{FilePlan, FileRows};
use super::reached::{ReachedFiles, check_unchanged};
use crate::{NextBatch, PartitionReader, ReadRequest, SourceBatch, SourceError};

/// Where a file begins.
const BEGINNING: PartitionOffset = PartitionOffset::File {
    byte: 0,
    record: 0,
    line: 1,
};

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
}

/// How far the reading of a file is.
pub(super) enum State {
    /// Not begun.
    Waiting,
    Reading(FileRows),
    /// Nothing is left behind this place.
    Ended(PartitionOffset),
}

impl FilePartition {
    /// Opens the file; `false` if one that is followed has not begun.
    fn open(&mut self) -> Result<bool, SourceError> {
        let rows = self.plan.open(&self.part, &self.request);
        self.state = match rows.map_err(vanished)? {
            Some(rows) => State::Reading(rows),
            None if self.request.follow => return Ok(false),
            None => State::Ended(BEGINNING),
        };
        Ok(true)
    }

    /// The next batch of a file that is open, and whether it is the last.
    fn read(&mut self) -> Result<Option<SourceBatch>, SourceError> {
        let State::Reading(rows) = &mut self.state else {
            return Ok(None);
        };
        let batch = rows.next_batch()?;
        let is_last = batch.is_none() && !rows.goes_on() || rows.is_at_end();
        if is_last {
            if let Some(reached) = &self.reached {
                reached.enter(&self.part, rows)?;
            }
            self.state = State::Ended(rows.offset());
        }
        Ok(batch)
    }

    /// What is wrong with a file that was written while it was read may not be wrong with it any more.
    fn explain(&self, error: SourceError) -> SourceError {
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

    fn offset(&self) -> PartitionOffset {
        match &self.state {
            State::Waiting => self.part.from.unwrap_or(BEGINNING),
            State::Reading(reader) => reader.offset(),
            State::Ended(offset) => *offset,
        }
    }

    fn lag_bytes(&self) -> Option<u64> {
        match &self.state {
            State::Reading(reader) => reader.lag_bytes(),
            State::Waiting | State::Ended(_) => None,
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
