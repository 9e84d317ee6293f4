use std::collections::BTreeMap;
use std::ops::Range;

use super::grouping::Bounds;
use crate::keys::RowSet;

/// The rows of a batch, by window.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Assignment {
    /// Windows of neighbouring rows, each window once: what a batch in the order of time gives.
    Runs(Vec<(Bounds, Range<usize>)>),
    /// Windows of rows that are not all neighbours, in the order of time.
    Scattered(Vec<(Bounds, Vec<u32>)>),
}

/// Windows of one size, side by side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tumbling {
    /// Positive.
    pub(super) size_ms: i64,
    pub(super) offset_ms: i64,
}

impl Tumbling {
    /// The window that `time` is in. Times before the epoch round down too.
    #[inline]
    pub(super) fn bounds_of(self, time: i64) -> Bounds {
        let start = time.saturating_sub(time.wrapping_sub(self.offset_ms).rem_euclid(self.size_ms.max(1)));
        self.starting_at(start)
    }

    pub(super) fn starting_at(self, start: i64) -> Bounds {
        Bounds {
            start,
            end: start.saturating_add(self.size_ms),
        }
    }

    /// Divides rows by window.
    pub(super) fn assign(self, times: &[i64]) -> Assignment {
        let (Some(min), Some(max)) = (times.iter().min(), times.iter().max()) else {
            return Assignment::Runs(Vec::new());
        };
        let first = self.bounds_of(*min);
        if *max < first.end {
            return Assignment::Runs(vec![(first, 0..times.len())]);
        }
        let runs = self.runs(times);
        let mut starts: Vec<i64> = runs.iter().map(|(bounds, _)| bounds.start).collect();
        starts.sort_unstable();
        if starts.windows(2).all(|pair| pair[0] < pair[1]) {
            return Assignment::Runs(runs);
        }
        let mut windows: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
        for (bounds, rows) in runs {
            windows
                .entry(bounds.start)
                .or_default()
                .extend(rows.map(|row| row as u32));
        }
        let windows = windows.into_iter().map(|(start, rows)| (self.starting_at(start), rows));
        Assignment::Scattered(windows.collect())
    }

    /// Neighbouring rows of the same window.
    fn runs(self, times: &[i64]) -> Vec<(Bounds, Range<usize>)> {
        let mut runs: Vec<(Bounds, Range<usize>)> = Vec::new();
        for (row, time) in times.iter().enumerate() {
            match runs.last_mut() {
                Some((bounds, rows)) if bounds.contains(*time) => rows.end = row + 1,
                _ => runs.push((self.bounds_of(*time), row..row + 1)),
            }
        }
        runs
    }
}

impl Assignment {
    /// Each window and its rows, in the order of [`Assignment`].
    pub(super) fn windows(&self) -> Vec<(Bounds, RowSet<'_>)> {
        match self {
            Self::Runs(runs) => runs
                .iter()
                .map(|(bounds, rows)| (*bounds, RowSet::Range(rows.clone())))
                .collect(),
            Self::Scattered(windows) => {
                let windows = windows.iter();
                windows.map(|(bounds, rows)| (*bounds, RowSet::Indices(rows))).collect()
            }
        }
    }
}

impl Bounds {
    fn contains(self, time: i64) -> bool {
        (self.start..self.end).contains(&time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_half_open_and_round_down() {
        let cases = [
            // (size, offset, time, start), by hand
            (5000, 0, 0, 0),
            (5000, 0, 4999, 0),
            (5000, 0, 5000, 5000),
            (5000, 0, -1, -5000),
            (5000, 0, -5000, -5000),
            (5000, 0, -5001, -10_000),
            (5000, 1000, 999, -4000),
            (5000, 1000, 1000, 1000),
            (5000, 1000, -4000, -4000),
        ];
        for (size_ms, offset_ms, time, start) in cases {
            let bounds = Tumbling { size_ms, offset_ms }.bounds_of(time);
            assert_eq!((bounds.start, bounds.end), (start, start + size_ms), "{time}");
        }
    }

    #[test]
    fn rows_out_of_order_find_their_window() {
        let tumbling = Tumbling {
            size_ms: 10,
            offset_ms: 0,
        };
        let window = |start| tumbling.starting_at(start);
        assert_eq!(tumbling.assign(&[]), Assignment::Runs(vec![]));
        assert_eq!(tumbling.assign(&[3, 1, 9]), Assignment::Runs(vec![(window(0), 0..3)]));
        assert_eq!(
            tumbling.assign(&[10, 12, 3]),
            Assignment::Runs(vec![(window(10), 0..2), (window(0), 2..3)])
        );
        assert_eq!(
            tumbling.assign(&[10, 3, 12]),
            Assignment::Scattered(vec![(window(0), vec![1]), (window(10), vec![0, 2])])
        );
    }
}
