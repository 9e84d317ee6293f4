use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time over which rates are smoothed.
const SMOOTHING: Duration = Duration::from_secs(2);

/// A total that nobody knows.
const UNKNOWN: u64 = u64::MAX;

/// Counts what has been read for one table.
///
/// Counting is one atomic addition for rows and one for bytes; rates are worked out when somebody takes a sample.
///
/// ```
/// use std::time::{Duration, Instant};
/// use velo_loader::TableProgressTracker;
///
/// let start = Instant::now();
/// let tracker = TableProgressTracker::new(start);
/// tracker.set_total_rows(4_000);
/// tracker.add(1_000, 80_000);
///
/// let sample = tracker.sample(start + Duration::from_secs(1));
/// assert_eq!(sample.rows_per_second, 1_000.0);
/// assert_eq!(sample.bytes_per_second, 80_000.0);
/// assert_eq!(sample.percent, Some(25.0));
/// assert_eq!(sample.estimated_completion, Some(start + Duration::from_secs(4)));
/// ```
#[derive(Debug)]
pub struct TableProgressTracker {
    rows: AtomicU64,
    bytes: AtomicU64,
    total_rows: AtomicU64,
    total_bytes: AtomicU64,
    meter: Mutex<RateMeter>,
}

/// What a tracker had counted at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProgressSample {
    /// Rows read.
    pub rows: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Rows in all, if known.
    pub total_rows: Option<u64>,
    /// Bytes in all, if known.
    pub total_bytes: Option<u64>,
    /// Rows a second, smoothed over two seconds.
    pub rows_per_second: f64,
    /// Bytes a second, smoothed over two seconds.
    pub bytes_per_second: f64,
    /// How much of the total has been read, at most 100; by rows, or by bytes when the total of rows is unknown.
    pub percent: Option<f64>,
    /// When everything will have been read, at the rate of now.
    pub estimated_completion: Option<Instant>,
}

impl TableProgressTracker {
    /// A tracker of a load that starts now.
    pub fn new(now: Instant) -> Self {
        Self {
            rows: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            total_rows: AtomicU64::new(UNKNOWN),
            total_bytes: AtomicU64::new(UNKNOWN),
            meter: Mutex::new(RateMeter::starting(now)),
        }
    }

