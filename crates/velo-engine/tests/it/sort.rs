//! ORDER BY. The orders are those of DuckDB 2.0 for the same values.

use arrow::array::RecordBatch;

use crate::support::*;

fn values() -> RecordBatch {
    batch(vec![
        ("n", integers([Some(1), Some(2), Some(3), None, Some(4)])),
        ("b", integers([Some(10), Some(5), None, Some(7), Some(7)])),
        (
            "f",
            floats([
                Some(1.5),
                Some(-f64::NAN),
                Some(f64::NEG_INFINITY),
                Some(-0.0),
                Some(0.0),
            ]),
        ),
        ("s", texts([Some("b"), Some("B"), None, Some("a"), Some("ä")])),
    ])
}

/// The first column of the rows in order.
fn order(keys: &[(&str, bool, bool)]) -> Vec<String> {
    let input = values();
    let plan = ordered(scan(&input), keys, None);
    let mut orders = Vec::new();
    for rows_per_batch in [1, 2, 5] {
        let input = vec![sliced(&input, rows_per_batch)];
        let (rows, _) = run_statement(statement("s", plan.clone()), input, 1).unwrap();
        orders.push(
            rows.iter()
                .map(|row| row.split(' ').next().unwrap().to_owned())
                .collect::<Vec<_>>(),
        );
    }
    assert!(orders.iter().all(|order| *order == orders[0]), "{orders:?}");
    orders.swap_remove(0)
}

#[test]
fn nulls_and_floats_are_ordered_as_in_duckdb() {
    /// Columns with whether they descend and whether NULL comes first, and the rows in order.
    type Case = (&'static [(&'static str, bool, bool)], [&'static str; 5]);
    let cases: [Case; 9] = [
        (&[("b", false, false)], ["2", "NULL", "4", "1", "3"]),
        (&[("b", true, false)], ["1", "NULL", "4", "2", "3"]),
        (&[("b", false, true)], ["3", "2", "NULL", "4", "1"]),
        (&[("b", true, true)], ["3", "1", "NULL", "4", "2"]),
        // NaN is the greatest whatever its sign; -0 equals 0, so that the one that came first stays first.
        (&[("f", false, false)], ["3", "NULL", "4", "1", "2"]),
        (&[("f", true, false)], ["2", "1", "NULL", "4", "3"]),
        (&[("s", false, false)], ["2", "NULL", "1", "4", "3"]),
        (&[("b", false, false), ("n", true, false)], ["2", "4", "NULL", "1", "3"]),
        (&[("b", true, true), ("n", false, true)], ["3", "1", "NULL", "4", "2"]),
    ];
    for (keys, expected) in cases {
        assert_eq!(order(keys), expected, "{keys:?}");
    }
}

/// The first rows of many, with all other rows let go on the way.
#[test]
fn the_first_rows_of_many_are_kept() {
    let count = 100_000_i64;
    let shuffled = |row: i64| row * 7_919 % count;
    let input = batch(vec![
        ("n", integers((0..count).map(shuffled))),
        ("tie", integers((0..count).map(|row| shuffled(row) / 10))),
    ]);
    for (offset, limit) in [(0, 0), (0, 1), (3, 5), (9_000, 500)] {
        let plan = with_limit(
            ordered(scan(&input), &[("n", false, false)], Some(offset + limit)),
            Some(limit),
            offset,
        );
        let expected: Vec<String> = (offset..offset + limit).map(|n| format!("{n} {}", n / 10)).collect();
        for parallelism in [1, 2] {
            let batches = vec![sliced(&input, 1_000)];
            let (rows, _) = run_statement(statement("s", plan.clone()), batches, parallelism).unwrap();
            assert_eq!(rows, expected, "{limit} behind {offset}");
        }
    }
    // Of ten equal rows those that came first are kept, in their order.
    let plan = ordered(scan(&input), &[("tie", true, false)], Some(15));
    let (rows, _) = run_statement(statement("s", plan), vec![sliced(&input, 512)], 1).unwrap();
    let mut expected: Vec<i64> = (0..count).map(shuffled).collect();
    expected.sort_by_key(|n| std::cmp::Reverse(n / 10));
    let expected: Vec<String> = expected[..15].iter().map(|n| format!("{n} {}", n / 10)).collect();
    assert_eq!(rows, expected);
}

#[test]
fn each_window_is_ordered_by_itself() {
    let input = batch(vec![
        ("at", integers([1, 2, 3, 5_001, 5_002, 10_001])),
        ("key", texts(["a", "b", "b", "a", "c", "a"])),
    ]);
    let windows = by_text("key", vec![count("rows")]).window(tumbling(5_000, 0));
    let plan = ordered(
        windows.over(timed(scan(&input), "at", 0)),
        &[("rows", true, false), ("key", true, false)],
        None,
    );
    for parallelism in [1, 3] {
        for rows_per_batch in [1, 6] {
            let input = vec![sliced(&input, rows_per_batch)];
            let (rows, _) = run_statement(statement("s", plan.clone()), input, parallelism).unwrap();
            assert_eq!(
                rows,
                [
                    "b 2 0 5000",
                    "a 1 0 5000",
                    "c 1 5000 10000",
                    "a 1 5000 10000",
                    "a 1 10000 15000"
                ]
            );
        }
    }
}
