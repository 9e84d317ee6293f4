use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use velo_data::PartitionOffset;

use super::plan::{FilePlan, FileRows};
use crate::{NextBatch, PartitionReader, ReadRequest, SourceError};

/// One file of a source. It is opened when it is first read and closed when it has been read, so that ten thousand
/// files need neither as many handles nor as many buffers.
pub(super) struct FilePartition {
    pub(super) plan: Arc<FilePlan>,
    pub(super) request: Arc<ReadRequest>,
    pub(super) path: PathBuf,
    pub(super) partition: i32,
    /// How often it is looked at while it is followed.
    pub(super) polling_interval: Duration,
    pub(super) state: State,
}

/// How far the reading of a file is.
pub(super) enum State {
    /// Not begun.
    Waiting(Option<PartitionOffset>),
    Reading(FileRows),
    /// Nothing is left behind this place.
    Ended(PartitionOffset),
}

#[async_trait]
impl PartitionReader for FilePartition {
    async fn next_batch(&mut self) -> Result<NextBatch, SourceError> {
        if let State::Waiting(from) = self.state {
            let reader = self.plan.open(&self.path, self.partition, &self.request, from);
            let Some(reader) = reader.map_err(vanished)? else {
                return Ok(NextBatch::NotYet(self.polling_interval));
            };
            self.state = State::Reading(reader);
        }
        let State::Reading(reader) = &mut self.state else {
            return Ok(NextBatch::End);
        };
        let batch = reader.next_batch()?;
        if batch.is_none() && reader.goes_on() {
            return Ok(NextBatch::NotYet(self.polling_interval));
        }
        if batch.is_none() || reader.is_at_end() {
            self.state = State::Ended(reader.offset());
        }
        Ok(batch.into())
    }

    fn offset(&self) -> PartitionOffset {
        match &self.state {
            State::Waiting(from) => from.unwrap_or(PartitionOffset::File {
                byte: 0,
                record: 0,
                line: 1,
            }),
            State::Reading(reader) => reader.offset(),
            State::Ended(offset) => *offset,
        }
    }

    fn set_batch_rows_max(&mut self, batch_rows_max: usize) {
        if let State::Reading(reader) = &mut self.state {
            reader.set_batch_rows_max(batch_rows_max);
        }
    }
}

/// The file was there when its source was opened.
fn vanished(error: SourceError) -> SourceError {
    match error {
        SourceError::NotFound { path, .. } => SourceError::Vanished { path },
        error => error,
    }
}
