use std::time::{Duration, Instant};

/// How long rows wait in a sink, unless the statement says otherwise.
const INTERVAL: Duration = Duration::from_secs(1);

/// When the sinks of a job that follows its sources write out what they keep: an interval after they did so last, or at
/// once if that is longer ago.
#[derive(Debug)]
pub(super) struct FlushSchedule {
    interval: Duration,
    last: Option<Instant>,
    /// Whether something has happened since.
    is_pending: bool,
}

impl FlushSchedule {
    pub(super) fn new(interval: Option<Duration>) -> Self {
        Self {
            interval: interval.unwrap_or(INTERVAL),
            last: None,
            is_pending: false,
        }
    }

    /// Sinks may keep something.
    pub(super) fn note(&mut self) {
        self.is_pending = true;
    }

    /// How long sinks may keep what they have; `None` if they have nothing.
    pub(super) fn due_in(&self, now: Instant) -> Option<Duration> {
        let passed = self
            .last
            .map_or(Duration::MAX, |last| now.saturating_duration_since(last));
        self.is_pending.then(|| self.interval.saturating_sub(passed))
    }

    /// Everything has been written out.
    pub(super) fn done(&mut self, now: Instant) {
        self.last = Some(now);
        self.is_pending = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_wait_no_longer_than_the_interval() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut schedule = FlushSchedule::new(None);
        assert_eq!(schedule.due_in(start), None);
        schedule.note();
        assert_eq!(
            schedule.due_in(start),
            Some(Duration::ZERO),
            "nothing was written before"
        );
        schedule.done(start);
        assert_eq!(schedule.due_in(start + second), None);
        schedule.note();
        assert_eq!(schedule.due_in(start + second / 4), Some(second * 3 / 4));
        assert_eq!(schedule.due_in(start + second * 5), Some(Duration::ZERO));
    }
}
