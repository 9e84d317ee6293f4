use std::time::Duration;

/// How many rows are read at a time.
///
/// The more rows, the less each of them costs, until their columns no longer fit the processor's cache; the fewer, the
/// sooner they come out, and the sooner a job can be stopped. So there are as many as are done with in a tenth of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BatchSize {
    rows: usize,
    is_fixed: bool,
}

const ROWS_MIN: usize = 100;
const ROWS_MAX: usize = 10_000;
const WANTED: Duration = Duration::from_millis(100);

impl BatchSize {
    /// What the statement says, else what suits the time that batches take.
    pub(super) fn new(fixed: Option<usize>) -> Self {
        Self {
            rows: fixed.unwrap_or(ROWS_MAX),
            is_fixed: fixed.is_some(),
        }
    }

    /// Most rows of a batch.
    pub(super) fn rows(self) -> usize {
        self.rows
    }

    /// Learns how long so many rows took; tells whether the size changed.
    ///
    /// It changes by no more than a factor of two at a time, since one slow batch says little, and not for little.
    pub(super) fn observe(&mut self, rows: usize, taken: Duration) -> bool {
        if self.is_fixed || rows == 0 || taken.is_zero() {
            return false;
        }
        let wanted = (rows as f64 * WANTED.as_secs_f64() / taken.as_secs_f64()) as usize;
        let wanted = wanted.clamp(self.rows / 2, self.rows * 2).clamp(ROWS_MIN, ROWS_MAX);
        let is_news = wanted.abs_diff(self.rows) * 4 > self.rows;
        if is_news {
            self.rows = wanted;
        }
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The size after batches that took so many milliseconds for each thousand rows.
    fn after(mut size: BatchSize, milliseconds_per_thousand: &[u64]) -> usize {
        for milliseconds in milliseconds_per_thousand {
            size.observe(size.rows(), Duration::from_micros(milliseconds * size.rows() as u64));
        }
        size.rows()
    }

    #[test]
    fn batches_take_a_tenth_of_a_second() {
        let adaptive = BatchSize::new(None);
        let cases: [(&[u64], usize); 6] = [
            (&[], 10_000),
            (&[1, 1, 1], 10_000),
            (&[50], 5000),
            (&[50, 50, 50], 2500),
            (&[10_000; 20], 100),
            (&[50, 50, 50, 50, 45, 9, 9, 9], 10_000),
        ];
        for (taken, rows) in cases {
            assert_eq!(after(adaptive, taken), rows, "{taken:?}");
        }
    }

    #[test]
    fn a_size_that_a_statement_fixes_stays() {
        assert_eq!(after(BatchSize::new(Some(7)), &[1000, 1]), 7);
    }
}
