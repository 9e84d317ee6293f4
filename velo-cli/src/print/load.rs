//! What a load has done, when it is over.

use std::fmt::Write;

use indicatif::{HumanBytes, HumanCount};
use velo_loader::{LoadOutcome, ParallelLoadingResult, WaveStats};

use super::errors::chain;
use super::text::printable;
use super::words::{duration, rows, tables};

/// The result for people: what became of each wave, then what failed or was left out and why, then all together.
pub(crate) fn summary_text(result: &ParallelLoadingResult) -> String {
    let mut text: String = result.waves.iter().map(wave_line).collect();
    text.push_str(&problems_text(result));
    text.push_str(&total_line(result));
    text
}

/// What failed or was left out, and why; nothing when everything is loaded.
pub(crate) fn problems_text(result: &ParallelLoadingResult) -> String {
    let failed = result.failed.iter().map(|(table, failure)| (table, chain(failure)));
    let skipped = result.skipped.iter().map(|(table, cause)| (table, cause.to_string()));
    listed("failed", failed) + &listed("skipped", skipped)
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
    line + "\n"
}

fn listed<'a>(title: &str, reasons: impl Iterator<Item = (&'a String, String)>) -> String {
    let mut text = String::new();
    for (table, reason) in reasons {
        if text.is_empty() {
            let _ = writeln!(text, "{title}:");
        }
        let _ = writeln!(text, "  {}: {}", printable(table), printable(&reason));
    }
    text
}

fn total_line(result: &ParallelLoadingResult) -> String {
    let loaded = result.successful.len();
    let all = loaded + result.failed.len() + result.skipped.len();
    let interrupted = if result.was_cancelled() { "interrupted: " } else { "" };
    let unchanged = unchanged_tables(result);
    let stats = || result.successful.values();
    let row_count: u64 = stats().map(|table| table.rows).sum();
    let bytes: u64 = stats().map(|table| table.bytes).sum();
    format!(
        "{interrupted}{} of {} loaded{unchanged} in {}: {}, {}\n",
        HumanCount(loaded as u64),
        tables(all),
        duration(result.total_duration.as_millis() as u64),
        rows(row_count),
        HumanBytes(bytes)
    )
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

    use indexmap::IndexMap;
    use velo_loader::{DependencyCause, LoadError, SkipCause, TableFailure, TableLoadStats};

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
        ParallelLoadingResult {
            successful: IndexMap::from([
                ("orders".to_owned(), stats(1_200_000, LoadOutcome::Loaded)),
                ("products".to_owned(), stats(34, LoadOutcome::Unchanged)),
            ]),
            failed: IndexMap::from([("customers".to_owned(), gave_up)]),
            skipped: IndexMap::from([("report".to_owned(), cause)]),
            total_duration: Duration::from_millis(4_260),
            waves: vec![
                wave(1, &["orders", "products", "customers"], 4_200, 2, 1),
                wave(2, &["report"], 0, 0, 0),
            ],
        }
    }

    #[test]
    fn the_summary_tells_of_waves_then_problems_then_all() {
        insta::assert_snapshot!(summary_text(&result()), @r"
        wave 1: 2 of 3 tables loaded, 1 failed in 4.2 s
        wave 2: 0 of 1 table loaded, 1 skipped
        failed:
          customers: gave up after 4 attempts: cannot connect to `db:5432`: connection\nrefused
        skipped:
          report: `totals` skipped: `customers` failed: gave up after 4 attempts
        2 of 4 tables loaded (1 unchanged) in 4.2 s: 1,200,034 rows, 114.44 MiB
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
        insta::assert_snapshot!(summary_text(&result), @r"
        wave 1: 1 of 1 table loaded in 40 ms
        1 of 1 table loaded in 42 ms: 1 row, 100 B
        ");
        assert_eq!(problems_text(&result), "");
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
        insta::assert_snapshot!(summary_text(&result), @r"
        wave 1: 0 of 1 table loaded, 1 skipped in 2.0 s
        skipped:
          orders: cancelled while it was loading
        interrupted: 0 of 1 table loaded in 2.0 s: 0 rows, 0 B
        ");
    }
}