    /// Counts rows and bytes that have been read.
    pub fn add(&self, rows: u64, bytes: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Says how many rows there are in all.
    pub fn set_total_rows(&self, rows: u64) {
        self.total_rows.store(rows, Ordering::Relaxed);
    }

    /// Says how many bytes there are in all.
    pub fn set_total_bytes(&self, bytes: u64) {
        self.total_bytes.store(bytes, Ordering::Relaxed);
    }

    /// Rows read so far.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// Bytes read so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// What has been counted, and how fast it goes at the moment.
    pub fn sample(&self, now: Instant) -> ProgressSample {
        let (rows, bytes) = (self.rows(), self.bytes());
        let (total_rows, total_bytes) = (known(&self.total_rows), known(&self.total_bytes));
        let rates = {
            let mut meter = self.meter.lock().unwrap_or_else(PoisonError::into_inner);
            meter.advance(now, rows, bytes);
            meter.rates.unwrap_or_default()
        };
        let measured = match (total_rows, total_bytes) {
            (Some(total), _) => Some((rows, total, rates.rows_per_second)),
            (None, Some(total)) => Some((bytes, total, rates.bytes_per_second)),
            (None, None) => None,
        };
        ProgressSample {
            rows,
            bytes,
            total_rows,
            total_bytes,
            rows_per_second: rates.rows_per_second,
            bytes_per_second: rates.bytes_per_second,
            percent: measured.map(|(done, total, _)| percent(done, total)),
            estimated_completion: measured.and_then(|(done, total, rate)| completion(now, done, total, rate)),
        }
    }

    /// Begins again from nothing, for another attempt.
    pub(crate) fn restart(&self, now: Instant) {
        self.rows.store(0, Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
        *self.meter.lock().unwrap_or_else(PoisonError::into_inner) = RateMeter::starting(now);
    }
}

fn known(total: &AtomicU64) -> Option<u64> {
    Some(total.load(Ordering::Relaxed)).filter(|total| *total != UNKNOWN)
}

/// Totals are estimates at times: more may be read than was announced.
fn percent(done: u64, total: u64) -> f64 {
    if total == 0 {
        return 100.0;
    }
    (done as f64 * 100.0 / total as f64).min(100.0)
}

fn completion(now: Instant, done: u64, total: u64, rate: f64) -> Option<Instant> {
    let left = total.saturating_sub(done) as f64;
    if left == 0.0 {
        return Some(now);
    }
    let seconds = Some(left / rate).filter(|_| rate > 0.0)?;
    now.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
}

/// Works out rates from one sample to the next.
#[derive(Debug)]
struct RateMeter {
    at: Instant,
    rows: u64,
    bytes: u64,
    rates: Option<Rates>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Rates {
    rows_per_second: f64,
    bytes_per_second: f64,
}

impl RateMeter {
    fn starting(now: Instant) -> Self {
        Self {
            at: now,
            rows: 0,
            bytes: 0,
            rates: None,
        }
    }

    fn advance(&mut self, now: Instant, rows: u64, bytes: u64) {
        let seconds = now.saturating_duration_since(self.at).as_secs_f64();
        if seconds <= 0.0 {
            return;
        }
        let current = Rates {
            rows_per_second: rows.saturating_sub(self.rows) as f64 / seconds,
            bytes_per_second: bytes.saturating_sub(self.bytes) as f64 / seconds,
        };
        // The longer the time since the last sample, the more the current rate counts.
        let weight = 1.0 - (-seconds / SMOOTHING.as_secs_f64()).exp();
        self.rates = Some(self.rates.map_or(current, |smoothed| smoothed.towards(current, weight)));
        (self.at, self.rows, self.bytes) = (now, rows, bytes);
    }
}

impl Rates {
    fn towards(self, current: Self, weight: f64) -> Self {
        let mix = |smoothed: f64, current: f64| smoothed + (current - smoothed) * weight;
        Self {
            rows_per_second: mix(self.rows_per_second, current.rows_per_second),
            bytes_per_second: mix(self.bytes_per_second, current.bytes_per_second),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_follow_a_change_smoothly() {
        let start = Instant::now();
        let tracker = TableProgressTracker::new(start);
        let mut rates = Vec::new();
        for second in 1..=10u64 {
            tracker.add(if second <= 5 { 100 } else { 200 }, 0);
            rates.push(tracker.sample(start + Duration::from_secs(second)).rows_per_second);
        }
        assert!((rates[4] - 100.0).abs() < 1e-9, "{rates:?}");
        assert!(rates[5] > 130.0 && rates[5] < 150.0, "{rates:?}");
        assert!(rates.windows(2).all(|pair| pair[0] <= pair[1]), "{rates:?}");
        // After two and a half times the smoothing, 1 - e^-2.5 of the step have been made: 191.8.
        assert!((rates[9] - 191.79).abs() < 0.01, "{rates:?}");
    }

    #[test]
    fn bytes_tell_the_percentage_where_rows_do_not() {
        let start = Instant::now();
        let tracker = TableProgressTracker::new(start);
        assert_eq!(tracker.sample(start).percent, None);
        tracker.set_total_bytes(200);
        tracker.add(1, 50);
        let sample = tracker.sample(start + Duration::from_secs(1));
        assert_eq!(sample.percent, Some(25.0));
        assert_eq!(sample.estimated_completion, Some(start + Duration::from_secs(4)));
    }

    #[test]
    fn an_estimate_that_was_too_low_never_exceeds_all() {
        let start = Instant::now();
        let tracker = TableProgressTracker::new(start);
        tracker.set_total_rows(0);
        assert_eq!(tracker.sample(start).percent, Some(100.0));
        tracker.set_total_rows(10);
        tracker.add(20, 0);
        let later = start + Duration::from_secs(1);
        assert_eq!(tracker.sample(later).percent, Some(100.0));
        assert_eq!(tracker.sample(later).estimated_completion, Some(later));
    }

    #[test]
    fn another_attempt_counts_from_nothing() {
        let start = Instant::now();
        let tracker = TableProgressTracker::new(start);
        tracker.add(20, 40);
        tracker.restart(start + Duration::from_secs(1));
        let sample = tracker.sample(start + Duration::from_secs(2));
        assert_eq!((sample.rows, sample.bytes, sample.rows_per_second), (0, 0, 0.0));
    }
}
