//! How far a run has come, drawn on standard error while it runs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use velo_engine::Metrics;

use super::ticker::{Tick, Ticker};

const INTERVAL: Duration = Duration::from_millis(100);

/// Draws until it is dropped, then wipes what it has drawn.
pub(crate) struct RunProgress {
    _ticker: Ticker,
}

impl RunProgress {
    /// Starts to draw. A run that is over before the first interval shows nothing.
    pub(crate) fn draw(metrics: Arc<Metrics>) -> Self {
        let started = Instant::now();
        let mut bar: Option<ProgressBar> = None;
        let ticker = Ticker::start(INTERVAL, move |tick| match tick {
            Tick::Passed => {
                let state = ProgressState::of(&metrics);
                state.show(bar.get_or_insert_with(|| new_bar(state.bytes_total)), started.elapsed());
            }
            Tick::Last => {
                if let Some(bar) = &bar {
                    bar.finish_and_clear();
                }
            }
        });
        Self { _ticker: ticker }
    }
}

fn new_bar(bytes_total: Option<u64>) -> ProgressBar {
    let (bar, template) = match bytes_total {
        Some(bytes) => (ProgressBar::new(bytes), "{percent:>3}% {wide_bar} {msg}  ETA {eta}"),
        None => (ProgressBar::new_spinner(), "{spinner} {msg}"),
    };
    // The templates are constants that indicatif understands; its default would do as well.
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// Sums over all statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ProgressState {
    rows: u64,
    bytes: u64,
    /// `None` when no source knows.
    bytes_total: Option<u64>,
}

impl ProgressState {
    fn of(metrics: &Metrics) -> Self {
        let statements = || {
            metrics
                .statements()
                .iter()
                .filter(|statement| statement.bytes_total().is_some())
        };
        Self {
            rows: statements().map(|statement| statement.rows_in()).sum(),
            bytes: statements().map(|statement| statement.bytes_read()).sum(),
            bytes_total: statements()
                .filter_map(|statement| statement.bytes_total())
                .reduce(|sum, bytes| sum + bytes),
        }
    }

    fn show(&self, bar: &ProgressBar, elapsed: Duration) {
        let rate = (self.rows as f64 / elapsed.as_secs_f64().max(f64::EPSILON)) as u64;
        let total = self
            .bytes_total
            .map(|total| format!(" of {}", HumanBytes(total)))
            .unwrap_or_default();
        bar.set_message(format!(
            "{} rows  {} rows/s  {}{total}",
            HumanCount(self.rows),
            HumanCount(rate),
            HumanBytes(self.bytes)
        ));
        bar.set_position(self.bytes.min(self.bytes_total.unwrap_or(u64::MAX)));
    }
}
