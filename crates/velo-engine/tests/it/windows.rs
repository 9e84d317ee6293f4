use std::time::Duration;

use arrow::array::RecordBatch;
use datafusion_expr::col;
use velo_data::{RowErrorCause, SqlType, SystemColumn};
use velo_functions::AggregateKind;
use velo_planner::plan::{ErrorPolicy, LatePolicy, LogicalPlan, Window};

use crate::support::*;

/// Records of `(milliseconds, key, value)`.
fn events(records: &[(i64, &str, i64)]) -> RecordBatch {
    batch(vec![
        ("at", integers(records.iter().map(|(at, _, _)| *at))),
        ("key", texts(records.iter().map(|(_, key, _)| *key))),
        ("value", integers(records.iter().map(|(_, _, value)| *value))),
    ])
}

fn sums(input: &RecordBatch, lateness_ms: u64, out_of_orderness_ms: u64) -> LogicalPlan {
    by_text("key", vec![sum("total", "value")])
        .window(tumbling(5000, lateness_ms))
        .over(timed(scan(input), "at", out_of_orderness_ms))
}

/// `SELECT customer_id, AVG(amount) FROM orders GROUP BY customer_id WINDOW TUMBLING(5s)`, by hand.
#[test]
fn a_tumbling_window_gives_one_row_per_window() {
    let orders = events(&[(1000, "c", 10), (2000, "c", 20), (6000, "c", 30), (7000, "c", 50)]);
    let plan = by_text(
        "key",
        vec![call("mean", AggregateKind::Avg, vec![col("value")], SqlType::Double)],
    )
    .window(tumbling(5000, 0))
    .over(timed(scan(&orders), "at", 0));
    for parallelism in [1, 2, 5] {
        for rows_per_batch in [1, 2, 4] {
            let input = vec![sliced(&orders, rows_per_batch)];
            let (rows, summary) = run_statement(statement("s", plan.clone()), input, parallelism).unwrap();
            assert_eq!(rows, ["c 15.0 0 5000", "c 40.0 5000 10000"]);
            assert_eq!((summary.statements[0].rows_in, summary.statements[0].rows_out), (4, 2));
        }
    }
}

#[test]
fn results_come_in_the_order_of_windows_then_keys() {
    let input = events(&[
        (1, "b", 1),
        (2, "a", 2),
        (5001, "c", 3),
        (3, "z", 4),
        (5002, "a", 5),
        (-1, "m", 6),
    ]);
    let expected = [
        "m 6 -5000 0",
        "a 2 0 5000",
        "b 1 0 5000",
        "z 4 0 5000",
        "a 5 5000 10000",
        "c 3 5000 10000",
    ];
    for parallelism in [1, 2, 4] {
        let plan = sums(&input, 0, 60_000);
        let (rows, _) = run_statement(statement("s", plan), vec![vec![input.clone()]], parallelism).unwrap();
        assert_eq!(rows, expected, "{parallelism} workers");
    }
}

#[test]
fn late_rows_are_counted_whatever_the_batches() {
    // The watermark reaches 5000 with the second row; the third and fourth come after, 2001 and 1000 ms behind it.
    let input = events(&[
        (1000, "a", 1),
        (7001, "a", 2),
        (5000, "a", 4),
        (3000, "a", 8),
        (4001, "b", 16),
        (7002, "a", 32),
    ]);
    for rows_per_batch in [1, 2, 3, 6] {
        for parallelism in [1, 3] {
            let input_batches = vec![sliced(&input, rows_per_batch)];
            let planned = statement("s", sums(&input, 0, 1000));
            let (rows, summary) = run_statement(planned, input_batches, parallelism).unwrap();
            assert_eq!(rows, ["a 1 0 5000", "a 38 5000 10000"]);
            let summary = &summary.statements[0];
            let late = summary.late.unwrap();
            assert_eq!(late.rows, 2);
            // 7001 - 3000: with that bound the watermark would have stood at 3000.
            assert_eq!(late.sufficient_out_of_orderness, Duration::from_millis(4001));
            let rejected = &summary.errors[&RowErrorCause::Late];
            assert_eq!(rejected.rows, 2);
            let message = "it came 3001ms behind the watermark, and its window [0, 5000) is closed";
            assert!(
                rejected.samples.iter().any(|sample| sample.message == message),
                "{rejected:?}"
            );
        }
    }
    let planned = statement("s", sums(&input, 0, 4001));
    let (rows, summary) = run_statement(planned, vec![vec![input]], 1).unwrap();
    assert_eq!(rows, ["a 9 0 5000", "b 16 0 5000", "a 38 5000 10000"]);
    assert_eq!(summary.statements[0].late, None);
}

#[test]
fn a_row_within_the_allowed_lateness_updates_its_window() {
    let input = events(&[
        (1000, "a", 1),
        (6000, "a", 2),
        (2000, "a", 4),
        (3000, "b", 8),
        (12_000, "a", 16),
        (4000, "a", 32),
    ]);
    for rows_per_batch in [1, 2, 6] {
        let planned = statement("s", sums(&input, 2000, 0));
        let (rows, summary) = run_statement(planned, vec![sliced(&input, rows_per_batch)], 1).unwrap();
        let expected = [
            "insert: a 1 0 5000",
            "update_after: a 5 0 5000",
            "insert: b 8 0 5000",
            "insert: a 2 5000 10000",
            "insert: a 16 10000 15000",
        ];
        assert_eq!(rows, expected, "{rows_per_batch} rows per batch");
        assert_eq!(summary.statements[0].late.unwrap().rows, 1);
    }
}

