use std::time::Duration;

use super::Rate;

/// How far apart in event time rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spacing {
    /// So many in a second.
    Rate(Rate),
    /// A fixed time from one to the next.
    Interval {
        /// Whole milliseconds.
        ms: u64,
        /// Nanoseconds beyond them, less than a millisecond.
        rest_ns: u64,
    },
}

const NS_PER_MS: u64 = 1_000_000;

impl Spacing {
    /// A fixed time from one to the next.
    pub(crate) fn interval(interval: Duration) -> Self {
        let ns = interval.as_nanos();
        Self::Interval {
            ms: u64::try_from(ns / u128::from(NS_PER_MS)).unwrap_or(u64::MAX),
            rest_ns: (ns % u128::from(NS_PER_MS)) as u64,
        }
    }

    /// Milliseconds from the first to the one at this place, rounded down.
    #[inline]
    pub(crate) fn ms_of(self, place: u64) -> u64 {
        match self {
            Self::Rate(rate) => rate.ms_of(place),
            Self::Interval { ms, rest_ns } => {
                let (millions, rest) = (place / NS_PER_MS, place % NS_PER_MS);
                let beyond = millions * rest_ns + rest * rest_ns / NS_PER_MS;
                place.saturating_mul(ms).saturating_add(beyond)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_add_up_without_loss() {
        for (interval, place, expected_ms) in [
            (Duration::from_millis(5), 7, 35),
            (Duration::from_micros(100), 9, 0),
            (Duration::from_micros(100), 10, 1),
            (Duration::from_nanos(333), 3_000_000_000, 999_000),
            (Duration::from_nanos(1_500_001), 2_000_000, 3_000_002),
            (Duration::ZERO, 5, 0),
        ] {
            assert_eq!(
                Spacing::interval(interval).ms_of(place),
                expected_ms,
                "{interval:?} × {place}"
            );
        }
    }
}
