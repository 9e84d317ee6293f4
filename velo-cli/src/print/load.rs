//! What a load has done, when it is over.

use std::fmt::Write as _;

use indexmap::IndexMap;
use indicatif::{HumanBytes, HumanCount};
use velo_loader::{LoadOutcome, ParallelLoadingResult, SkipCause, TableLoadStats, WaveStats};

use super::errors::chain;
use super::line::{Line, Paint};
use super::text::printable;
use super::words::{duration, rows, tables};

/// Longest name that is not cut.
const NAME_COLUMNS_MAX: usize = 32;

/// Columns of the word that says what became of a table.
const WORD_COLUMNS: usize = 9;

/// Tables that are named, at most, of those that wait for one that failed.
const WAITING_NAMED_MAX: usize = 20;

const INDENT: &str = "  ";

/// What becomes of each wave; `with_tables` adds a line for each of its tables, where none has been told before.
pub(crate) fn waves(result: &ParallelLoadingResult, with_tables: bool) -> Vec<Line> {
    let columns = Columns::of(result);
    let mut lines = Vec::new();
    for wave in &result.waves {
        lines.push(Line::default().with(Paint::Bold, &wave_line(wave)));
        let names = wave.tables.iter().filter(|_| with_tables);
        lines.extend(names.filter_map(|name| table_line(name, result, columns)));
    }
    lines
}

/// What failed or was left out, and why: each cause once, with the tables that wait for it. Nothing when everything is
/// loaded.
pub(crate) fn problems(result: &ParallelLoadingResult) -> Vec<Line> {
    let mut lines = Vec::new();
    let failures = result
        .failed
        .iter()
        .map(|(table, failure)| (table.as_str(), chain(failure)));
    for (message, names) in by_cause(failures) {
        let waiting = waiting_for(&names, result);
        lines.push(problem(&names, Paint::Red, &message));
        lines.extend((!waiting.is_empty()).then(|| {
            let text = format!("{INDENT}{INDENT}skipped with it: {}", named(&waiting));
            Line::default().with(Paint::Yellow, &text)
        }));
    }
    if !lines.is_empty() {
        lines.insert(0, Line::default().with(Paint::Plain, "failed:"));
    }
    let others = result.skipped.iter().filter_map(|(table, cause)| match cause {
        SkipCause::Dependency(cause) if result.failed.contains_key(&*cause.failed) => None,
        cause => Some((table.as_str(), briefly(cause))),
    });
    let others = by_cause(others);
    lines.extend((!others.is_empty()).then(|| Line::default().with(Paint::Plain, "skipped:")));
    lines.extend(
        others
            .iter()
            .map(|(message, names)| problem(names, Paint::Yellow, message)),
    );
    lines
}

/// All tables together: `6 loaded (2 unchanged), 3 failed, 3 skipped in 4.2 s: 1,200 rows, 1.00 MiB`.
pub(crate) fn total(result: &ParallelLoadingResult) -> Line {
    let interrupted = if result.was_cancelled() { "interrupted: " } else { "" };
    let mut line = Line::default().with(Paint::Plain, interrupted);
    let loaded = format!("{} loaded", HumanCount(result.successful.len() as u64));
    line = line
        .with(Paint::Green, &loaded)
        .with(Paint::Plain, &unchanged_tables(result));
    for (count, word, paint) in [
        (result.failed.len(), "failed", Paint::Red),
        (result.skipped.len(), "skipped", Paint::Yellow),
    ] {
        if count > 0 {
            let text = format!("{} {word}", HumanCount(count as u64));
            line = line.with(Paint::Plain, ", ").with(paint, &text);
        }
    }
    let stats = || result.successful.values();
    let row_count: u64 = stats().map(|table| table.rows).sum();
    let bytes: u64 = stats().map(|table| table.bytes).sum();
    let told = format!(
        " in {}: {}, {}",
        duration(result.total_duration.as_millis() as u64),
        rows(row_count),
        HumanBytes(bytes)
    );
    line.with(Paint::Plain, &told)
}

/// The result for programs, on one line: the end of a load's events.
pub(crate) fn result_json(result: &ParallelLoadingResult) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string(result)? + "\n")
}

