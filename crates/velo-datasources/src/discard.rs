use async_trait::async_trait;
use velo_data::StreamBatch;

use crate::{Sink, SinkError, SinkSummary};

/// A sink that only counts.
#[derive(Debug, Default)]
pub(crate) struct DiscardSink {
    summary: SinkSummary,
}

#[async_trait]
impl Sink for DiscardSink {
    async fn write(&mut self, batch: &StreamBatch) -> Result<(), SinkError> {
        self.summary.rows_written += batch.num_rows() as u64;
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    async fn finish(&mut self) -> Result<SinkSummary, SinkError> {
        Ok(self.summary)
    }
}
