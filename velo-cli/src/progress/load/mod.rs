//! How far a load of tables is: as bars, as lines, or as JSON.
//!
//! [`LoadProgress`] listens to a load. What there is to see is in `board`, which hears events; `layout` chooses what a
//! terminal has room for, and `row` draws each line.

mod board;
mod canvas;
mod layout;
mod plain;
mod row;
mod screen;
mod style;
#[cfg(test)]
mod tests;

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use velo_loader::{ProgressMonitor, ProgressStream};

use crate::terminal::Terminal;
use screen::Screen;

const INTERVAL: Duration = Duration::from_millis(100);

/// How the progress of a load is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoadProgressStyle {
    /// A bar for each table on standard error, drawn over and over, wiped at the end.
    Bars,
    /// One line on standard error for each change of a table's state.
    Lines,
    /// Every event on standard output, one JSON object a line.
    Json,
    /// Not at all.
    Quiet,
}

impl LoadProgressStyle {
    /// What suits a person at this terminal.
    pub(crate) fn of(terminal: Terminal) -> Self {
        if terminal.quiet {
            Self::Quiet
        } else if terminal.stderr.can_draw && !terminal.verbose {
            Self::Bars
        } else {
            // What is logged would be written over the bars.
            Self::Lines
        }
    }
}

/// Shows the progress of a load until it is dropped.
#[derive(Debug)]
pub(crate) struct LoadProgress {
    /// Dropped to end the thread.
    running: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl LoadProgress {
    /// Starts to show what the monitor tells. Call it before the load begins, and end it before anything else is printed.
    pub(crate) fn show(monitor: &ProgressMonitor, style: LoadProgressStyle, terminal: Terminal) -> Self {
        let (running, ended) = mpsc::channel::<()>();
        let thread = Screen::of(style, terminal).and_then(|mut screen| {
            let mut events = monitor.subscribe();
            let body = move || {
                while ended.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                    hear_all(&mut screen, &mut events);
                    screen.draw();
                }
                hear_all(&mut screen, &mut events);
                screen.end();
            };
            // Without the thread there is no progress to see, and the load is none the worse for it.
            thread::Builder::new().name("velo-progress".to_owned()).spawn(body).ok()
        });
        Self {
            running: Some(running),
            thread,
        }
    }

    /// Shows what has happened last, and wipes what is not to stay.
    pub(crate) fn end(self) {
        drop(self);
    }
}

impl Drop for LoadProgress {
    fn drop(&mut self) {
        self.running = None;
        if let Some(thread) = self.thread.take() {
            // It has nothing to report but that it has ended.
            let _ = thread.join();
        }
    }
}

fn hear_all(screen: &mut Screen, events: &mut ProgressStream) {
    while let Some(event) = events.try_next() {
        screen.hear(event);
    }
}