fn wave_line(wave: &WaveStats) -> String {
    let all = wave.tables.len();
    let skipped = all - wave.successful - wave.failed;
    let mut line = format!("wave {}: {} of {} loaded", wave.wave, wave.successful, tables(all));
    for (count, word) in [(wave.failed, "failed"), (skipped, "skipped")] {
        if count > 0 {
            // Writing to a String cannot fail.
            let _ = write!(line, ", {count} {word}");
        }
    }
    if !wave.duration.is_zero() {
        let _ = write!(line, " in {}", duration(wave.duration.as_millis() as u64));
    }
    line
}

/// How wide the columns of the tables' lines are.
#[derive(Clone, Copy)]
struct Columns {
    name: usize,
    rows: usize,
    /// Nothing when no table lacks rows.
    skipped: usize,
    time: usize,
}

impl Columns {
    fn of(result: &ParallelLoadingResult) -> Self {
        let names = result.waves.iter().flat_map(|wave| &wave.tables);
        let widest = |texts: &mut dyn Iterator<Item = String>| texts.map(|text| text.len()).max().unwrap_or(0);
        let stats = || result.successful.values();
        Self {
            name: names
                .map(|name| unicode_width::UnicodeWidthStr::width(&*printable(name)))
                .max()
                .unwrap_or(0)
                .min(NAME_COLUMNS_MAX),
            rows: widest(&mut stats().map(|table| rows(table.rows))),
            skipped: widest(&mut stats().map(lacking)),
            time: widest(&mut stats().map(time)),
        }
    }
}

/// Rows that a table lacks: `3 skipped`; nothing when it lacks none.
fn lacking(table: &TableLoadStats) -> String {
    match table.skipped_rows {
        0 => String::new(),
        count => format!("{} skipped", HumanCount(count)),
    }
}

/// How long a table took, unless nothing was done.
fn time(table: &TableLoadStats) -> String {
    match table.outcome {
        LoadOutcome::Unchanged => String::new(),
        _ => duration(table.duration.as_millis() as u64),
    }
}

/// `orders  reloaded  1,200 rows  3 skipped  0.3 s  its definition has changed`.
fn table_line(name: &str, result: &ParallelLoadingResult, columns: Columns) -> Option<Line> {
    let line = Line::default()
        .with(Paint::Plain, INDENT)
        .with_column(Paint::Plain, name, columns.name)
        .with(Paint::Plain, INDENT);
    if let Some(table) = result.successful.get(name) {
        let (word, detail) = outcome(table);
        let mut facts = vec![format!("{:>width$}", rows(table.rows), width = columns.rows)];
        if columns.skipped > 0 {
            facts.push(format!("{:>width$}", lacking(table), width = columns.skipped));
        }
        facts.push(format!("{:>width$}", time(table), width = columns.time));
        facts.push(detail);
        let line = line
            .with_column(Paint::Green, word, WORD_COLUMNS)
            .with(Paint::Plain, INDENT);
        return Some(line.with(Paint::Plain, facts.join(INDENT).trim_end()));
    }
    if result.failed.contains_key(name) {
        return Some(line.with(Paint::Red, "failed"));
    }
    let cause = result.skipped.get(name)?;
    let line = line
        .with_column(Paint::Yellow, "skipped", WORD_COLUMNS)
        .with(Paint::Plain, INDENT);
    Some(line.with(Paint::Plain, &briefly(cause)))
}

/// How a table came to be loaded, in a word, and what there is to say beside.
fn outcome(table: &TableLoadStats) -> (&'static str, String) {
    let (word, detail) = match &table.outcome {
        LoadOutcome::Loaded => ("loaded", String::new()),
        LoadOutcome::Unchanged => ("unchanged", String::new()),
        LoadOutcome::Incremental { rows_read } => ("extended", format!("{} read", rows(*rows_read))),
        LoadOutcome::Reloaded { reason } => ("reloaded", reason.clone()),
    };
    match (table.attempts, detail.as_str()) {
        (0 | 1, _) => (word, detail),
        (attempts, "") => (word, format!("attempt {attempts}")),
        (attempts, _) => (word, format!("{detail} (attempt {attempts})")),
    }
}

