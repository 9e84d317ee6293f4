//! What the streams of a deployed program do: a live line for each on a terminal, elsewhere a line for each change.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, MultiProgress, ProgressBar, ProgressStyle};
use velo_data::RowErrorCause;
use velo_engine::{Metrics, StatementMetrics};

use super::ticker::{Tick, Ticker};
use crate::print::text::printable;
use crate::print::words::rows;
use crate::terminal::Terminal;

const INTERVAL: Duration = Duration::from_millis(500);

/// How the progress of streams is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamProgressStyle {
    /// A line for each stream on standard error, drawn over and over, wiped at the end.
    Live,
    /// A line on standard error when a stream starts and when it ends.
    Changes,
    /// Not at all.
    Quiet,
}

impl StreamProgressStyle {
    /// What suits a person at this terminal, on which rows may appear, too.
    pub(crate) fn of(terminal: Terminal, prints_rows: bool) -> Self {
        let is_drawn_over = terminal.verbose || (prints_rows && terminal.stdout.is_terminal);
        if terminal.quiet {
            Self::Quiet
        } else if terminal.stderr.can_draw && !is_drawn_over {
            Self::Live
        } else {
            Self::Changes
        }
    }
}

/// Shows what the streams of a job do, until it is dropped.
pub(crate) struct StreamProgress {
    _ticker: Option<Ticker>,
}

impl StreamProgress {
    /// Starts to show what the metrics tell.
    pub(crate) fn show(metrics: Arc<Metrics>, style: StreamProgressStyle) -> Self {
        let ticker = match style {
            StreamProgressStyle::Live => {
                let mut lines = LiveLines::default();
                Some(Ticker::start(INTERVAL, move |tick| match tick {
                    Tick::Passed => lines.draw(&metrics, Instant::now()),
                    Tick::Last => lines.wipe(),
                }))
            }
            StreamProgressStyle::Changes => {
                let mut told = Vec::new();
                Some(Ticker::start(INTERVAL, move |_| tell_changes(&metrics, &mut told)))
            }
            StreamProgressStyle::Quiet => None,
        };
        Self { _ticker: ticker }
    }
}

/// A line for each stream.
#[derive(Default)]
struct LiveLines {
    screen: MultiProgress,
    lines: Vec<LiveLine>,
}

struct LiveLine {
    bar: ProgressBar,
    rows_in: u64,
    /// When it was drawn last.
    at: Option<Instant>,
}

impl LiveLines {
    fn draw(&mut self, metrics: &Metrics, now: Instant) {
        let statements = metrics.statements();
        while self.lines.len() < statements.len() {
            let bar = self.screen.add(ProgressBar::new_spinner());
            // The template is a constant that indicatif understands; its default would do as well.
            let style = ProgressStyle::with_template("{wide_msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            self.lines.push(LiveLine {
                bar,
                rows_in: 0,
                at: None,
            });
        }
        let width = statements.iter().map(|statement| statement.name().len()).max();
        for (line, statement) in self.lines.iter_mut().zip(statements) {
            let rows_in = statement.rows_in();
            let passed = line.at.map_or(INTERVAL, |at| now.saturating_duration_since(at));
            let seconds = passed.as_secs_f64();
            let rate = (rows_in.saturating_sub(line.rows_in) as f64 / seconds.max(f64::EPSILON)) as u64;
            (line.rows_in, line.at) = (rows_in, Some(now));
            line.bar
                .set_message(line_of(statement, rate, width.unwrap_or_default()));
        }
    }

    fn wipe(&self) {
        for line in &self.lines {
            line.bar.finish_and_clear();
        }
        // Bars that were cleared one by one leave lines behind. A terminal that is gone needs no wiping.
        let _ = self.screen.clear();
    }
}

/// `orders  1,200 rows in, 1,100 out  300/s  2 late  3 skipped  4 KiB behind`.
fn line_of(statement: &StatementMetrics, rate: u64, width: usize) -> String {
    let late = statement.errors(RowErrorCause::Late);
    let given_up: u64 = RowErrorCause::ALL.iter().map(|cause| statement.errors(*cause)).sum();
    let mut line = format!(
        "{:width$}  {} in, {} out",
        printable(statement.name()),
        rows(statement.rows_in()),
        HumanCount(statement.rows_out())
    );
    if statement.has_ended() {
        line.push_str("  ended");
    } else {
        // Writing to a String cannot fail.
        let _ = write!(line, "  {}/s", HumanCount(rate));
    }
    let lag_bytes = statement.lag_bytes();
    let parts = [
        (late, format!("  {} late", HumanCount(late))),
        (given_up - late, format!("  {} skipped", HumanCount(given_up - late))),
        (lag_bytes, format!("  {} behind", HumanBytes(lag_bytes))),
    ];
    line.extend(parts.into_iter().filter(|(count, _)| *count > 0).map(|(_, part)| part));
    line
}

/// What has been told of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Running,
    Ended,
}

fn tell_changes(metrics: &Metrics, told: &mut Vec<Told>) {
    let mut text = String::new();
    for (place, statement) in metrics.statements().iter().enumerate() {
        let now = if statement.has_ended() {
            Told::Ended
        } else {
            Told::Running
        };
        let word = match (told.get(place), now) {
            (None, _) => {
                told.push(Told::Running);
                "running"
            }
            (Some(Told::Running), Told::Ended) => {
                told[place] = Told::Ended;
                "ended"
            }
            _ => continue,
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}: {word}", printable(statement.name()));
    }
    crate::commands::print_on_stderr(&text);
}
