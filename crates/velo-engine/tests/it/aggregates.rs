//! Every aggregate against values from elsewhere: DuckDB 1.4 over the same rows, unless noted otherwise.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion_common::ScalarValue;
use datafusion_expr::function::AccumulatorArgs;
use datafusion_expr::{AggregateUDF, col, lit};
use datafusion_functions_aggregate::{average, count, min_max, stddev, sum, variance};
use datafusion_physical_expr::expressions::Column;
use proptest::prelude::*;
use velo_data::SqlType;
use velo_functions::AggregateKind as Kind;

use crate::support::*;

/// Three groups: `a` has everything, `b` some NULLs, `c` nothing but NULLs.
pub(crate) fn table() -> RecordBatch {
    let none_d: Option<f64> = None;
    batch(vec![
        ("k", texts(["a", "a", "b", "a", "b", "a", "c"])),
        ("i", integers([Some(1), None, Some(5), Some(7), Some(5), Some(1), None])),
        (
            "d",
            floats([Some(0.1), Some(0.2), Some(-3.5), Some(0.3), Some(2.25), none_d, none_d]),
        ),
        (
            "m",
            decimals(
                10,
                2,
                [Some(110), Some(220), None, Some(-333), Some(1), Some(220), None],
            ),
        ),
        (
            "s",
            texts([
                Some("pear"),
                None,
                Some("fig"),
                Some("apple"),
                Some("date"),
                Some("pear"),
                None,
            ]),
        ),
        (
            "b",
            booleans([Some(true), None, Some(false), Some(false), None, Some(true), None]),
        ),
        // 2024-01-02, 1969-12-31, 2023-05-05, 2030-01-01
        (
            "t",
            dates([
                Some(19_724),
                None,
                Some(-1),
                Some(19_482),
                Some(21_915),
                Some(19_724),
                None,
            ]),
        ),
        (
            "y",
            floats([Some(2.0), Some(1.0), None, Some(5.0), Some(4.5), Some(3.0), None]),
        ),
        ("j", integers([Some(1), None, Some(5), Some(7), Some(5), Some(1), None])),
    ])
}

fn over(name: &'static str, kind: Kind, column: &str, sql_type: SqlType) -> Named {
    call(name, kind, vec![col(column)], sql_type)
}

fn pair(name: &'static str, kind: Kind) -> Named {
    call(name, kind, vec![col("y"), col("d")], SqlType::Double)
}

fn double_of_i(kind: Kind) -> Named {
    call(
        "x",
        kind,
        vec![datafusion_expr::cast(col("i"), DataType::Float64)],
        SqlType::Double,
    )
}

