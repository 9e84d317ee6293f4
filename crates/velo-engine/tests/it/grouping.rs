use arrow::array::RecordBatch;
use datafusion_expr::{Expr, col, lit, when};
use velo_data::{RowErrorCause, SqlType, SystemColumn};
use velo_engine::{EngineError, OperatorError};
use velo_functions::AggregateKind;
use velo_planner::plan::{Distinct, ErrorPolicy, LogicalPlan, StatementSettings};

use crate::support::*;

fn orders() -> RecordBatch {
    batch(vec![
        ("key", texts([Some("b"), Some("a"), None, Some("b"), Some("a"), None])),
        ("value", integers([1, 2, 4, 8, 16, 32])),
    ])
}

#[test]
fn final_groups_come_once_in_the_order_of_their_keys_null_last() {
    let input = orders();
    let plan = by_text("key", vec![sum("total", "value"), count("rows")]).over(scan(&input));
    for parallelism in [1, 2, 3] {
        for rows_per_batch in [1, 4, 6] {
            let planned = statement("s", plan.clone());
            let (rows, _) = run_statement(planned, vec![sliced(&input, rows_per_batch)], parallelism).unwrap();
            assert_eq!(rows, ["a 18 2", "b 9 2", "NULL 36 2"], "{parallelism} workers");
        }
    }
}

