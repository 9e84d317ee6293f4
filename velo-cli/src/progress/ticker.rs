use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Why something is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tick {
    /// Time has passed.
    Passed,
    /// It is the last time.
    Last,
}

/// A thread that draws in a fixed interval, and once more when it is dropped.
#[derive(Debug)]
pub(super) struct Ticker {
    /// Dropped to end the thread.
    running: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    /// Starts to draw, for the first time after one interval.
    pub(super) fn start(interval: Duration, mut draw: impl FnMut(Tick) + Send + 'static) -> Self {
        let (running, ended) = mpsc::channel::<()>();
        let body = move || {
            while ended.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                draw(Tick::Passed);
            }
            draw(Tick::Last);
        };
        // Without the thread there is no progress to see, and the work is none the worse for it.
        let thread = thread::Builder::new().name("velo-progress".to_owned()).spawn(body).ok();
        Self {
            running: Some(running),
            thread,
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.running = None;
        if let Some(thread) = self.thread.take() {
            // It has nothing to report but that it has ended.
            let _ = thread.join();
        }
    }
}
