use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use velo_data::{PartitionOffset, StreamSchema, SystemColumn};
use velo_datasources::{
    Increment, PartitionReader, Reached, ReadRequest, Source, SourceError, SourceOffset, TableDataSource, TableLoad,
};

use crate::TableProgressTracker;

/// A source on its way into a table: all of it, or what is new since a position.
#[derive(Debug)]
pub(super) struct LoadedSource {
    source: Arc<dyn TableDataSource>,
    since: Option<SourceOffset>,
    progress: Arc<TableProgressTracker>,
    outcome: Mutex<Outcome>,
}

#[derive(Debug, Default)]
struct Outcome {
    reached: Option<Reached>,
    /// Why what was read before is not the beginning of what is there.
    reload: Option<String>,
}

impl LoadedSource {
    pub(super) fn new(
        source: Arc<dyn TableDataSource>,
        since: Option<SourceOffset>,
        progress: Arc<TableProgressTracker>,
    ) -> Self {
        Self {
            source,
            since,
            progress,
            outcome: Mutex::default(),
        }
    }

    /// The position that was reached, once everything has been read.
    pub(super) fn reached(&self) -> Option<SourceOffset> {
        self.outcome().reached.as_ref().map(Reached::offset)
    }

    /// Why everything has to be read, if that is why reading failed.
    pub(super) fn reload(&self) -> Option<String> {
        self.outcome().reload.clone()
    }

    fn outcome(&self) -> MutexGuard<'_, Outcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Source for LoadedSource {
    fn schema(&self) -> &StreamSchema {
        self.source.schema()
    }

    fn system_columns(&self) -> &[SystemColumn] {
        self.source.system_columns()
    }

    fn estimated_bytes(&self) -> Option<u64> {
        None // The load tells, once it is open.
    }

    async fn open(
        &self,
        request: &ReadRequest,
        _from: &[Option<PartitionOffset>],
    ) -> Result<Vec<Box<dyn PartitionReader>>, SourceError> {
        let load = match &self.since {
            None => self.source.bulk_load(request).await?,
            Some(since) => match self.source.incremental_load(request, since).await? {
                Increment::Rows(load) => load,
                Increment::Reload { reason } => {
                    self.outcome().reload = Some(reason.clone());
                    return Err(SourceError::Refused {
                        location: self.source.location(),
                        message: reason,
                        is_transient: false,
                    });
                }
            },
        };
        let TableLoad {
            partitions,
            size,
            reached,
        } = load;
        if let Some(rows) = size.rows {
            self.progress.set_total_rows(rows);
        }
        if let Some(bytes) = size.bytes {
            self.progress.set_total_bytes(bytes);
        }
        self.outcome().reached = Some(reached);
        Ok(partitions)
    }
}