#[test]
fn changes_come_with_every_row() {
    let input = orders();
    let plan = by_text("key", vec![sum("total", "value")]).changes().over(scan(&input));
    let expected = [
        "insert: b 1",
        "insert: a 2",
        "insert: NULL 4",
        "update_after: b 9",
        "update_after: a 18",
        "update_after: NULL 36",
    ];
    for rows_per_batch in [1, 4, 6] {
        let planned = statement("s", plan.clone());
        let (rows, _) = run_statement(planned, vec![sliced(&input, rows_per_batch)], 1).unwrap();
        assert_eq!(rows, expected);
        // With several workers each key still sees its changes in order.
        let planned = statement("s", plan.clone());
        let (rows, _) = run_statement(planned, vec![sliced(&input, rows_per_batch)], 3).unwrap();
        for key in ["a", "b", "NULL"] {
            let of_key = |row: &&str| row.split(' ').nth(1) == Some(key);
            let in_order: Vec<&str> = rows.iter().map(String::as_str).filter(of_key).collect();
            assert_eq!(in_order, expected.iter().copied().filter(of_key).collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_group_that_having_stops_to_hold_is_deleted_with_its_last_values() {
    let input = batch(vec![
        ("key", texts(["a", "a", "b", "a", "a", "b", "a"])),
        ("value", integers([5, 7, 1, -10, -1, 30, 100])),
    ]);
    let plan = by_text("key", vec![sum("total", "value")])
        .changes()
        .having(col("total").gt(lit(10_i64)))
        .over(scan(&input));
    for rows_per_batch in [1, 2, 3, 7] {
        let planned = statement("s", plan.clone());
        let (rows, _) = run_statement(planned, vec![sliced(&input, rows_per_batch)], 1).unwrap();
        assert_eq!(
            rows,
            ["insert: a 12", "delete: a 12", "insert: b 31", "insert: a 101"],
            "{rows_per_batch}"
        );
    }
}

#[test]
fn having_takes_any_condition_over_aggregates() {
    let input = batch(vec![
        ("key", texts(["p", "p", "q", "q", "q"])),
        ("a", integers([100, 50, 1, 2, 3])),
        ("b", integers([100, 100, 10, 10, 10])),
    ]);
    let total = |name: &str| col(name);
    let conditions: Vec<(Expr, &[&str])> = vec![
        // p: a = 150, b = 200, rows = 2, mean = 75; q: a = 6, b = 30, rows = 3, mean = 2
        (total("a").gt(lit(100_i64)), &["p 150 200 2 75.0"]),
        ((total("a") + total("b")).gt(lit(300_i64)), &["p 150 200 2 75.0"]),
        (total("rows").gt(lit(2_i64)), &["q 6 30 3 2.0"]),
        (
            when(total("a").gt(lit(100_i64)), lit(1_i64))
                .otherwise(lit(0_i64))
                .unwrap()
                .eq(lit(1_i64)),
            &["p 150 200 2 75.0"],
        ),
        (total("mean").gt(lit(1.0)), &["p 150 200 2 75.0", "q 6 30 3 2.0"]),
        (total("mean").is_null(), &[]),
    ];
    for (condition, expected) in conditions {
        let calls = vec![
            sum("a", "a"),
            sum("b", "b"),
            count("rows"),
            call("mean", AggregateKind::Avg, vec![col("a")], SqlType::Double),
        ];
        let plan = by_text("key", calls).having(condition.clone()).over(scan(&input));
        assert_eq!(rows_of(plan, &input), expected, "{condition}");
    }
}

#[test]
fn keys_of_any_type_and_number() {
    let input = batch(vec![
        ("i", integers([Some(1), Some(1), None, Some(1)])),
        ("b", booleans([Some(true), None, None, Some(true)])),
        ("d", decimals(5, 2, [100, 100, 100, 100])),
        ("n", integers([1, 2, 4, 8])),
    ]);
    let keys = vec![
        ("i", SqlType::BigInt, col("i")),
        ("b", SqlType::Boolean, col("b")),
        ("d", decimal(5, 2), col("d")),
    ];
    let plan = grouped(keys, vec![sum("total", "n")]).over(scan(&input));
    assert_eq!(
        rows_of(plan, &input),
        ["1 true 1.00 9", "1 NULL 1.00 2", "NULL NULL 1.00 4"]
    );
    let plan = grouped(vec![("i", SqlType::BigInt, col("i"))], vec![sum("total", "n")]).over(scan(&input));
    assert_eq!(rows_of(plan, &input), ["1 11", "NULL 4"]);
    let plan = grouped(vec![], vec![sum("total", "n")]).over(scan(&input));
    for parallelism in [1, 4] {
        let (rows, _) = run_statement(statement("s", plan.clone()), vec![vec![input.clone()]], parallelism).unwrap();
        assert_eq!(rows, ["15"]);
    }
}

#[test]
fn final_groups_carry_the_highest_event_time() {
    let input = batch(vec![
        ("key", texts(["a", "a", "b"])),
        ("at", integers([5000, 2000, 1000])),
    ]);
    let plan = by_text("key", vec![count("rows")])
        .metadata(&[SystemColumn::EventTime])
        .over(timed(scan(&input), "at", 10_000));
    assert_eq!(
        rows_of(plan, &input),
        ["a 2 1970-01-01T00:00:05", "b 1 1970-01-01T00:00:01"]
    );
}

#[test]
fn a_sum_that_does_not_fit_is_an_error_of_its_group() {
    let input = batch(vec![
        ("key", texts(["a", "a", "b", "a"])),
        ("value", integers([i64::MAX, 1, 3, -1])),
    ]);
    // The final value of `a` fits, although it did not on the way.
    let plan = by_text("key", vec![sum("total", "value")]).over(scan(&input));
    assert_eq!(rows_of(plan, &input), ["a 9223372036854775807", "b 3"]);
    let plan = by_text("key", vec![sum("total", "value")]).changes().over(scan(&input));
    let (rows, summary) = run_statement(statement("s", plan), vec![vec![input]], 1).unwrap();
    assert_eq!(
        rows,
        [
            "insert: a 9223372036854775807",
            "insert: b 3",
            "update_after: a 9223372036854775807"
        ]
    );
    let rejected = &summary.statements[0].errors[&RowErrorCause::Expression];
    assert_eq!(rejected.rows, 1);
    assert_eq!(
        rejected.samples[0].to_string(),
        "column `total`: the value of the group does not fit BIGINT: group key = 'a'"
    );
}

#[test]
fn rows_whose_expression_fails_are_isolated() {
    let mut texts_in: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    texts_in[17] = "x".into();
    texts_in[18] = "y".into();
    texts_in[80] = "z".into();
    let input = batch(vec![("text", texts(texts_in.iter().map(String::as_str)))]);
    let plan = project(
        scan(&input),
        vec![("n", SqlType::BigInt, datafusion_expr::cast(col("text"), big_int()))],
    );
    let (rows, summary) = run_statement(statement("s", plan.clone()), vec![vec![input.clone()]], 1).unwrap();
    let expected: Vec<String> = texts_in
        .iter()
        .filter(|text| text.parse::<i64>().is_ok())
        .cloned()
        .collect();
    assert_eq!(rows, expected);
    let rejected = &summary.statements[0].errors[&RowErrorCause::Expression];
    assert_eq!((rejected.rows, rejected.samples.len()), (3, 3));
    assert!(rejected.samples[0].message.contains("'x'"), "{}", rejected.samples[0]);
    assert_eq!(rejected.samples[0].column.as_deref(), Some("n"));

    let mut failing = statement("s", plan);
    failing.settings.error_policy = ErrorPolicy::Fail;
    let error = run_statement(failing, vec![vec![input]], 1).unwrap_err();
    assert!(
        matches!(&error, EngineError::Row { statement, .. } if statement == "s"),
        "{error}"
    );
}

#[test]
fn rejected_rows_go_to_the_dead_letter_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dead.jsonl");
    let input = batch(vec![("text", texts(["1", "x"]))]);
    let plan = project(
        scan(&input),
        vec![("n", SqlType::BigInt, datafusion_expr::cast(col("text"), big_int()))],
    );
    let mut planned = statement("s", plan);
    planned.settings.error_policy = ErrorPolicy::DeadLetter { path: path.clone() };
    let (rows, _) = run_statement(planned, vec![vec![input]], 1).unwrap();
    assert_eq!(rows, ["1"]);
    let letters = std::fs::read_to_string(path).unwrap();
    assert_eq!(letters.lines().count(), 1);
    assert!(letters.contains("\"cause\":\"expression\""), "{letters}");
}

#[test]
fn a_where_that_is_null_is_not_true() {
    let input = batch(vec![("n", integers([Some(1), None, Some(3)]))]);
    let plan = with_filter(scan(&input), col("n").gt(lit(1_i64)));
    assert_eq!(rows_of(plan, &input), ["3"]);
    let plan = with_filter(scan(&input), !col("n").eq(lit(1_i64)));
    assert_eq!(rows_of(plan, &input), ["3"]);
}

#[test]
fn more_groups_than_allowed_fail_the_statement() {
    let input = batch(vec![("key", texts(["a", "b", "c"])), ("value", integers([1, 2, 3]))]);
    for parallelism in [1, 3] {
        for (groups_max, fits) in [(3, true), (2, false)] {
            let mut planned = statement("s", by_text("key", vec![sum("total", "value")]).over(scan(&input)));
            planned.settings = StatementSettings {
                groups_max: Some(groups_max),
                ..StatementSettings::default()
            };
            let result = run_statement(planned, vec![vec![input.clone()]], parallelism);
            match result {
                Ok((rows, _)) => assert!(fits && rows.len() == 3),
                Err(EngineError::Operator {
                    source: OperatorError::TooManyGroups { groups_max: 2 },
                    ..
                }) => assert!(!fits),
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn distinct_keeps_the_first_of_equal_rows() {
    let input = batch(vec![
        ("a", texts([Some("x"), Some("x"), None, Some("y"), None, Some("x")])),
        ("b", integers([1, 1, 2, 1, 2, 3])),
    ]);
    for rows_per_batch in [1, 4, 6] {
        for parallelism in [1, 3] {
            let plan = LogicalPlan::Distinct(Distinct {
                input: Box::new(scan(&input)),
            });
            let (rows, _) =
                run_statement(statement("s", plan), vec![sliced(&input, rows_per_batch)], parallelism).unwrap();
            assert_eq!(sorted(rows), ["NULL 2", "x 1", "x 3", "y 1"]);
        }
    }
}