/// Why a table was skipped, without the message of another one that failed.
fn briefly(cause: &SkipCause) -> String {
    match cause {
        SkipCause::Dependency(cause) => super::words::needs(cause.needed()),
        SkipCause::FailFast { failed, .. } => format!("stopped because `{failed}` failed"),
        SkipCause::Cancelled { .. } | SkipCause::TotalTimeout { .. } | SkipCause::NotBegun { .. } => cause.to_string(),
    }
}

/// The tables of each cause, in the order in which causes come.
fn by_cause<'a>(problems: impl Iterator<Item = (&'a str, String)>) -> IndexMap<String, Vec<&'a str>> {
    let mut causes: IndexMap<String, Vec<&str>> = IndexMap::new();
    for (table, cause) in problems {
        causes.entry(cause).or_default().push(table);
    }
    causes
}

fn problem(tables: &[&str], paint: Paint, message: &str) -> Line {
    let names = format!("{INDENT}{}: ", named(tables));
    Line::default().with(Paint::Plain, &names).with(paint, message)
}

/// The tables that were skipped for want of one of these; of those that need it through others, what they need.
fn waiting_for(failed: &[&str], result: &ParallelLoadingResult) -> Vec<String> {
    let waits = result.skipped.iter().filter_map(|(table, cause)| match cause {
        SkipCause::Dependency(cause) if failed.contains(&&*cause.failed) => Some(match cause.through.first() {
            Some(needed) => format!("{table} (needs {needed})"),
            None => table.clone(),
        }),
        _ => None,
    });
    waits.collect()
}

