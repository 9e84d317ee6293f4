use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::error::EngineError;

/// Ends a job early: sources stop, and open windows stay unfinished.
#[derive(Debug, Clone, Default)]
pub struct Cancel(CancellationToken);

impl Cancel {
    /// Asks the job to end.
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Whether the job was asked to end.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// Why tasks should stop: somebody asked for it, or one of them has failed.
#[derive(Debug)]
pub(super) struct Stop {
    cancel: Cancel,
    /// Is cancelled with `cancel`, and when a task fails.
    token: CancellationToken,
    /// Is cancelled when a task fails.
    failure: CancellationToken,
    /// Whether a source was left before its end because of `cancel`.
    interrupted: AtomicBool,
    error: Mutex<Option<EngineError>>,
}

impl Stop {
    pub(super) fn new(cancel: Cancel) -> Self {
        Self {
            token: cancel.0.child_token(),
            failure: CancellationToken::new(),
            cancel,
            interrupted: AtomicBool::new(false),
            error: Mutex::new(None),
        }
    }

    /// Whether sources should stop reading. The one that asks has not come to its end.
    pub(super) fn is_requested(&self) -> bool {
        if self.cancel.is_cancelled() {
            self.interrupt();
        }
        self.token.is_cancelled()
    }

    /// A source is left before its end, since somebody asked for it.
    pub(super) fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Relaxed);
    }

    /// Waits until sources should stop reading.
    pub(super) async fn requested(&self) {
        self.token.cancelled().await;
    }

    /// Fails the job, unless it has failed already.
    pub(super) fn fail(&self, error: EngineError) {
        self.error
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(error);
        self.failure.cancel();
        self.token.cancel();
    }

    /// Whether a task has failed.
    pub(super) fn has_failed(&self) -> bool {
        self.failure.is_cancelled()
    }

    /// Waits until a task has failed.
    pub(super) async fn failed(&self) {
        self.failure.cancelled().await;
    }

    /// Whether a source was left before its end because somebody asked for it.
    pub(super) fn was_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Why the job failed, if it has.
    pub(super) fn take_error(&self) -> Option<EngineError> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
