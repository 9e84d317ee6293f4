use std::sync::Arc;

use velo_data::{ChangelogMode, StreamBatch};
use velo_datasources::{SinkError, SinkPosition};

use super::JobSink;
use super::ledger::StatementLedger;
use super::open_sinks::OpenSinks;
use crate::error::EngineError;
use crate::event::Event;

/// Where the rows of a statement go, beside the statements that read it.
pub(super) struct SinkOutput {
    /// `None` once the reader of the sink has gone.
    sinks: Vec<Option<JobSink>>,
}

impl SinkOutput {
    pub(super) fn new(sinks: Vec<JobSink>) -> Self {
        Self {
            sinks: sinks.into_iter().map(Some).collect(),
        }
    }

    /// Number of sinks.
    pub(super) fn len(&self) -> usize {
        self.sinks.len()
    }

    /// Whether no sink wants more.
    pub(super) fn is_closed(&self) -> bool {
        self.sinks.iter().all(Option::is_none)
    }

    /// Writes the rows of an event, and accounts for them.
    pub(super) async fn write(&mut self, event: &Event, ledger: &StatementLedger) -> Result<(), EngineError> {
        match event {
            Event::Batch(batch) => {
                ledger.metrics.add_rows_out(batch.num_rows() as u64);
                self.write_batch(batch, ledger).await?;
            }
            Event::Watermark(watermark_ms) => ledger.metrics.set_watermark(*watermark_ms),
            Event::Idle | Event::Barrier(_) | Event::End => {}
        }
        Ok(())
    }

    async fn write_batch(&mut self, batch: &StreamBatch, ledger: &StatementLedger) -> Result<(), EngineError> {
        // Readers of the statement may have to be told old values that its sinks have no use for.
        let mut replacing = None;
        for slot in &mut self.sinks {
            let Some(JobSink { sink, .. }) = slot else {
                continue;
            };
            let batch = match (sink.takes(), &mut replacing) {
                (ChangelogMode::Retract, _) => batch,
                (_, Some(replacing)) => replacing,
                (_, replacing) => {
                    let without = batch.clone().without_update_before();
                    replacing.insert(without.map_err(|source| EngineError::Operator {
                        statement: ledger.name.clone(),
                        source: source.into(),
                    })?)
                }
            };
            let written = sink.write(batch).await;
            settle(slot, written, ledger).await?;
        }
        Ok(())
    }

    /// Writes out what sinks keep, so that it is seen although nothing follows for the moment.
    pub(super) async fn flush(&mut self, ledger: &StatementLedger) -> Result<(), EngineError> {
        for slot in &mut self.sinks {
            let Some(JobSink { sink, .. }) = slot else {
                continue;
            };
            let flushed = sink.flush().await;
            settle(slot, flushed, ledger).await?;
        }
        Ok(())
    }

    /// Has sinks bring to their destination what they were given before a barrier; gives back where each that can be taken back
    /// goes on.
    pub(super) async fn prepare(
        &mut self,
        ledger: &StatementLedger,
    ) -> Result<Vec<(String, SinkPosition)>, EngineError> {
        let mut positions = Vec::new();
        for JobSink { name, sink } in self.sinks.iter_mut().flatten() {
            positions.extend(position_of(name, sink.prepare().await, ledger)?);
        }
        Ok(positions)
    }

    /// Tells sinks that nothing follows, and has them bring to their destination what they were given.
    pub(super) async fn end(&mut self, ledger: &StatementLedger) -> Result<Vec<(String, SinkPosition)>, EngineError> {
        let mut positions = Vec::new();
        for JobSink { name, sink } in self.sinks.iter_mut().flatten() {
            positions.extend(position_of(name, sink.end().await, ledger)?);
        }
        Ok(positions)
    }

    /// Gives back the sinks, which are still open.
    pub(super) fn into_open_sinks(self, ledger: Arc<StatementLedger>) -> OpenSinks {
        OpenSinks {
            ledger,
            sinks: self.sinks.into_iter().flatten().map(|named| named.sink).collect(),
        }
    }
}

/// The position of a sink, with its name. Of one that cannot be gone on with nothing is remembered: its statement begins anew.
fn position_of(
    name: &str,
    prepared: Result<Option<SinkPosition>, SinkError>,
    ledger: &StatementLedger,
) -> Result<Option<(String, SinkPosition)>, EngineError> {
    match prepared {
        Ok(position) => Ok(position.map(|position| (name.to_owned(), position))),
        Err(SinkError::CannotResume { .. }) => Ok(None),
        Err(error) if error.is_closed_pipe() => Ok(None),
        Err(source) => Err(sink_error(source, ledger)),
    }
}

/// What becomes of a sink after it was written to.
async fn settle(
    slot: &mut Option<JobSink>,
    done: Result<(), SinkError>,
    ledger: &StatementLedger,
) -> Result<(), EngineError> {
    match done {
        Ok(()) => Ok(()),
        Err(error) if error.is_closed_pipe() => {
            close_quietly(slot, ledger).await;
            Ok(())
        }
        Err(source) => Err(sink_error(source, ledger)),
    }
}

/// Lets go of a sink whose reader has gone, which is no failure.
async fn close_quietly(slot: &mut Option<JobSink>, ledger: &StatementLedger) {
    if let Some(JobSink { mut sink, .. }) = slot.take()
        && let Ok(summary) = sink.finish().await
    {
        ledger.add_sink(summary);
    }
}

pub(super) fn sink_error(source: SinkError, ledger: &StatementLedger) -> EngineError {
    EngineError::Sink {
        statement: ledger.name.clone(),
        source,
    }
}