/// Calls, with the values of the groups `a`, `b` and `c`.
pub(crate) fn cases() -> Vec<(Named, [&'static str; 3])> {
    use SqlType::{BigInt, Boolean, Date, Double, String};
    let ten_two = || decimal(10, 2);
    let list = |element| SqlType::Array(Box::new(element));
    vec![
        (count_all(), ["4", "2", "1"]),
        (over("x", Kind::Count, "i", BigInt), ["3", "2", "0"]),
        (over("x", Kind::Sum, "i", BigInt), ["9", "10", "NULL"]),
        (over("x", Kind::Avg, "i", Double), ["3.0", "5.0", "NULL"]),
        (over("x", Kind::Min, "i", BigInt), ["1", "5", "NULL"]),
        (over("x", Kind::Max, "i", BigInt), ["7", "5", "NULL"]),
        // Python's math.fsum: the plain sum of `a` would be 0.6000000000000001.
        (over("x", Kind::Sum, "d", Double), ["0.6", "-1.25", "NULL"]),
        (
            over("x", Kind::Avg, "d", Double),
            ["0.19999999999999998", "-0.625", "NULL"],
        ),
        (over("x", Kind::Min, "d", Double), ["0.1", "-3.5", "NULL"]),
        (over("x", Kind::Max, "d", Double), ["0.3", "2.25", "NULL"]),
        (over("x", Kind::Sum, "m", decimal(38, 2)), ["2.17", "0.01", "NULL"]),
        (
            over("x", Kind::Avg, "m", decimal(38, 8)),
            ["0.54250000", "0.01000000", "NULL"],
        ),
        (over("x", Kind::Min, "m", ten_two()), ["-3.33", "0.01", "NULL"]),
        (over("x", Kind::Max, "m", ten_two()), ["2.20", "0.01", "NULL"]),
        (over("x", Kind::Min, "s", String), ["apple", "date", "NULL"]),
        (over("x", Kind::Max, "s", String), ["pear", "fig", "NULL"]),
        (over("x", Kind::Min, "b", Boolean), ["false", "false", "NULL"]),
        (over("x", Kind::Max, "b", Boolean), ["true", "false", "NULL"]),
        (over("x", Kind::Min, "t", Date), ["2023-05-05", "1969-12-31", "NULL"]),
        (over("x", Kind::Max, "t", Date), ["2024-01-02", "2030-01-01", "NULL"]),
        // By hand with exact sums: squares .14 - .36 / 3 = .02, halved.
        (
            over("x", Kind::StddevSamp, "d", Double),
            ["0.09999999999999999", "4.065863991822648", "NULL"],
        ),
        (
            over("x", Kind::VarSamp, "y", Double),
            ["2.9166666666666665", "NULL", "NULL"],
        ),
        (double_of_i(Kind::VarPop), ["8.0", "0.0", "NULL"]),
        (double_of_i(Kind::StddevPop), ["2.8284271247461903", "0.0", "NULL"]),
        (over("x", Kind::CountDistinct, "i", BigInt), ["2", "1", "0"]),
        (over("x", Kind::Count, "s", BigInt).distinct(), ["2", "2", "0"]),
        (over("x", Kind::ApproxCountDistinct, "s", BigInt), ["2", "2", "0"]),
        (over("x", Kind::Sum, "i", BigInt).distinct(), ["8", "5", "NULL"]),
        (
            over("x", Kind::Sum, "m", decimal(38, 2)).distinct(),
            ["-0.03", "0.01", "NULL"],
        ),
        (over("x", Kind::Avg, "i", Double).distinct(), ["4.0", "5.0", "NULL"]),
        (over("x", Kind::Max, "i", BigInt).distinct(), ["7", "5", "NULL"]),
        (over("x", Kind::BoolAnd, "b", Boolean), ["false", "false", "NULL"]),
        (over("x", Kind::BoolOr, "b", Boolean), ["true", "false", "NULL"]),
        (over("x", Kind::Median, "y", Double), ["2.5", "4.5", "NULL"]),
        (
            call("x", Kind::PercentileCont, vec![col("y"), lit(0.25)], Double),
            ["1.75", "4.5", "NULL"],
        ),
        (
            call("x", Kind::PercentileDisc, vec![col("i"), lit(0.5)], BigInt),
            ["1", "5", "NULL"],
        ),
        (
            call("x", Kind::PercentileDisc, vec![col("d"), lit(0.9)], Double),
            ["0.3", "2.25", "NULL"],
        ),
        (over("x", Kind::FirstValue, "i", BigInt), ["1", "5", "NULL"]),
        (over("x", Kind::LastValue, "s", String), ["pear", "date", "NULL"]),
        (over("x", Kind::FirstValue, "s", String), ["pear", "fig", "NULL"]),
        (over("x", Kind::LastValue, "d", Double), ["NULL", "2.25", "NULL"]),
        // As LAST, but a NULL is no value.
        (over("x", Kind::LatestByOffset, "d", Double), ["0.3", "2.25", "NULL"]),
        (
            over("x", Kind::EarliestByOffset, "b", Boolean),
            ["true", "false", "NULL"],
        ),
        (
            over("x", Kind::StringAgg, "s", String),
            ["pear,apple,pear", "fig,date", "NULL"],
        ),
        (
            over("x", Kind::ArrayAgg, "i", list(BigInt)),
            ["[1, NULL, 7, 1]", "[5, 5]", "[NULL]"],
        ),
        (
            over("x", Kind::CollectSet, "i", list(BigInt)),
            ["[1, NULL, 7]", "[5]", "[NULL]"],
        ),
        (
            call("x", Kind::TopK, vec![col("i"), lit(2_i64)], list(BigInt)),
            ["[7, 1]", "[5, 5]", "NULL"],
        ),
        (
            call("x", Kind::TopKDistinct, vec![col("i"), lit(2_i64)], list(BigInt)),
            ["[7, 1]", "[5]", "NULL"],
        ),
        (over("x", Kind::Delta, "i", BigInt), ["6", "0", "NULL"]),
        (pair("x", Kind::RegrAvgY), ["2.6666666666666665", "4.5", "NULL"]),
        (pair("x", Kind::RegrSyy), ["8.666666666666666", "0.0", "NULL"]),
        (
            over("x", Kind::Sum, "i", BigInt).filtered(col("d").gt(lit(0.0))),
            ["8", "5", "NULL"],
        ),
        (count_all().filtered(col("b")), ["2", "0", "0"]),
        (
            over("x", Kind::Count, "i", BigInt).distinct().filtered(col("b")),
            ["1", "0", "0"],
        ),
    ]
}

/// Aggregates of pairs: the same, up to the last digits.
pub(crate) fn approximate_cases() -> Vec<(Named, [Option<f64>; 3])> {
    vec![
        (pair("x", Kind::Corr), [Some(0.720_576_692_122_892), None, None]),
        (pair("x", Kind::CovarPop), [Some(0.1), Some(0.0), None]),
        (pair("x", Kind::CovarSamp), [Some(0.15), None, None]),
        (pair("x", Kind::RegrAvgX), [Some(0.2), Some(2.25), None]),
        (pair("x", Kind::RegrAvgY), [Some(8.0 / 3.0), Some(4.5), None]),
        (pair("x", Kind::RegrSxx), [Some(0.02), Some(0.0), None]),
        (pair("x", Kind::RegrSyy), [Some(26.0 / 3.0), Some(0.0), None]),
        (pair("x", Kind::RegrSxy), [Some(0.3), Some(0.0), None]),
        (pair("x", Kind::RegrSlope), [Some(15.0), None, None]),
        (pair("x", Kind::RegrIntercept), [Some(-1.0 / 3.0), None, None]),
        (pair("x", Kind::RegrR2), [Some(0.519_230_769_230_769), None, None]),
    ]
}

fn count_all() -> Named {
    crate::support::count("x")
}

#[test]
fn every_aggregate_has_the_value_that_duckdb_gives() {
    let input = table();
    for (index, (named, expected)) in cases().into_iter().enumerate() {
        let what = format!("case {index}: {:?}", named.call);
        let rows = rows_of(by_text("k", vec![named]).over(scan(&input)), &input);
        let expected: Vec<String> = ["a", "b", "c"]
            .iter()
            .zip(expected)
            .map(|(key, value)| format!("{key} {value}"))
            .collect();
        assert_eq!(rows, expected, "{what}");
    }
}

#[test]
fn the_last_change_of_a_group_is_its_final_value() {
    let input = table();
    for (named, expected) in cases() {
        let what = format!("{:?}", named.call);
        let rows = rows_of(by_text("k", vec![named]).changes().over(scan(&input)), &input);
        assert_eq!(rows.len(), input.num_rows(), "{what}");
        for (key, value) in ["a", "b", "c"].iter().zip(expected) {
            let last = rows.iter().rfind(|row| row.split(' ').nth(1) == Some(key)).unwrap();
            assert_eq!(last.split_once(": ").unwrap().1, format!("{key} {value}"), "{what}");
        }
    }
}

#[test]
fn aggregates_of_pairs_have_the_value_that_duckdb_gives() {
    let input = table();
    for (named, expected) in approximate_cases() {
        let what = format!("{:?}", named.call);
        let rows = rows_of(by_text("k", vec![named]).over(scan(&input)), &input);
        for (row, expected) in rows.iter().zip(expected) {
            let value = row.split(' ').nth(1).unwrap().parse::<f64>().ok();
            let close = value
                .zip(expected)
                .is_some_and(|(value, expected)| (value - expected).abs() < 1e-12);
            assert!(
                close || (value.is_none() && expected.is_none()),
                "{what}: {row}, not {expected:?}"
            );
        }
    }
}

/// By hand. What does not fit is an error of its group alone, in words of SQL.
#[test]
fn differences_that_overflow_are_errors_of_their_group() {
    let largest = 10_i128.pow(38) - 1;
    let input = batch(vec![
        ("k", texts(["a", "a", "b", "b"])),
        ("i", integers([i64::MAX, i64::MIN, i64::MAX, 0])),
        ("m", decimals(38, 2, [largest, -largest, 1, -1])),
    ]);
    let delta = |column, sql_type| by_text("k", vec![over("x", Kind::Delta, column, sql_type)]).over(scan(&input));
    let twice = "a 1999999999999999999999999999999999999.98";
    assert_eq!(rows_of(delta("m", decimal(39, 2)), &input), [twice, "b 0.02"]);
    let (rows, summary) = run_statement(
        statement("s", delta("i", SqlType::BigInt)),
        vec![vec![input.clone()]],
        1,
    )
    .unwrap();
    assert_eq!(rows, ["b 9223372036854775807"]);
    let message = format!("{summary:?}");
    assert!(
        message.contains("9223372036854775807 - -9223372036854775808 overflows") && !message.contains("Arrow"),
        "{message}"
    );
}

/// A value beside a small noise loses its noise to squares of 53 bits. Expected values by Python's exact fractions, which
/// DuckDB meets to 5 digits.
#[test]
fn aggregates_of_pairs_keep_small_differences_of_large_numbers() {
    let rows = 0..1000_i32;
    let noisy = |factor: i32, modulus: i32, parts: f64| {
        let value = move |row: i32| 1e9 + f64::from(row * factor % modulus) / parts;
        floats(rows.clone().map(value))
    };
    let input = batch(vec![
        ("k", texts(vec!["a"; rows.len()])),
        ("y", noisy(53, 97, 16.0)),
        ("d", noisy(37, 101, 8.0)),
    ]);
    for (kind, expected) in [
        (Kind::RegrSlope, -0.001_390_499_384_635_007_3),
        (Kind::RegrIntercept, 1_001_390_502.386_264_9),
        (Kind::RegrR2, 8.392_158_723_842_66e-6),
        (Kind::Corr, -0.002_896_922_284_743_355),
        (Kind::CovarPop, -0.018_498_984_375),
        (Kind::CovarSamp, -0.018_517_501_876_876_875),
        (Kind::RegrSxx, 13_303.842_187_5),
        (Kind::RegrSyy, 3_065.102_464_843_75),
        (Kind::RegrSxy, -18.498_984_375),
    ] {
        let rows = rows_of(by_text("k", vec![pair("x", kind)]).over(scan(&input)), &input);
        let value: f64 = rows[0].split(' ').nth(1).unwrap().parse().unwrap();
        assert!(
            (value / expected - 1.0).abs() < 1e-14,
            "{kind:?}: {value}, not {expected}"
        );
    }
}

/// As in DuckDB and the SQL standard, but for NULL where DuckDB has NaN. A tenth is no number of 53 bits.
#[test]
fn lines_through_equal_values() {
    let values = |y: [f64; 3], d: [f64; 3]| batch(vec![("k", texts(["a"; 3])), ("y", floats(y)), ("d", floats(d))]);
    let level = values([0.1; 3], [1.0, 2.0, 4.0]);
    let upright = values([1.0, 2.0, 4.0], [0.1; 3]);
    for (kind, of_level, of_upright) in [
        (Kind::RegrR2, "1.0", "NULL"),
        (Kind::RegrSlope, "0.0", "NULL"),
        (Kind::RegrIntercept, "0.1", "NULL"),
        (Kind::Corr, "NULL", "NULL"),
        (Kind::CovarPop, "0.0", "0.0"),
    ] {
        for (input, expected) in [(&level, of_level), (&upright, of_upright)] {
            let rows = rows_of(by_text("k", vec![pair("x", kind)]).over(scan(input)), input);
            assert_eq!(rows, [format!("a {expected}")], "{kind:?}");
        }
    }
}

#[test]
fn first_and_last_go_by_event_time_then_arrival() {
    let input = batch(vec![
        ("k", texts(["a"; 5])),
        ("at", integers([3000, 1000, 5000, 1000, 5000])),
        ("v", texts(["c", "a1", "e1", "a2", "e2"])),
    ]);
    let calls = || {
        vec![
            over("first", Kind::FirstValue, "v", SqlType::String),
            over("last", Kind::LastValue, "v", SqlType::String),
            over("earliest", Kind::EarliestByOffset, "v", SqlType::String),
            over("latest", Kind::LatestByOffset, "v", SqlType::String),
        ]
    };
    let plan = by_text("k", calls()).over(timed(scan(&input), "at", 10_000));
    assert_eq!(rows_of(plan, &input), ["a a1 e2 c e2"]);
    let plan = by_text("k", calls()).changes().over(timed(scan(&input), "at", 10_000));
    let expected = [
        "insert: a c c c c",
        "update_after: a a1 c c a1",
        "update_after: a a1 e1 c e1",
        "update_after: a a1 e1 c a2",
        "update_after: a a1 e2 c e2",
    ];
    assert_eq!(rows_of(plan, &input), expected);
}

#[test]
fn approximate_counts_are_near() {
    for values in [10, 2048, 2049, 20_000, 200_000_i64] {
        let input = batch(vec![
            ("k", texts(vec!["a"; 2 * values as usize])),
            ("v", integers((0..values).chain(0..values))),
        ]);
        let plan = by_text("k", vec![over("x", Kind::ApproxCountDistinct, "v", SqlType::BigInt)]).over(scan(&input));
        let rows = rows_of(plan, &input);
        let estimate: f64 = rows[0].split(' ').nth(1).unwrap().parse().unwrap();
        let error = (estimate - values as f64).abs() / values as f64;
        assert!(
            error < 0.03 && (values > 2048 || error == 0.0),
            "{estimate} of {values}"
        );
    }
}

#[test]
fn a_decimal_sum_beyond_38_digits_is_an_error_of_its_group() {
    let largest = 10_i128.pow(38) - 1;
    let input = batch(vec![
        ("k", texts(["a", "a", "b"])),
        ("m", decimals(38, 0, [largest, 1, 1])),
    ]);
    let plan = by_text("k", vec![over("x", Kind::Sum, "m", decimal(38, 0))]).over(scan(&input));
    assert_eq!(rows_of(plan, &input), ["b 1"]);
}

/// The value of DataFusion's own accumulator over a column.
fn datafusion(function: &AggregateUDF, values: &ArrayRef) -> ScalarValue {
    let schema = Schema::new(vec![Field::new("v", values.data_type().clone(), true)]);
    let field = Arc::new(schema.field(0).clone());
    let mut accumulator = function
        .accumulator(AccumulatorArgs {
            return_field: function.return_field(std::slice::from_ref(&field)).unwrap(),
            schema: &schema,
            ignore_nulls: false,
            order_bys: &[],
            is_reversed: false,
            name: "x",
            is_distinct: false,
            exprs: &[Arc::new(Column::new("v", 0))],
            expr_fields: &[field],
        })
        .unwrap();
    accumulator.update_batch(std::slice::from_ref(values)).unwrap();
    accumulator.evaluate().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Where DataFusion neither wraps nor loses digits, our aggregates are its.
    #[test]
    fn aggregates_agree_with_datafusion(values in prop::collection::vec(prop::option::of(-1000_i32..1000), 1..200)) {
        let column: ArrayRef = Arc::new(values.iter().map(|value| value.map(|value| f64::from(value) / 8.0)).collect::<Float64Array>());
        let input = batch(vec![("k", texts(vec!["a"; values.len()])), ("v", Arc::clone(&column))]);
        let functions = [
            (Kind::Sum, sum::sum_udaf()),
            (Kind::Avg, average::avg_udaf()),
            (Kind::Min, min_max::min_udaf()),
            (Kind::Max, min_max::max_udaf()),
            (Kind::StddevSamp, stddev::stddev_udaf()),
            (Kind::StddevPop, stddev::stddev_pop_udaf()),
            (Kind::VarSamp, variance::var_samp_udaf()),
            (Kind::VarPop, variance::var_pop_udaf()),
        ];
        for (kind, function) in functions {
            let rows = rows_of(by_text("k", vec![over("x", kind, "v", SqlType::Double)]).over(scan(&input)), &input);
            let ours = rows[0].split(' ').nth(1).unwrap().parse::<f64>().ok();
            let ScalarValue::Float64(theirs) = datafusion(&function, &column) else {
                panic!("{kind:?} is no DOUBLE");
            };
            let close = ours.zip(theirs).is_some_and(|(ours, theirs)| (ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0));
            prop_assert!(close || ours == theirs, "{kind:?}: {ours:?}, not {theirs:?}");
        }
        let rows = rows_of(by_text("k", vec![over("x", Kind::Count, "v", SqlType::BigInt)]).over(scan(&input)), &input);
        let ScalarValue::Int64(Some(theirs)) = datafusion(&count::count_udaf(), &column) else {
            panic!("COUNT is no BIGINT");
        };
        prop_assert_eq!(&rows[0], &format!("a {theirs}"));
        prop_assert_eq!(column.data_type(), &DataType::Float64);
    }
}
