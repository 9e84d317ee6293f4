//! Numbers, times, and what happened to a table, in a few words: the same ones wherever they are read.

use indicatif::HumanCount;
use velo_loader::LoadOutcome;

/// `1 row`, `1,200 rows`.
pub(crate) fn rows(count: u64) -> String {
    counted(count, "row")
}

/// `1 table`, `12 tables`.
pub(crate) fn tables(count: usize) -> String {
    counted(count as u64, "table")
}

fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", HumanCount(count))
}

/// A time that has passed: `40 ms`, `0.3 s`, `2 min 05 s`, `1 h 05 min`.
pub(crate) fn duration(millis: u64) -> String {
    match millis {
        0..100 => format!("{millis} ms"),
        100..60_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        60_000..3_600_000 => format!("{} min {:02} s", millis / 60_000, millis / 1_000 % 60),
        _ => format!("{} h {:02} min", millis / 3_600_000, millis / 60_000 % 60),
    }
}

/// A time in as few columns as may be: `12s`, `2m05s`, `1h05m`.
pub(crate) fn short_time(millis: u64) -> String {
    let seconds = millis.div_ceil(1_000);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// How a table came to be loaded.
pub(crate) fn completed(outcome: &LoadOutcome, row_count: u64, attempts: u32, duration_ms: u64) -> String {
    let rows = rows(row_count);
    let time = duration(duration_ms);
    let how = match outcome {
        LoadOutcome::Loaded => format!("loaded {rows} in {time}"),
        LoadOutcome::Unchanged => format!("unchanged, {rows}"),
        LoadOutcome::Incremental { rows_read } => {
            format!("read {} new, {rows} in {time}", HumanCount(*rows_read))
        }
        LoadOutcome::Reloaded { reason } => format!("loaded {rows} in {time}, again: {reason}"),
    };
    match attempts {
        0 | 1 => how,
        attempts => format!("{how} (attempt {attempts})"),
    }
}

/// Why a table could not be loaded.
pub(crate) fn failed(error: &str) -> String {
    format!("failed: {error}")
}

/// Why a table was left out: for the want of another one, of which it has been told why, or for this cause.
pub(crate) fn skipped(needed: Option<&str>, cause: &str) -> String {
    match needed {
        Some(table) => format!("skipped: {}", needs(table)),
        None => format!("skipped: {cause}"),
    }
}

/// Why a table was left out that needs another one which is not there.
pub(crate) fn needs(table: &str) -> String {
    format!("needs {table}")
}

/// When a table is tried again, and why it has to be.
pub(crate) fn retrying(attempt: u32, delay_ms: u64, error: &str) -> String {
    format!("retrying {} (attempt {attempt}): {error}", soon(delay_ms))
}

fn soon(delay_ms: u64) -> String {
    match delay_ms {
        0 => "now".to_owned(),
        1..10_000 => format!("in {}", duration(delay_ms)),
        _ => format!("in {}", duration(delay_ms.next_multiple_of(1_000))).replace(".0 s", " s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        let cases = [
            (0, "0 ms", "0s"),
            (99, "99 ms", "1s"),
            (100, "0.1 s", "1s"),
            (59_999, "59.9 s", "1m00s"),
            (60_000, "1 min 00 s", "1m00s"),
            (125_000, "2 min 05 s", "2m05s"),
            (3_900_000, "1 h 05 min", "1h05m"),
        ];
        for (millis, long, short) in cases {
            assert_eq!(duration(millis), long);
            assert_eq!(short_time(millis), short);
        }
    }

    #[test]
    fn delays_are_told_as_people_would() {
        let cases = [
            (0, "now"),
            (80, "in 80 ms"),
            (2_500, "in 2.5 s"),
            (29_001, "in 30 s"),
            (61_000, "in 1 min 01 s"),
        ];
        for (delay_ms, expected) in cases {
            assert_eq!(soon(delay_ms), expected);
        }
    }

    #[test]
    fn outcomes_say_what_was_read() {
        let reloaded = LoadOutcome::Reloaded {
            reason: "its definition has changed".to_owned(),
        };
        let cases = [
            (LoadOutcome::Loaded, 1, "loaded 1,200 rows in 0.3 s"),
            (LoadOutcome::Loaded, 3, "loaded 1,200 rows in 0.3 s (attempt 3)"),
            (LoadOutcome::Unchanged, 1, "unchanged, 1,200 rows"),
            (
                LoadOutcome::Incremental { rows_read: 20 },
                1,
                "read 20 new, 1,200 rows in 0.3 s",
            ),
            (
                reloaded,
                1,
                "loaded 1,200 rows in 0.3 s, again: its definition has changed",
            ),
        ];
        for (outcome, attempts, expected) in cases {
            assert_eq!(completed(&outcome, 1_200, attempts, 310), expected);
        }
    }
}
