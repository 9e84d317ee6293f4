//! Sources whose rows meet are read side by side in event time, so that what waits for all of them stays little while history is
//! replayed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// How far in event time a split may be ahead of the others, in milliseconds. A batch may go beyond it.
const AHEAD_MS_MAX: i64 = 60_000;

/// Tasks that read sources whose rows meet.
#[derive(Debug)]
pub(super) struct Alignment {
    /// How far each task has come: the watermark of its split that is farthest behind, of those that have more to be read;
    /// `None` if there is none.
    reached: Mutex<Vec<Option<i64>>>,
    /// Counts changes.
    moved: watch::Sender<u64>,
}

/// The part of one task.
#[derive(Debug)]
pub(super) struct Aligned {
    group: Arc<Alignment>,
    task: usize,
    moved: watch::Receiver<u64>,
}

impl Alignment {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            reached: Mutex::default(),
            moved: watch::channel(0).0,
        })
    }

    /// Has a task take part. Until it has told how far it is, it is at the beginning.
    pub(super) fn join(self: &Arc<Self>) -> Aligned {
        let mut reached = self.reached();
        reached.push(Some(i64::MIN));
        Aligned {
            group: Arc::clone(self),
            task: reached.len() - 1,
            moved: self.moved.subscribe(),
        }
    }

    fn reached(&self) -> MutexGuard<'_, Vec<Option<i64>>> {
        // A list of numbers is never half changed.
        self.reached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Aligned {
    /// Tells how far the task has come.
    pub(super) fn tell(&self, watermark_ms: Option<i64>) {
        let mut reached = self.group.reached();
        if let Some(told) = reached.get_mut(self.task)
            && *told != watermark_ms
        {
            *told = watermark_ms;
            self.group.moved.send_modify(|changes| *changes += 1);
        }
    }

    /// Whether a split with this watermark has to wait for splits of other tasks.
    pub(super) fn is_ahead(&mut self, watermark_ms: i64) -> bool {
        self.moved.mark_unchanged();
        let reached = self.group.reached();
        let others = reached.iter().enumerate().filter(|(task, _)| *task != self.task);
        let behind = others.filter_map(|(_, watermark_ms)| *watermark_ms).min();
        behind.is_some_and(|behind| watermark_ms > behind.saturating_add(AHEAD_MS_MAX))
    }

    /// Waits until another task has moved on since the last question.
    pub(super) async fn moved(&mut self) {
        // The sender lives as long as this does.
        if self.moved.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Aligned {
    /// Nobody waits for a task that has gone.
    fn drop(&mut self) {
        self.tell(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_waits_for_those_that_have_more_to_read() {
        let group = Alignment::new();
        let (mut first, second, third) = (group.join(), group.join(), group.join());
        assert!(first.is_ahead(0), "the others have not begun");
        second.tell(Some(1_000));
        third.tell(None);
        assert!(!first.is_ahead(1_000 + AHEAD_MS_MAX));
        assert!(first.is_ahead(1_001 + AHEAD_MS_MAX));
        second.tell(None);
        assert!(!first.is_ahead(i64::MAX), "nobody has more");
        third.tell(Some(i64::MIN));
        assert!(first.is_ahead(0));
        drop(third);
        assert!(!first.is_ahead(0));
    }
}
