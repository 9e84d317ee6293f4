/// How many follow each other in a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    per_second: u64,
}

/// The highest rate: one a nanosecond.
const PER_SECOND_MAX: u64 = 1_000_000_000;

impl Rate {
    /// `None` if it is 0 or more than one a nanosecond.
    pub(crate) fn new(per_second: u64) -> Option<Self> {
        (1..=PER_SECOND_MAX)
            .contains(&per_second)
            .then_some(Self { per_second })
    }

    /// How many there are in a second.
    pub(crate) fn per_second(self) -> u64 {
        self.per_second
    }

    /// Milliseconds from the first to the one at this place, rounded down.
    #[inline]
    pub(crate) fn ms_of(self, place: u64) -> u64 {
        let (seconds, rest) = (place / self.per_second, place % self.per_second);
        seconds
            .saturating_mul(1000)
            .saturating_add(rest * 1000 / self.per_second)
    }

    /// How many there are whose time has come so many milliseconds after the first.
    pub(crate) fn count_within(self, elapsed_ms: u64) -> u64 {
        let count = (u128::from(elapsed_ms) + 1) * u128::from(self.per_second);
        u64::try_from(count.div_ceil(1000)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_have_come_are_those_whose_time_is_not_later() {
        for per_second in [1, 3, 7, 999, 1000, 1001, 46_000, PER_SECOND_MAX] {
            let rate = Rate::new(per_second).unwrap();
            for elapsed_ms in [0, 1, 2, 333, 334, 999, 1000, 1001, 86_400_000] {
                let count = rate.count_within(elapsed_ms);
                assert!(rate.ms_of(count - 1) <= elapsed_ms, "{per_second} after {elapsed_ms}");
                assert!(rate.ms_of(count) > elapsed_ms, "{per_second} after {elapsed_ms}");
            }
        }
    }

    #[test]
    fn rates_have_bounds() {
        assert_eq!(Rate::new(0), None);
        assert_eq!(Rate::new(PER_SECOND_MAX + 1), None);
    }
}