fn named<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<&str> = names.iter().take(WAITING_NAMED_MAX).map(AsRef::as_ref).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn unchanged_tables(result: &ParallelLoadingResult) -> String {
    let is_unchanged = |outcome: &LoadOutcome| *outcome == LoadOutcome::Unchanged;
    let outcomes = result.successful.values().map(|table| &table.outcome);
    match outcomes.filter(|outcome| is_unchanged(outcome)).count() {
        0 => String::new(),
        count => format!(" ({count} unchanged)"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use velo_loader::{DependencyCause, LoadError, TableFailure};

    use super::*;

    fn stats(rows: u64, outcome: LoadOutcome) -> TableLoadStats {
        TableLoadStats {
            rows,
            bytes: rows * 100,
            skipped_rows: 0,
            outcome,
            attempts: 1,
            duration: Duration::from_millis(300),
        }
    }

    fn wave(number: usize, tables: &[&str], millis: u64, successful: usize, failed: usize) -> WaveStats {
        WaveStats {
            wave: number,
            tables: tables.iter().map(|table| (*table).to_owned()).collect(),
            duration: Duration::from_millis(millis),
            successful,
            failed,
        }
    }

    fn result() -> ParallelLoadingResult {
        let refused = LoadError::transient("cannot connect to `db:5432`").with_source("connection\nrefused");
        let gave_up = TableFailure::GaveUp {
            attempts: 4,
            source: refused,
        };
        let cause = SkipCause::Dependency(DependencyCause {
            through: vec!["totals".into()],
            through_omitted: 0,
            failed: "customers".into(),
            message: "gave up after 4 attempts".into(),
        });
        let reloaded = LoadOutcome::Reloaded {
            reason: "its definition has changed".to_owned(),
        };
        ParallelLoadingResult {
            successful: IndexMap::from([
                ("orders".to_owned(), stats(1_200_000, LoadOutcome::Loaded)),
                ("products".to_owned(), stats(34, LoadOutcome::Unchanged)),
                (
                    "countries".to_owned(),
                    TableLoadStats {
                        skipped_rows: 3,
                        ..stats(250, reloaded)
                    },
                ),
                ("rates".to_owned(), stats(12, LoadOutcome::Incremental { rows_read: 2 })),
            ]),
            failed: IndexMap::from([("customers".to_owned(), gave_up)]),
            skipped: IndexMap::from([("report".to_owned(), cause)]),
            total_duration: Duration::from_millis(4_260),
            waves: vec![
                wave(
                    1,
                    &["orders", "products", "customers", "countries", "rates"],
                    4_200,
                    4,
                    1,
                ),
                wave(2, &["report"], 0, 0, 0),
            ],
        }
    }

    fn told(lines: &[Line]) -> String {
        let style = velo_common::RenderStyle {
            color: false,
            columns: None,
        };
        super::super::line::text(lines, style)
    }

    fn all(result: &ParallelLoadingResult) -> String {
        told(&waves(result, true)) + &told(&problems(result)) + &told(&[total(result)])
    }

    #[test]
    fn each_table_is_told_with_its_wave_then_problems_then_all() {
        insta::assert_snapshot!(all(&result()), @r"
        wave 1: 4 of 5 tables loaded, 1 failed in 4.2 s
          orders     loaded     1,200,000 rows             0.3 s
          products   unchanged         34 rows
          customers  failed
          countries  reloaded         250 rows  3 skipped  0.3 s  its definition has changed
          rates      extended          12 rows             0.3 s  2 rows read
        wave 2: 0 of 1 table loaded, 1 skipped
          report     skipped    needs totals
        failed:
          customers: gave up after 4 attempts: cannot connect to `db:5432`: connection\nrefused
            skipped with it: report (needs totals)
        4 loaded (1 unchanged), 1 failed, 1 skipped in 4.2 s: 1,200,296 rows, 114.47 MiB
        ");
        assert_eq!(waves(&result(), false).len(), 2);
    }

    #[test]
    fn a_cause_is_told_once_with_those_that_wait_for_it() {
        let refused = || TableFailure::Failed(LoadError::permanent("cannot connect to `db:5432`"));
        let behind = |through: &[&str]| {
            SkipCause::Dependency(DependencyCause {
                through: through.iter().map(|name| (*name).into()).collect(),
                through_omitted: 0,
                failed: "customers".into(),
                message: "cannot connect to `db:5432`".into(),
            })
        };
        let result = ParallelLoadingResult {
            failed: IndexMap::from([("customers".to_owned(), refused()), ("orders".to_owned(), refused())]),
            skipped: IndexMap::from([
                ("totals".to_owned(), behind(&[])),
                ("report".to_owned(), behind(&["totals"])),
                ("a".to_owned(), SkipCause::Cancelled { was_loading: false }),
                ("b".to_owned(), SkipCause::Cancelled { was_loading: false }),
            ]),
            ..ParallelLoadingResult::default()
        };
        insta::assert_snapshot!(told(&problems(&result)), @r"
        failed:
          customers, orders: cannot connect to `db:5432`
            skipped with it: totals, report (needs totals)
        skipped:
          a, b: cancelled before it started
        ");
    }

    #[test]
    fn nothing_is_said_of_problems_where_there_are_none() {
        let result = ParallelLoadingResult {
            successful: IndexMap::from([("orders".to_owned(), stats(1, LoadOutcome::Loaded))]),
            total_duration: Duration::from_millis(42),
            waves: vec![wave(1, &["orders"], 40, 1, 0)],
            ..ParallelLoadingResult::default()
        };
        insta::assert_snapshot!(all(&result), @r"
        wave 1: 1 of 1 table loaded in 40 ms
          orders  loaded     1 row  0.3 s
        1 loaded in 42 ms: 1 row, 100 B
        ");
        assert_eq!(told(&problems(&result)), "");
    }

    #[test]
    fn who_interrupts_a_load_is_told_so() {
        let cancelled = SkipCause::Cancelled { was_loading: true };
        let result = ParallelLoadingResult {
            skipped: IndexMap::from([("orders".to_owned(), cancelled)]),
            total_duration: Duration::from_secs(2),
            waves: vec![wave(1, &["orders"], 2_000, 0, 0)],
            ..ParallelLoadingResult::default()
        };
        insta::assert_snapshot!(all(&result), @r"
        wave 1: 0 of 1 table loaded, 1 skipped in 2.0 s
          orders  skipped    cancelled while it was loading
        skipped:
          orders: cancelled while it was loading
        interrupted: 0 loaded, 1 skipped in 2.0 s: 0 rows, 0 B
        ");
    }
}
