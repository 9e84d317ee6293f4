use std::time::{Duration, Instant};

/// Whether a split has brought nothing for so long that nobody is to wait for it.
#[derive(Debug)]
pub(super) struct Idleness {
    /// `None` if nobody waits for it anyway.
    timeout: Option<Duration>,
    /// Since when all that is there of it has been read, as far as anybody has looked.
    caught_up_since: Option<Instant>,
    is_idle: bool,
}

impl Idleness {
    pub(super) fn new(timeout: Option<Duration>) -> Self {
        Self {
            timeout,
            caught_up_since: None,
            is_idle: false,
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.is_idle
    }

    /// The split has brought rows.
    pub(super) fn on_rows(&mut self) {
        self.caught_up_since = None;
        self.is_idle = false;
    }

    /// A look at the split at `now` has brought nothing. Tells whether it is idle: time in which nobody looks does not count,
    /// since there may have been rows.
    pub(super) fn on_nothing(&mut self, now: Instant) -> bool {
        let since = *self.caught_up_since.get_or_insert(now);
        let passed = now.saturating_duration_since(since);
        self.is_idle = self.timeout.is_some_and(|timeout| passed >= timeout);
        self.is_idle
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_is_idle_once_looks_have_brought_nothing_for_long_enough() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut idleness = Idleness::new(Some(second * 5));
        assert!(!idleness.on_nothing(start));
        assert!(!idleness.on_nothing(start + second * 4));
        assert!(idleness.on_nothing(start + second * 5));
        idleness.on_rows();
        assert!(!idleness.is_idle());
        // However long ago the rows came: this is the first look behind them.
        assert!(!idleness.on_nothing(start + second * 60));
        assert!(idleness.on_nothing(start + second * 65));
        assert!(!Idleness::new(None).on_nothing(start));
    }
}
