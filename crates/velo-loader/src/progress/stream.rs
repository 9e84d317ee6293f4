use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use super::ProgressEvent;

/// After so long without an event a stream says that it is alive.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// Events that may wait for a slow listener before updates are left out. Changes of state are never left out: there are
/// only so many of them.
const PENDING_UPDATES_MAX: usize = 1024;

/// Events of a load, as one listener hears them.
#[derive(Debug)]
pub struct ProgressStream {
    events: UnboundedReceiver<ProgressEvent>,
    pending: Arc<AtomicUsize>,
}

/// The other end of a [`ProgressStream`].
#[derive(Debug)]
pub(super) struct ProgressSender {
    events: UnboundedSender<ProgressEvent>,
    pending: Arc<AtomicUsize>,
}

pub(super) fn progress_channel() -> (ProgressSender, ProgressStream) {
    let (sender, receiver) = unbounded_channel();
    let pending = Arc::new(AtomicUsize::new(0));
    let stream = ProgressStream {
        events: receiver,
        pending: Arc::clone(&pending),
    };
    let sender = ProgressSender {
        events: sender,
        pending,
    };
    (sender, stream)
}

impl ProgressStream {
    /// Waits for the next event; [`ProgressEvent::KeepAlive`] when there is none for 15 seconds, `None` when there can
    /// be none any more.
    pub async fn next(&mut self) -> Option<ProgressEvent> {
        match timeout(KEEP_ALIVE_INTERVAL, self.events.recv()).await {
            Ok(event) => event.inspect(|_| self.taken()),
            Err(_) => Some(ProgressEvent::KeepAlive),
        }
    }

    /// The next event, if it is there already.
    pub fn try_next(&mut self) -> Option<ProgressEvent> {
        self.events.try_recv().ok().inspect(|_| self.taken())
    }

    fn taken(&self) {
        self.pending.fetch_sub(1, Ordering::Relaxed);
    }
}

impl ProgressSender {
    /// Sends an event; `false` when nobody listens any more.
    pub(super) fn send(&self, event: &ProgressEvent) -> bool {
        let is_update = matches!(event, ProgressEvent::TableUpdate(_) | ProgressEvent::SummaryUpdate(_));
        if is_update && self.pending.load(Ordering::Relaxed) >= PENDING_UPDATES_MAX {
            return !self.events.is_closed();
        }
        self.pending.fetch_add(1, Ordering::Relaxed);
        self.events.send(event.clone()).is_ok()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.events.is_closed()
    }
}
