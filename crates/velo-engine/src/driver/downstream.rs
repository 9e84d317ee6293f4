use std::sync::Arc;

use tokio::sync::mpsc::Sender;
use velo_data::{ChangelogMode, StreamBatch};
use velo_datasources::{Sink, SinkError};

use super::accounts::Accounts;
use super::sinks::OpenSinks;
use crate::error::EngineError;
use crate::event::{Event, Output};
use crate::router::KeyRouter;

/// An event, and the port of the receiving stage that it comes in by.
pub(super) type Message = (usize, Event);

/// Events that a channel holds before its sender waits.
pub(super) const CHANNEL_EVENTS: usize = 4;

/// Where a worker's events go.
pub(super) enum Downstream {
    /// To the workers of a keyed stage, each key to its own.
    Keyed { router: KeyRouter, workers: Ports },
    /// To the one worker of the next stage.
    Gathered(Ports),
    /// Out of the statement.
    Final(Outputs),
}

/// Senders of this worker's events; `None` once the receiver has gone, because it needs no more.
pub(super) struct Ports {
    senders: Vec<Option<Sender<Message>>>,
    port: usize,
}

impl Ports {
    /// Sends to `senders`, which know this worker as `port`.
    pub(super) fn new(senders: Vec<Sender<Message>>, port: usize) -> Self {
        Self {
            senders: senders.into_iter().map(Some).collect(),
            port,
        }
    }

    async fn send(&mut self, worker: usize, event: Event) {
        if let Some(sender) = &self.senders[worker]
            && sender.send((self.port, event)).await.is_err()
        {
            self.senders[worker] = None;
        }
    }

    async fn send_all(&mut self, event: &Event) {
        for worker in 0..self.senders.len() {
            self.send(worker, event.clone()).await;
        }
    }

    /// Also once a receiver has gone that nothing was sent to since.
    fn is_closed(&self) -> bool {
        let is_gone = |sender: &Option<Sender<Message>>| sender.as_ref().is_none_or(Sender::is_closed);
        self.senders.iter().all(is_gone)
    }
}

/// Sinks, and statements that read this one.
pub(super) struct Outputs {
    /// `None` once the reader of the sink has gone.
    sinks: Vec<Option<Box<dyn Sink>>>,
    consumers: Ports,
}

impl Downstream {
    /// Hands an event on, waiting for room.
    pub(super) async fn send(&mut self, event: Event, accounts: &Accounts) -> Result<(), EngineError> {
        match (self, event) {
            (Self::Keyed { router, workers }, Event::Batch(batch)) => {
                let mut out = Output::default();
                let parts = router.route(batch, workers.senders.len(), &mut out);
                let parts = parts.map_err(|source| EngineError::Operator {
                    statement: accounts.name.clone(),
                    source,
                })?;
                out.take_zero_divisions(); // The keyed operator computes its keys again, and counts then.
                accounts.settle(&mut out)?;
                for (worker, part) in parts.into_iter().enumerate() {
                    if part.num_rows() > 0 {
                        workers.send(worker, Event::Batch(part)).await;
                    }
                }
            }
            (Self::Keyed { workers, .. } | Self::Gathered(workers), event) => workers.send_all(&event).await,
            (Self::Final(outputs), event) => outputs.send(event, accounts).await?,
        }
        Ok(())
    }

    /// Whether nobody wants more.
    pub(super) fn is_closed(&self) -> bool {
        match self {
            Self::Keyed { workers, .. } | Self::Gathered(workers) => workers.is_closed(),
            Self::Final(outputs) => outputs.is_closed(),
        }
    }

    /// Whether rows leave the statement here.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::Final(_))
    }

    /// Writes out what sinks keep, so that it is seen although nothing follows for the moment.
    pub(super) async fn flush(&mut self, accounts: &Accounts) -> Result<(), EngineError> {
        match self {
            Self::Final(outputs) => outputs.flush(accounts).await,
            Self::Keyed { .. } | Self::Gathered(_) => Ok(()),
        }
    }

    /// Lets go of the workers that come next, and gives back the sinks, which are still open.
    pub(super) fn into_sinks(self, accounts: Arc<Accounts>) -> Option<OpenSinks> {
        match self {
            Self::Final(outputs) => Some(OpenSinks {
                accounts,
                sinks: outputs.sinks.into_iter().flatten().collect(),
            }),
            Self::Keyed { .. } | Self::Gathered(_) => None,
        }
    }
}

impl Outputs {
    pub(super) fn new(sinks: Vec<Box<dyn Sink>>, consumers: Ports) -> Self {
        Self {
            sinks: sinks.into_iter().map(Some).collect(),
            consumers,
        }
    }

    async fn send(&mut self, event: Event, accounts: &Accounts) -> Result<(), EngineError> {
        match &event {
            Event::Batch(batch) => {
                accounts.metrics.add_rows_out(batch.num_rows() as u64);
                self.write(batch, accounts).await?;
            }
            Event::Watermark(watermark_ms) => accounts.metrics.set_watermark(*watermark_ms),
            Event::Barrier(_) | Event::End => {}
        }
        self.consumers.send_all(&event).await;
        Ok(())
    }

    async fn write(&mut self, batch: &StreamBatch, accounts: &Accounts) -> Result<(), EngineError> {
        // Readers of the statement may have to be told old values that its sinks have no use for.
        let mut replacing = None;
        for slot in &mut self.sinks {
            let Some(sink) = slot else {
                continue;
            };
            let batch = match (sink.takes(), &mut replacing) {
                (ChangelogMode::Retract, _) => batch,
                (_, Some(replacing)) => replacing,
                (_, replacing) => {
                    let without = batch.clone().without_update_before();
                    replacing.insert(without.map_err(|source| EngineError::Operator {
                        statement: accounts.name.clone(),
                        source: source.into(),
                    })?)
                }
            };
            let written = sink.write(batch).await;
            settle(slot, written, accounts).await?;
        }
        Ok(())
    }

    async fn flush(&mut self, accounts: &Accounts) -> Result<(), EngineError> {
        for slot in &mut self.sinks {
            let Some(sink) = slot else {
                continue;
            };
            let flushed = sink.flush().await;
            settle(slot, flushed, accounts).await?;
        }
        Ok(())
    }

    /// A statement that never had an output runs for its own sake.
    fn is_closed(&self) -> bool {
        let outputs = self.sinks.len() + self.consumers.senders.len();
        outputs > 0 && self.sinks.iter().all(Option::is_none) && self.consumers.is_closed()
    }
}

/// What becomes of a sink after it was written to.
async fn settle(
    slot: &mut Option<Box<dyn Sink>>,
    done: Result<(), SinkError>,
    accounts: &Accounts,
) -> Result<(), EngineError> {
    match done {
        Ok(()) => Ok(()),
        Err(error) if error.is_closed_pipe() => {
            close_quietly(slot, accounts).await;
            Ok(())
        }
        Err(source) => Err(sink_error(source, accounts)),
    }
}

/// Lets go of a sink whose reader has gone, which is no failure.
async fn close_quietly(slot: &mut Option<Box<dyn Sink>>, accounts: &Accounts) {
    if let Some(mut sink) = slot.take()
        && let Ok(summary) = sink.finish().await
    {
        accounts.add_sink(summary);
    }
}

pub(super) fn sink_error(source: SinkError, accounts: &Accounts) -> EngineError {
    EngineError::Sink {
        statement: accounts.name.clone(),
        source,
    }
}
