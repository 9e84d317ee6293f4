use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use velo_data::{StreamSchema, SystemColumn};
use velo_datasources::{
    Increment, NextBatch, OpenSplit, PartitionReader, Reached, ReadRequest, Source, SourceError, SourceOffset,
    SplitPosition, SplitPositions, TableDataSource, TableLoad,
};

use crate::{CancellationToken, LoadAttempt, TableProgressTracker};

/// A source on its way into a table: all of it, or what is new since a position.
#[derive(Debug)]
pub(super) struct LoadedSource {
    source: Arc<dyn TableDataSource>,
    since: Option<SourceOffset>,
    progress: Arc<TableProgressTracker>,
    cancellation: CancellationToken,
    outcome: Mutex<Outcome>,
}

#[derive(Debug, Default)]
struct Outcome {
    reached: Option<Reached>,
    /// Why what was read before is not the beginning of what is there.
    reload: Option<String>,
}

impl LoadedSource {
    pub(super) fn new(source: Arc<dyn TableDataSource>, since: Option<SourceOffset>, attempt: &LoadAttempt) -> Self {
        Self {
            source,
            since,
            progress: Arc::clone(&attempt.progress),
            cancellation: attempt.cancellation.clone(),
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

    /// Begins to read, from where `since` says.
    async fn begin(&self, request: &ReadRequest) -> Result<TableLoad, SourceError> {
        let Some(since) = &self.since else {
            return self.source.bulk_load(request).await;
        };
        match self.source.incremental_load(request, since).await? {
            Increment::Rows(load) => Ok(load),
            Increment::Reload { reason } => {
                self.outcome().reload = Some(reason.clone());
                Err(SourceError::Refused {
                    location: self.source.location(),
                    message: reason,
                    is_transient: false,
                })
            }
        }
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

    /// What a load reads follows from what an earlier one has reached.
    fn is_resumable(&self) -> bool {
        false
    }

    async fn open(&self, request: &ReadRequest, from: Option<&SplitPositions>) -> Result<Vec<OpenSplit>, SourceError> {
        if from.is_some_and(|positions| !positions.is_empty()) {
            return Err(SourceError::CannotResume {
                reason: format!("`{}` is loaded as a table", self.source.location()),
            });
        }
        let load = unless_cancelled(&self.cancellation, self.begin(request)).await?;
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
        let interruptible = |reader| -> Box<dyn PartitionReader> {
            Box::new(InterruptibleReader {
                reader,
                cancellation: self.cancellation.clone(),
            })
        };
        Ok(OpenSplit::numbered(partitions.into_iter().map(interruptible)))
    }
}

/// A partition whose silence ends with the load that it is read for.
struct InterruptibleReader {
    reader: Box<dyn PartitionReader>,
    cancellation: CancellationToken,
}

#[async_trait]
impl PartitionReader for InterruptibleReader {
    async fn next_batch(&mut self) -> Result<NextBatch, SourceError> {
        unless_cancelled(&self.cancellation, self.reader.next_batch()).await
    }

    fn position(&mut self) -> Result<SplitPosition, SourceError> {
        self.reader.position()
    }

    fn set_batch_rows_max(&mut self, batch_rows_max: usize) {
        self.reader.set_batch_rows_max(batch_rows_max);
    }
}

/// What a source answers, unless the load is to end before it does.
pub(super) async fn unless_cancelled<T>(
    cancellation: &CancellationToken,
    answer: impl Future<Output = Result<T, SourceError>>,
) -> Result<T, SourceError> {
    tokio::select! {
        biased;
        () = cancellation.cancelled() => Err(SourceError::Task { message: "the load has ended".to_owned() }),
        answer = answer => answer,
    }
}
