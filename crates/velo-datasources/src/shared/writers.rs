//! Writers of one sink, who wait for each other before it is prepared.

use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::SinkPosition;

/// What each writer of a sink is doing.
#[derive(Debug)]
pub(super) struct Writers {
    activities: Mutex<Vec<Activity>>,
    changed: Notify,
}

/// What a writer is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Activity {
    Writing,
    /// Waits until no other writes.
    Waiting,
    /// Nobody wrote any more, and the sink was prepared for all.
    Prepared(Option<SinkPosition>),
    /// Nobody wrote any more, and another failed to prepare the sink: each tries it for itself, so that each is told why.
    Failed,
    /// Writes no more, and has yet to be closed.
    Ended,
    /// Has finished or was abandoned.
    Closed,
    /// Went away without either.
    Dropped,
}

impl Activity {
    /// Whether the writer will write no more.
    fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Dropped)
    }

    /// Whether it writes nothing before the sink is prepared the next time. Who has not seen yet that it was prepared before goes
    /// on to write.
    fn is_still(self) -> bool {
        matches!(self, Self::Waiting | Self::Ended) || self.is_over()
    }
}

/// Whether all that belongs before a preparation has been written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readiness {
    /// Others write still.
    OthersWrite,
    /// All of it, and nobody has prepared the sink.
    Ready,
    /// Another has prepared the sink.
    Prepared(Option<SinkPosition>),
}

/// Who is left when a writer has closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    Others,
    Nobody {
        /// Whether one went away before it had written all of its rows.
        was_one_dropped: bool,
    },
}

impl Writers {
    pub(super) fn new(count: usize) -> Self {
        Self {
            activities: Mutex::new(vec![Activity::Writing; count]),
            changed: Notify::new(),
        }
    }

    /// A writer waits for the others from now on, until what comes back is dropped.
    pub(super) fn wait(&self, writer: usize) -> Waiting<'_> {
        self.change(writer, Activity::Waiting);
        Waiting { writers: self, writer }
    }

    /// The sink was prepared for all who wait, which it is only while nobody writes.
    pub(super) fn release(&self, position: Option<SinkPosition>) {
        self.change_waiting(Activity::Prepared(position));
    }

    /// The sink cannot be prepared.
    pub(super) fn fail(&self) {
        self.change_waiting(Activity::Failed);
    }

    /// A writer writes no more.
    pub(super) fn end(&self, writer: usize) {
        self.change(writer, Activity::Ended);
    }

    /// A writer has finished or was abandoned.
    pub(super) fn close(&self, writer: usize) -> Left {
        let mut activities = self.activities();
        // Changed and looked at under one lock, so that only the last one finds nobody left.
        self.set(&mut activities, writer, Activity::Closed);
        if activities.iter().all(|activity| activity.is_over()) {
            let was_one_dropped = activities.contains(&Activity::Dropped);
            Left::Nobody { was_one_dropped }
        } else {
            Left::Others
        }
    }

    /// A writer went away although it was not closed.
    pub(super) fn drop_writer(&self, writer: usize) {
        self.change(writer, Activity::Dropped);
    }

    fn change(&self, writer: usize, activity: Activity) {
        self.set(&mut self.activities(), writer, activity);
    }

    fn set(&self, activities: &mut [Activity], writer: usize, activity: Activity) {
        if let Some(current) = activities.get_mut(writer) {
            *current = activity;
        }
        self.changed.notify_waiters();
    }

    fn change_waiting(&self, to: Activity) {
        let mut activities = self.activities();
        let waiting = activities.iter_mut().filter(|activity| **activity == Activity::Waiting);
        waiting.for_each(|activity| *activity = to);
        self.changed.notify_waiters();
    }

    fn readiness(&self, writer: usize) -> Readiness {
        let activities = self.activities();
        match activities.get(writer) {
            Some(Activity::Prepared(position)) => Readiness::Prepared(*position),
            Some(Activity::Failed) => Readiness::Ready,
            _ if activities.iter().all(|activity| activity.is_still()) => Readiness::Ready,
            _ => Readiness::OthersWrite,
        }
    }

    fn activities(&self) -> MutexGuard<'_, Vec<Activity>> {
        // A list of plain values is never half changed.
        self.activities.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A writer that waits for the others; when it is dropped, it writes again.
pub(super) struct Waiting<'a> {
    writers: &'a Writers,
    writer: usize,
}

impl Waiting<'_> {
    /// Whether the others have written all that belongs before this.
    pub(super) fn readiness(&self) -> Readiness {
        self.writers.readiness(self.writer)
    }

    /// Waits until the others have written all that belongs before this.
    pub(super) async fn until_ready(&self) {
        loop {
            let mut changed = pin!(self.writers.changed.notified());
            // What changes between the look and the wait must wake, too.
            changed.as_mut().enable();
            if self.readiness() != Readiness::OthersWrite {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.writers.change(self.writer, Activity::Writing);
    }
}
