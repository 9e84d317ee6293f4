//! Batches and workers are invisible: however the rows are divided, the answer is the same.

use arrow::array::RecordBatch;
use datafusion_expr::{col, lit};
use proptest::prelude::*;
use velo_data::{ChangelogMode, RowErrorCause, SqlType, SystemColumn};
use velo_functions::AggregateKind as Kind;
use velo_planner::plan::{Distinct, LogicalPlan};

use crate::support::*;

/// `(key, jitter of time, value)`
pub(crate) type Record = (Option<u8>, i64, Option<i64>);

pub(crate) fn records() -> impl Strategy<Value = Vec<Record>> {
    let record = (
        prop::option::weighted(0.9, 0_u8..6),
        -4000_i64..4000,
        prop::option::weighted(0.8, -100_i64..100),
    );
    prop::collection::vec(record, 1..120)
}

/// Records whose times go on by a second each, more or less.
pub(crate) fn table(records: &[Record]) -> RecordBatch {
    let keys: Vec<Option<String>> = records.iter().map(|(key, _, _)| key.map(key_text)).collect();
    let at = records
        .iter()
        .enumerate()
        .map(|(index, (_, jitter, _))| index as i64 * 1000 + jitter);
    batch(vec![
        ("key", texts(keys.iter().map(Option::as_deref))),
        ("at", integers(at)),
        ("value", integers(records.iter().map(|(_, _, value)| *value))),
        (
            "tenth",
            floats(
                records
                    .iter()
                    .map(|(_, _, value)| value.map(|value| value as f64 / 10.0)),
            ),
        ),
        ("name", texts(keys.iter().map(Option::as_deref))),
    ])
}

/// Some keys are longer than a string view holds inline.
fn key_text(key: u8) -> String {
    if key.is_multiple_of(2) {
        format!("key {key}")
    } else {
        format!("a key of more than twelve bytes {key}")
    }
}

fn calls() -> Vec<Named> {
    let over = |name, kind, column, sql_type| call(name, kind, vec![col(column)], sql_type);
    vec![
        count("rows"),
        sum("total", "value"),
        over("tenths", Kind::Sum, "tenth", SqlType::Double),
        over("mean", Kind::Avg, "tenth", SqlType::Double),
        over("deviation", Kind::StddevSamp, "tenth", SqlType::Double),
        over("least", Kind::Min, "name", SqlType::String),
        over("greatest", Kind::Max, "value", SqlType::BigInt),
        over("first", Kind::FirstValue, "value", SqlType::BigInt),
        over("last", Kind::LastValue, "value", SqlType::BigInt),
        over("distinct", Kind::CountDistinct, "value", SqlType::BigInt),
        over("about", Kind::ApproxCountDistinct, "value", SqlType::BigInt),
        over("median", Kind::Median, "tenth", SqlType::Double),
        over(
            "list",
            Kind::ArrayAgg,
            "value",
            SqlType::Array(Box::new(SqlType::BigInt)),
        ),
        call(
            "top",
            Kind::TopK,
            vec![col("value"), lit(3_i64)],
            SqlType::Array(Box::new(SqlType::BigInt)),
        ),
        sum("positive", "value").filtered(col("value").gt(lit(0_i64))),
        sum("distinct_total", "value").distinct(),
    ]
}

/// Plans of every operator over a table.
pub(crate) fn plans(input: &RecordBatch) -> Vec<LogicalPlan> {
    let two_keys = || {
        let parity = (col("value") % lit(2_i64), SqlType::BigInt);
        grouped(
            vec![("key", SqlType::String, col("key")), ("parity", parity.1, parity.0)],
            vec![count("rows"), sum("total", "value")],
        )
    };
    let by_value = || grouped(vec![("value", SqlType::BigInt, col("value"))], vec![count("rows")]);
    let windowed = |lateness_ms| by_text("key", calls()).window(tumbling(5000, lateness_ms));
    let with_time = || timed(scan(input), "at", 1000);
    vec![
        with_filter(scan(input), col("value").gt(lit(0_i64))),
        by_text("key", calls()).over(scan(input)),
        by_text("key", calls()).changes().over(scan(input)),
        by_text("key", calls())
            .changes()
            .having(col("total").gt(lit(50_i64)))
            .over(scan(input)),
        two_keys().over(scan(input)),
        two_keys().changes().over(scan(input)),
        by_value().over(scan(input)),
        by_text("key", calls())
            .metadata(&[SystemColumn::EventTime])
            .over(with_time()),
        windowed(0).over(with_time()),
        windowed(3000).over(with_time()),
        windowed(0).having(col("rows").gt(lit(1_i64))).over(with_time()),
        windowed(0).changes().over(with_time()),
        windowed(2000)
            .changes()
            .having(col("total").gt(lit(0_i64)))
            .over(with_time()),
        // By all columns, since of equal rows the one that came first comes first.
        ordered(
            scan(input),
            &[("value", true, true), ("key", false, false), ("at", false, false)],
            None,
        ),
        ordered(
            scan(input),
            &[("key", true, false), ("at", true, false), ("value", false, false)],
            Some(5),
        ),
        ordered(
            windowed(0).over(with_time()),
            &[("total", true, false), ("key", false, true)],
            None,
        ),
        ordered(
            by_text("key", calls()).over(scan(input)),
            &[("rows", true, false), ("key", false, false)],
            Some(2),
        ),
        LogicalPlan::Distinct(Distinct {
            input: Box::new(project(
                scan(input),
                vec![
                    ("key", SqlType::String, col("key")),
                    ("positive", SqlType::Boolean, col("value").gt(lit(0_i64))),
                ],
            )),
        }),
    ]
}

fn outcome(plan: &LogicalPlan, batches: Vec<RecordBatch>, parallelism: usize) -> (Vec<String>, u64) {
    let (rows, summary) = run_statement(statement("s", plan.clone()), vec![batches], parallelism).unwrap();
    let late = summary.statements[0].errors.get(&RowErrorCause::Late);
    (rows, late.map_or(0, |late| late.rows))
}

/// Whether the order of rows does not depend on the number of workers either.
fn is_ordered(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Aggregate(aggregate) => aggregate.output_mode == ChangelogMode::AppendOnly,
        LogicalPlan::Distinct(_) => false,
        _ => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn dividing_rows_changes_nothing(records in records(), rows_per_batch in 1_usize..40, parallelism in 2_usize..5) {
        let input = table(&records);
        for (index, plan) in plans(&input).iter().enumerate() {
            let (expected, late) = outcome(plan, vec![input.clone()], 1);
            let (rows, also_late) = outcome(plan, sliced(&input, rows_per_batch), 1);
            prop_assert_eq!(&rows, &expected, "plan {}", index);
            prop_assert_eq!(late, also_late);
            let (rows, also_late) = outcome(plan, sliced(&input, rows_per_batch), parallelism);
            if is_ordered(plan) {
                prop_assert_eq!(&rows, &expected, "plan {} with {} workers", index, parallelism);
            } else {
                prop_assert_eq!(sorted(rows), sorted(expected), "plan {} with {} workers", index, parallelism);
            }
            prop_assert_eq!(late, also_late);
        }
    }
}
