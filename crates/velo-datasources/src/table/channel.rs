//! Readers whose bytes come over a network.
//!
//! A worker reads on a thread of its own, without an event loop for sockets. What waits for sockets therefore runs on one
//! shared runtime and hands its batches on through a bounded channel.

use std::future::Future;
use std::sync::OnceLock;

use async_trait::async_trait;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

use crate::{NextBatch, PartitionReader, SourceBatch, SourceError, SplitPosition};

/// Batches that are read ahead.
const BATCHES_AHEAD: usize = 2;

/// Threads that wait for sockets; decoding happens on them too.
const THREADS: usize = 2;

/// Hands on what a task reads.
#[derive(Debug, Clone)]
pub struct BatchSender {
    batches: Sender<SourceBatch>,
}

impl BatchSender {
    /// Waits until there is room; `false` when nobody reads any more.
    pub async fn send(&self, batch: SourceBatch) -> bool {
        self.batches.send(batch).await.is_ok()
    }

    /// Whether nobody reads any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.batches.is_closed()
    }

    /// As [`BatchSender::send`], on a thread that may block.
    pub(crate) fn send_blocking(&self, batch: SourceBatch) -> bool {
        self.batches.blocking_send(batch).is_ok()
    }
}

/// Reads what a task on the shared runtime reads; dropping it ends the task.
#[derive(Debug)]
pub struct ChannelReader {
    batches: Receiver<SourceBatch>,
    task: Option<JoinHandle<Result<(), SourceError>>>,
}

/// Starts a task on the shared runtime that reads a partition.
///
/// # Errors
///
/// When the runtime cannot be started.
pub fn spawn_reader<F>(read: impl FnOnce(BatchSender) -> F) -> Result<ChannelReader, SourceError>
where
    F: Future<Output = Result<(), SourceError>> + Send + 'static,
{
    let (sender, batches) = channel(BATCHES_AHEAD);
    let task = runtime()?.spawn(read(BatchSender { batches: sender }));
    Ok(ChannelReader {
        batches,
        task: Some(task),
    })
}

/// Runs a future that waits for sockets on the shared runtime; dropping the result ends it.
///
/// # Errors
///
/// Those of the future, and when the runtime cannot be started.
pub async fn on_io_runtime<T, F>(future: F) -> Result<T, SourceError>
where
    F: Future<Output = Result<T, SourceError>> + Send + 'static,
    T: Send + 'static,
{
    AbortOnDrop(runtime()?.spawn(future)).join().await
}

/// Runs a future on the shared runtime and blocks this thread until it is done.
pub(crate) fn block_on_io<T, F>(future: F) -> Result<T, SourceError>
where
    F: Future<Output = Result<T, SourceError>> + Send + 'static,
    T: Send + 'static,
{
    let (done, result) = std::sync::mpsc::sync_channel(1);
    let task = runtime()?.spawn(async move {
        // The receiver waits below for as long as there is a sender.
        let _ = done.send(future.await);
    });
    match result.recv() {
        Ok(result) => result,
        Err(_) => Err(SourceError::Task {
            message: format!("task {} panicked", task.id()),
        }),
    }
}

struct AbortOnDrop<T>(JoinHandle<Result<T, SourceError>>);

impl<T> AbortOnDrop<T> {
    async fn join(mut self) -> Result<T, SourceError> {
        (&mut self.0).await.unwrap_or_else(|error| Err(failed(&error)))
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn runtime() -> Result<&'static Runtime, SourceError> {
    static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();
    let build = || {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let builder = builder.worker_threads(THREADS).thread_name("velo-io").enable_all();
        builder.build().map_err(|error| error.to_string())
    };
    RUNTIME
        .get_or_init(build)
        .as_ref()
        .map_err(|message| SourceError::Task {
            message: message.clone(),
        })
}

pub(super) fn failed(error: &tokio::task::JoinError) -> SourceError {
    SourceError::Task {
        message: error.to_string(),
    }
}

#[async_trait]
impl PartitionReader for ChannelReader {
    async fn next_batch(&mut self) -> Result<NextBatch, SourceError> {
        if let Some(batch) = self.batches.recv().await {
            return Ok(NextBatch::Batch(batch));
        }
        if let Some(task) = self.task.take() {
            task.await.unwrap_or_else(|error| Err(failed(&error)))?;
        }
        Ok(NextBatch::End)
    }

    fn position(&mut self) -> Result<SplitPosition, SourceError> {
        Err(SourceError::NoPosition)
    }
}

impl Drop for ChannelReader {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
