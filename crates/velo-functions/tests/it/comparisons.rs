use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringViewArray};
use arrow::datatypes::TimestampMillisecondType;
use datafusion_common::ScalarValue;
use datafusion_expr::{Expr, Like, Operator, binary_expr, col, lit};
use velo_data::SqlType;
use velo_functions::{cast_expr, common_type, comparison_key, event_time, failing_event_time};

use crate::support::{check, evaluate, evaluate_on, sql_type, value};

/// By hand, from the rules of the dialect.
#[test]
fn types_meet() {
    let rows = [
        ("TINYINT", "SMALLINT", "SMALLINT"),
        ("BIGINT", "TINYINT", "BIGINT"),
        ("BIGINT", "DECIMAL(10,2)", "DECIMAL(21, 2)"),
        ("TINYINT", "DECIMAL(10,2)", "DECIMAL(10, 2)"),
        ("DECIMAL(10,2)", "DECIMAL(5,4)", "DECIMAL(12, 4)"),
        ("DECIMAL(38,0)", "DECIMAL(38,38)", "DECIMAL(76, 38)"),
        ("DECIMAL(10,2)", "DOUBLE", "DOUBLE"),
        ("NULL", "DATE", "DATE"),
        ("NULL", "NULL", "NULL"),
        ("DATE", "TIMESTAMP", "TIMESTAMP"),
        ("STRING", "DATE", "DATE"),
        ("TIMESTAMP", "STRING", "TIMESTAMP"),
        ("TIME", "STRING", "TIME"),
        ("STRING", "INTERVAL", "INTERVAL"),
        ("TIMESTAMP", "BIGINT", "TIMESTAMP"),
        ("JSON", "STRING", "STRING"),
        ("JSON", "JSON", "JSON"),
        ("TINYINT[]", "DOUBLE[]", "ARRAY<DOUBLE>"),
        ("STRING", "BIGINT", "none"),
        ("BOOLEAN", "BIGINT", "none"),
        ("TIMESTAMP", "DOUBLE", "none"),
        ("DATE", "BIGINT", "none"),
        ("STRING", "BYTES", "none"),
        ("TIME", "TIMESTAMP", "none"),
    ];
    check(rows.into_iter().flat_map(|(left, right, expected)| {
        [(left, right), (right, left)].map(|(left, right)| {
            let common = common_type(&sql_type(left), &sql_type(right));
            let actual = common.map_or_else(|| "none".to_owned(), |common| common.to_string());
            (format!("{left} and {right}"), actual, expected.to_owned())
        })
    }));
}

fn compare(left: &str, operator: Operator, right: &str) -> Option<bool> {
    let (left, right) = (value(left), value(right));
    let common = common_type(&left.sql_type, &right.sql_type).expect("a common type");
    let side = |side: crate::support::Value| {
        let cast = cast_expr(lit(side.scalar), &side.sql_type, &common, false).expect("a cast");
        comparison_key(cast, &common)
    };
    match evaluate(&binary_expr(side(left), operator, side(right))) {
        Ok(ScalarValue::Boolean(truth)) => truth,
        other => panic!("{other:?}"),
    }
}

/// DuckDB; a TIMESTAMP against a number is by hand.
#[test]
fn comparisons() {
    let rows = [
        ("0.3", Operator::Eq, "0.30", Some(true)),
        ("1", Operator::Lt, "1.5", Some(true)),
        ("1", Operator::Eq, "1e0", Some(true)),
        ("NULL", Operator::Eq, "NULL", None),
        ("1", Operator::NotEq, "NULL", None),
        ("NULL", Operator::IsNotDistinctFrom, "NULL", Some(true)),
        ("1", Operator::IsDistinctFrom, "NULL", Some(true)),
        (
            "'2024-01-02'::DATE",
            Operator::Lt,
            "'2024-01-02 00:00:01'::TIMESTAMP",
            Some(true),
        ),
        ("'2024-01-02'::DATE", Operator::Eq, "'2024-01-02'", Some(true)),
        ("'1970-01-01 00:00:01'::TIMESTAMP", Operator::Eq, "1000", Some(true)),
        (
            "'1 day 2 hours'::INTERVAL",
            Operator::Gt,
            "'30 hours'::INTERVAL",
            Some(false),
        ),
        ("'1 month'::INTERVAL", Operator::Eq, "'30 days'::INTERVAL", Some(true)),
        ("'a'", Operator::Lt, "'B'", Some(false)),
    ];
    for (left, operator, right, expected) in rows {
        assert_eq!(compare(left, operator, right), expected, "{left} {operator} {right}");
    }
}