/// The watermark reaches 5000 with the second row, and no further: that is enough, so that the third row is an update.
#[test]
fn a_window_is_due_when_the_watermark_reaches_its_end() {
    let input = events(&[(1000, "a", 1), (5000, "a", 2), (4000, "a", 4)]);
    let planned = statement("s", sums(&input, 2000, 0));
    let (rows, _) = run_statement(planned, vec![sliced(&input, 1)], 1).unwrap();
    let expected = [
        "insert: a 1 0 5000",
        "update_after: a 5 0 5000",
        "insert: a 2 5000 10000",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn changes_come_out_with_every_record_of_every_window() {
    let input = events(&[(1000, "a", 1), (6000, "a", 2), (2000, "a", 4), (3000, "b", 8)]);
    let plan = by_text("key", vec![sum("total", "value")])
        .changes()
        .window(tumbling(5000, 0))
        .metadata(&[SystemColumn::WindowStart, SystemColumn::EventTime])
        .over(timed(scan(&input), "at", 10_000));
    for rows_per_batch in [1, 2, 4] {
        let (rows, _) = run_statement(statement("s", plan.clone()), vec![sliced(&input, rows_per_batch)], 1).unwrap();
        let expected = [
            "insert: a 1 0 1970-01-01T00:00:01",
            "insert: a 2 5000 1970-01-01T00:00:06",
            "update_after: a 5 0 1970-01-01T00:00:02",
            "insert: b 8 0 1970-01-01T00:00:03",
        ];
        assert_eq!(rows, expected);
    }
}

#[test]
fn final_rows_carry_the_last_millisecond_of_their_window() {
    let input = events(&[(1000, "a", 1)]);
    let plan = by_text("key", vec![sum("total", "value")])
        .window(tumbling(5000, 0))
        .metadata(&[SystemColumn::EventTime])
        .over(timed(scan(&input), "at", 0));
    assert_eq!(rows_of(plan, &input), ["a 1 1970-01-01T00:00:04.999"]);
}

#[test]
fn a_row_without_event_time_is_an_error_of_that_row() {
    let input = batch(vec![
        ("at", integers([Some(1000), None, Some(2000)])),
        ("key", texts(["a", "a", "a"])),
        ("value", integers([1, 2, 4])),
    ]);
    let (rows, summary) = run_statement(statement("s", sums(&input, 0, 0)), vec![vec![input]], 1).unwrap();
    assert_eq!(rows, ["a 5 0 5000"]);
    let rejected = &summary.statements[0].errors[&RowErrorCause::EventTime];
    assert_eq!(
        (rejected.rows, rejected.samples[0].message.as_str()),
        (1, "the event time is missing")
    );
}

#[test]
fn filtered_rows_still_move_time_on() {
    let input = events(&[(1000, "a", 1), (6000, "x", 2), (2000, "a", 4)]);
    let LogicalPlan::Scan(mut only_a) = timed(scan(&input), "at", 0) else {
        unreachable!();
    };
    only_a.filters = vec![col("key").eq(text("a"))];
    let plan = by_text("key", vec![sum("total", "value")])
        .window(tumbling(5000, 0))
        .over(LogicalPlan::Scan(only_a));
    let (rows, summary) = run_statement(statement("s", plan), vec![vec![input]], 1).unwrap();
    assert_eq!(rows, ["a 1 0 5000"]);
    assert_eq!(summary.statements[0].late.unwrap().rows, 1);
}

#[test]
fn partitions_wait_for_each_other() {
    let ahead = events(&[(1000, "a", 1), (11_000, "a", 2)]);
    let behind = events(&[(2000, "a", 4), (3000, "a", 8)]);
    for parallelism in [1, 2] {
        let input = vec![sliced(&ahead, 1), sliced(&behind, 1)];
        let (rows, summary) = run_statement(statement("s", sums(&ahead, 0, 0)), input, parallelism).unwrap();
        assert_eq!(rows, ["a 13 0 5000", "a 2 10000 15000"]);
        assert_eq!(summary.statements[0].late, None);
    }
}

#[test]
fn late_rows_go_to_the_dead_letter_file_if_the_window_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let input = events(&[(1000, "a", 1), (6000, "a", 2), (2000, "a", 4), (3000, "a", 8)]);
    for (late, letters) in [(LatePolicy::Drop, 0), (LatePolicy::DeadLetter, 2)] {
        let path = directory.path().join(format!("{late:?}.jsonl"));
        let window = Window {
            late,
            ..tumbling(5000, 0)
        };
        let plan = by_text("key", vec![sum("total", "value")])
            .window(window)
            .over(timed(scan(&input), "at", 0));
        let mut planned = statement("s", plan);
        planned.settings.error_policy = ErrorPolicy::DeadLetter { path: path.clone() };
        let (rows, summary) = run_statement(planned, vec![vec![input.clone()]], 1).unwrap();
        assert_eq!(rows, ["a 1 0 5000", "a 2 5000 10000"]);
        assert_eq!(summary.statements[0].late.unwrap().rows, 2);
        let written = std::fs::read_to_string(path).unwrap();
        assert_eq!(
            written
                .lines()
                .filter(|line| line.contains("\"cause\":\"late\""))
                .count(),
            letters
        );
    }
}
