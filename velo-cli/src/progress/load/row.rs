//! The line of one table, of a wave, and of the whole load.

use indicatif::{HumanBytes, HumanCount};
use unicode_width::UnicodeWidthStr;
use velo_loader::{TableLoadState, TableProgress};

use super::board::{LoadBoard, StateCounts, TableRow, TableStatus};
use super::style::{GAP, INDENT, RowStyle};
use crate::print::line::{Line, Paint};
use crate::print::words;

/// How many tables that another one waits for are named.
const WAITS_FOR_SHOWN_MAX: usize = 3;

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// How long one picture of the spinner stays.
const SPINNER_MS: u64 = 100;

/// States in the order in which a wave's header tells them, and how.
const STATES: [(TableLoadState, &str, Paint); 6] = [
    (TableLoadState::Completed, "loaded", Paint::Green),
    (TableLoadState::Failed, "failed", Paint::Red),
    (TableLoadState::Skipped, "skipped", Paint::Yellow),
    (TableLoadState::Loading, "loading", Paint::Cyan),
    (TableLoadState::Retrying, "retrying", Paint::Yellow),
    (TableLoadState::Waiting, "waiting", Paint::Dim),
];

/// `wave 1: 40 loaded, 1 failed, 3 loading`; several waves as `waves 1–4`.
pub(super) fn wave_header(first: usize, last: usize, counts: &StateCounts) -> Line {
    let title = if first == last {
        format!("wave {first}")
    } else {
        format!("waves {first}–{last}")
    };
    let mut line = Line::default().with(Paint::Bold, &title);
    let mut separator = ": ";
    for (state, word, paint) in STATES {
        let count = counts.of(state);
        if count > 0 {
            let text = format!("{} {word}", HumanCount(count as u64));
            line = line.with(Paint::Plain, separator).with(paint, &text);
            separator = ", ";
        }
    }
    line
}

/// `… 57 more waiting`, below those of a wave that are shown.
pub(super) fn more_waiting(count: usize) -> Line {
    let text = format!("{INDENT}… {} more waiting", HumanCount(count as u64));
    Line::default().with(Paint::Dim, &text)
}

/// The name of a table and how it is.
pub(super) fn table_row(board: &LoadBoard, table: &TableRow, style: RowStyle) -> Line {
    let line = Line::default()
        .with(Paint::Plain, INDENT)
        .with_column(Paint::Plain, &table.name, style.name)
        .with(Paint::Plain, GAP);
    let now_ms = board.now_ms();
    match &table.status {
        TableStatus::Waiting => line.with(Paint::Dim, &waiting(board, table)),
        TableStatus::Loading(progress) => loading(line, progress, now_ms, style),
        TableStatus::Retrying { attempt, due_ms, error } => {
            let delay_ms = due_ms.saturating_sub(now_ms);
            line.with(Paint::Yellow, &words::retrying(*attempt, delay_ms, error))
        }
        TableStatus::Ended { state, words } => line.with(paint(*state), words),
    }
}

fn paint(state: TableLoadState) -> Paint {
    let of_state = STATES.iter().find(|(other, ..)| *other == state);
    of_state.map_or(Paint::Plain, |(.., paint)| *paint)
}

/// `waits for orders, customers and 3 more`.
fn waiting(board: &LoadBoard, table: &TableRow) -> String {
    let mut open = board.waits_for(table);
    let named: Vec<&str> = open.by_ref().take(WAITS_FOR_SHOWN_MAX).collect();
    match (named.is_empty(), open.count()) {
        (true, _) => "waits for its turn".to_owned(),
        (false, 0) => format!("waits for {}", named.join(", ")),
        (false, more) => format!("waits for {} and {more} more", named.join(", ")),
    }
}

fn loading(line: Line, progress: &TableProgress, now_ms: u64, style: RowStyle) -> Line {
    let line = match progress.percent {
        _ if style.bar == 0 => line,
        Some(percent) => with_bar(line, percent, style.bar).with(Paint::Plain, GAP),
        None => line
            .with_column(Paint::Cyan, spinner(now_ms), style.bar)
            .with(Paint::Plain, GAP),
    };
    let percent = match progress.percent {
        Some(percent) => format!("{}%", percent as u64),
        None if style.bar == 0 => spinner(now_ms).to_owned(),
        None => String::new(),
    };
    let eta = progress.estimated_remaining_ms.map(words::short_time);
    let eta = eta.map_or_else(String::new, |eta| format!("ETA {eta:>6}"));
    let (amount, rate) = amount_and_rate(progress);
    let facts = [
        (style.percent, percent),
        (style.amount, amount),
        (style.rate, rate),
        (style.eta, eta),
    ];
    let told = facts.into_iter().filter(|(columns, _)| *columns > 0);
    let told: Vec<String> = told.map(|(columns, fact)| format!("{fact:>columns$}")).collect();
    line.with(Paint::Plain, told.join(GAP).trim_end())
}

/// What has been read, and how fast: in bytes for as long as there are no rows. Another attempt is told in place of the rate.
fn amount_and_rate(progress: &TableProgress) -> (String, String) {
    let (amount, rate) = if progress.rows > 0 || progress.bytes == 0 {
        let rate = HumanCount(progress.rows_per_second as u64);
        (words::rows(progress.rows), format!("{rate}/s"))
    } else {
        let rate = HumanBytes(progress.bytes_per_second as u64);
        (HumanBytes(progress.bytes).to_string(), format!("{rate}/s"))
    };
    match progress.attempt {
        0 | 1 => (amount, rate),
        attempt => (amount, format!("attempt {attempt}")),
    }
}

fn with_bar(line: Line, percent: f64, columns: usize) -> Line {
    // Rounded down: a bar is full when all is done.
    let filled = ((percent / 100.0 * columns as f64) as usize).min(columns);
    line.with(Paint::Cyan, &"━".repeat(filled))
        .with(Paint::Dim, &"─".repeat(columns - filled))
}

fn spinner(now_ms: u64) -> &'static str {
    let picture = now_ms / SPINNER_MS % SPINNER.len() as u64;
    SPINNER[picture as usize]
}

/// How far all tables together are.
pub(super) fn total_row(board: &LoadBoard, style: RowStyle) -> Line {
    let counts = board.counts();
    let summary = board.summary();
    let (ended, total) = (counts.ended(), counts.total());
    let percent = ended as f64 * 100.0 / total.max(1) as f64;
    let line = Line::default()
        .with_column(Paint::Bold, "total", style.names() - GAP.len())
        .with(Paint::Plain, GAP);
    let line = with_bar(line, percent, style.bar).with(Paint::Plain, if style.bar > 0 { GAP } else { "" });
    let mut facts = vec![
        format!("{} of {}", HumanCount(ended as u64), words::tables(total)),
        words::rows(summary.rows),
        format!("{}/s", HumanCount(summary.rows_per_second as u64)),
        words::short_time(board.now_ms()),
    ];
    let room = style.columns.saturating_sub(line.width());
    while facts.len() > 1 && facts.join(GAP).width() > room {
        // The rate would be missed least, then the time.
        facts.remove(facts.len().min(3) - 1);
    }
    line.with(Paint::Plain, &facts.join(GAP))
}