/// DuckDB.
#[test]
fn like_takes_only_percent_and_underscore_as_wildcards() {
    let like = |text: &str, pattern: &str, escape: Option<char>, case_insensitive: bool| {
        let expr = Expr::Like(Like::new(
            false,
            Box::new(lit(value(text).scalar)),
            Box::new(lit(value(pattern).scalar)),
            escape,
            case_insensitive,
        ));
        match evaluate(&expr) {
            Ok(ScalarValue::Boolean(truth)) => truth,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(like("'a.b'", "'a.b'", None, false), Some(true));
    assert_eq!(like("'axb'", "'a.b'", None, false), Some(false));
    assert_eq!(like("'a+b'", "'a+%'", None, false), Some(true));
    assert_eq!(like("'aab'", "'a+b'", None, false), Some(false));
    assert_eq!(like("'a(b'", "'_(_'", None, false), Some(true));
    assert_eq!(like("'ABC'", "'abc'", None, false), Some(false));
    assert_eq!(like("'ABC'", "'a_c'", None, true), Some(true));
    assert_eq!(like("'a%b'", r"'a\%b'", None, false), Some(true));
    assert_eq!(like("'a\nb'", "'a%b'", None, false), Some(true));
    assert_eq!(like("NULL::STRING", "'a'", None, false), None);
}

/// DuckDB: unlike CONCAT, the operator gives NULL for NULL.
#[test]
fn text_is_joined_by_the_operator() {
    let joined = |left: &str, right: &str| {
        let side = |text| lit(value(text).scalar);
        evaluate(&binary_expr(side(left), Operator::StringConcat, side(right)))
    };
    assert_eq!(joined("'a'", "'b'"), Ok(ScalarValue::Utf8View(Some("ab".into()))));
    assert_eq!(joined("'a'", "NULL::STRING"), Ok(ScalarValue::Utf8View(None)));
}

fn times(format: Option<&str>, column: ArrayRef) -> Vec<Option<i64>> {
    let batch = RecordBatch::try_from_iter([("t", column)]).expect("a column");
    let expr = event_time(format).expect("a format").call(vec![col("t")]);
    let times = evaluate_on(&expr, &batch).expect("never fails");
    assert_eq!(times.data_type(), &SqlType::Timestamp.arrow());
    times.as_primitive::<TimestampMillisecondType>().iter().collect()
}

/// By hand: 1704164645 is 2024-01-02 03:04:05 UTC.
#[test]
fn event_times() {
    const TIME: i64 = 1_704_164_645_000;
    let text = |values: &[&str]| Arc::new(StringViewArray::from(values.to_vec())) as ArrayRef;
    let integers = |values: &[i64]| Arc::new(Int64Array::from(values.to_vec())) as ArrayRef;
    assert_eq!(times(None, integers(&[TIME])), [Some(TIME)]);
    assert_eq!(
        times(Some("epoch_millis"), text(&["1704164645000", "x"])),
        [Some(TIME), None]
    );
    assert_eq!(
        times(Some("epoch"), integers(&[1_704_164_645, i64::MAX])),
        [Some(TIME), None]
    );
    assert_eq!(
        times(Some("epoch_seconds"), text(&["1704164645.123"])),
        [Some(TIME + 123)]
    );
    assert_eq!(
        times(
            Some("EPOCH_SECONDS"),
            Arc::new(Float64Array::from(vec![1_704_164_645.123, f64::NAN]))
        ),
        [Some(TIME + 123), None]
    );
    let decimals = Decimal128Array::from(vec![1_704_164_645_123])
        .with_precision_and_scale(13, 3)
        .expect("digits");
    assert_eq!(times(Some("epoch_seconds"), Arc::new(decimals)), [Some(TIME + 123)]);
    assert_eq!(
        times(
            None,
            text(&[
                "2024-01-02T03:04:05Z",
                "2024-01-02 05:04:05+02:00",
                "1704164645000",
                "soon",
                ""
            ])
        ),
        [Some(TIME), Some(TIME), Some(TIME), None, None]
    );
    assert_eq!(
        times(None, integers(&[0, 1_500, -1, 1_704_164_645])),
        [Some(0), Some(1_500), Some(-1), None]
    );
    assert_eq!(times(Some("epoch_millis"), integers(&[1_500])), [Some(1_500)]);
    assert_eq!(
        times(Some("%Y%m%d"), integers(&[20_240_102])),
        [Some(1_704_153_600_000)]
    );
    assert_eq!(
        times(Some("iso8601"), integers(&[20_240_102])),
        [Some(1_704_153_600_000)]
    );
    assert_eq!(
        times(Some("iso8601"), text(&["2024-01-02T03:04:05", "1704164645000"])),
        [Some(TIME), None]
    );
    assert_eq!(
        times(Some("%d.%m.%Y %H:%M:%S"), text(&["02.01.2024 03:04:05", "2024-01-02"])),
        [Some(TIME), None]
    );
    assert_eq!(times(Some("yyyyMMdd HHmmss"), text(&["20240102 030405"])), [Some(TIME)]);
    assert!(event_time(Some("bogus pattern")).is_err());
}

/// What a rejected row is told.
#[test]
fn why_there_is_no_event_time() {
    let refusal = |format: Option<&str>, column: ArrayRef| {
        let batch = RecordBatch::try_from_iter([("t", column)]).expect("a column");
        let expr = event_time(format).expect("a format").call(vec![col("t")]);
        let failing = failing_event_time(expr).expect("a call");
        evaluate_on(&failing, &batch).expect_err("no time")
    };
    let text = |value: &str| Arc::new(StringViewArray::from(vec![value])) as ArrayRef;
    let seconds = Arc::new(Int64Array::from(vec![1_704_164_645])) as ArrayRef;
    assert_eq!(
        refusal(None, seconds),
        "Execution error: `1704164645` is no event time: as milliseconds since 1970 it is in the year 1970, outside of 1990 \
         to 2100; say how it is written: 'event.time.format' = 'epoch_millis', 'epoch_seconds' or a pattern"
    );
    assert_eq!(
        refusal(None, text("soon")),
        "Execution error: `soon` is no event time: it is not written as a point in time"
    );
    assert_eq!(
        refusal(Some("%d.%m.%Y"), text("2024-01-02")),
        "Execution error: `2024-01-02` is no event time: it is not written as '%d.%m.%Y'"
    );
    assert!(failing_event_time(col("t")).is_none());
}
