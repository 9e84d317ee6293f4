//! A source that has its job cut once so much has been read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use velo_data::{RowError, StreamSchema, SystemColumn};
use velo_datasources::{
    NextBatch, OpenSplit, PartitionReader, ReadRequest, Source, SourceError, SplitPosition, SplitPositions,
};
use velo_engine::Cancel;

/// Where a run ends before its sources do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// Nowhere.
    Never,
    /// It is asked to stop once so many batches have been read in all; it takes a last checkpoint then.
    Stop(u64),
    /// It fails once so many batches have been read in all: what it goes on from is an earlier checkpoint.
    Failure(u64),
}

/// What the sources of a job have read, and where the job is cut.
#[derive(Debug)]
pub(super) struct Cutter {
    cut: Cut,
    cancel: Cancel,
    batches: AtomicU64,
}

impl Cutter {
    /// `cancel` is that of the job.
    pub(super) fn new(cut: Cut, cancel: Cancel) -> Arc<Self> {
        let cutter = Self {
            cut,
            cancel,
            batches: AtomicU64::new(0),
        };
        cutter.stop_if_due(0);
        Arc::new(cutter)
    }

    /// Batches that were read in all.
    pub(super) fn batches(&self) -> u64 {
        self.batches.load(Ordering::Relaxed)
    }

    /// Wraps a source.
    pub(super) fn wrap(self: &Arc<Self>, source: Arc<dyn Source>) -> Arc<dyn Source> {
        let cutter = Arc::clone(self);
        Arc::new(CutSource { source, cutter })
    }

    fn count(&self) {
        let batches = self.batches.fetch_add(1, Ordering::Relaxed) + 1;
        self.stop_if_due(batches);
    }

    fn stop_if_due(&self, batches: u64) {
        if self.cut == Cut::Stop(batches) {
            self.cancel.cancel();
        }
    }

    fn fail_if_due(&self) -> Result<(), SourceError> {
        match self.cut {
            Cut::Failure(at) if self.batches() >= at => Err(SourceError::Refused {
                location: "test".to_owned(),
                message: CUT_MESSAGE.to_owned(),
                is_transient: false,
            }),
            Cut::Never | Cut::Stop(_) | Cut::Failure(_) => Ok(()),
        }
    }
}

/// What a job fails with that is cut by a failure.
pub(super) const CUT_MESSAGE: &str = "the job is cut here";

#[derive(Debug)]
struct CutSource {
    source: Arc<dyn Source>,
    cutter: Arc<Cutter>,
}

#[async_trait]
impl Source for CutSource {
    fn schema(&self) -> &StreamSchema {
        self.source.schema()
    }

    fn system_columns(&self) -> &[SystemColumn] {
        self.source.system_columns()
    }

    fn estimated_bytes(&self) -> Option<u64> {
        self.source.estimated_bytes()
    }

    fn decodes_apart(&self) -> bool {
        self.source.decodes_apart()
    }

    fn is_resumable(&self) -> bool {
        self.source.is_resumable()
    }

    async fn open(&self, request: &ReadRequest, from: Option<&SplitPositions>) -> Result<Vec<OpenSplit>, SourceError> {
        let splits = self.source.open(request, from).await?;
        let wrapped = splits.into_iter().map(|OpenSplit { id, reader }| {
            let cutter = Arc::clone(&self.cutter);
            OpenSplit {
                id,
                reader: Box::new(CutReader { reader, cutter }),
            }
        });
        Ok(wrapped.collect())
    }

    fn unreadable_beginning(&self, columns: &[usize]) -> Result<Option<RowError>, SourceError> {
        self.source.unreadable_beginning(columns)
    }
}

struct CutReader {
    reader: Box<dyn PartitionReader>,
    cutter: Arc<Cutter>,
}

#[async_trait]
impl PartitionReader for CutReader {
    async fn next_batch(&mut self) -> Result<NextBatch, SourceError> {
        self.cutter.fail_if_due()?;
        let next = self.reader.next_batch().await?;
        if let NextBatch::Batch(_) = next {
            self.cutter.count();
        }
        Ok(next)
    }

    fn position(&mut self) -> Result<SplitPosition, SourceError> {
        self.reader.position()
    }

    fn lag_bytes(&self) -> Option<u64> {
        self.reader.lag_bytes()
    }

    fn set_batch_rows_max(&mut self, batch_rows_max: usize) {
        self.reader.set_batch_rows_max(batch_rows_max);
    }
}
