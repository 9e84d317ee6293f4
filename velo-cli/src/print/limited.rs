//! The first rows of a result.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use velo_data::{ChangelogMode, StreamBatch};
use velo_datasources::{Sink, SinkError, SinkSummary};

/// Hands the first rows to another sink, and wants no more once there are others.
pub(crate) struct LimitedSink {
    inner: Box<dyn Sink>,
    remaining: u64,
    has_more: HasMore,
}

/// Whether rows were left out.
#[derive(Debug, Clone, Default)]
pub(crate) struct HasMore(Arc<AtomicBool>);

impl HasMore {
    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl LimitedSink {
    pub(crate) fn new(inner: Box<dyn Sink>, rows_max: u64, has_more: HasMore) -> Self {
        Self {
            inner,
            remaining: rows_max,
            has_more,
        }
    }
}

#[async_trait]
impl Sink for LimitedSink {
    fn takes(&self) -> ChangelogMode {
        self.inner.takes()
    }

    async fn write(&mut self, batch: &StreamBatch) -> Result<(), SinkError> {
        let rows = batch.num_rows() as u64;
        if rows <= self.remaining {
            self.remaining -= rows;
            return self.inner.write(batch).await;
        }
        if self.remaining > 0 {
            let shown = batch.slice(0, self.remaining as usize);
            self.remaining = 0;
            self.inner.write(&shown).await?;
        }
        self.has_more.0.store(true, Ordering::Relaxed);
        // As a reader that has seen enough.
        Err(SinkError::Io {
            destination: "the result".to_owned(),
            source: io::ErrorKind::BrokenPipe.into(),
        })
    }

    async fn flush(&mut self) -> Result<(), SinkError> {
        self.inner.flush().await
    }

    async fn finish(&mut self) -> Result<SinkSummary, SinkError> {
        self.inner.finish().await
    }
}
