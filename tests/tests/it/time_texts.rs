//! One table of texts, and everything that reads a text as a point in time: all must agree.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringViewArray};
use arrow::datatypes::{ArrowPrimitiveType, Date32Type, Time32MillisecondType, TimestampMillisecondType};
use datafusion_common::DFSchema;
use datafusion_expr::execution_props::ExecutionProps;
use datafusion_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion_expr::{Expr, col};
use datafusion_physical_expr::create_physical_expr;
use velo_data::SqlType;
use velo_formats::{CsvOptions, Decoder, Projection};
use velo_functions::{Argument, cast_expr, event_time, resolve_scalar};

/// Seconds since the epoch as PostgreSQL 15 says: `SET timezone = 'UTC'; SELECT EXTRACT(epoch FROM TIMESTAMPTZ '…')`; texts
/// without `T` and without a zone also as DuckDB 2.0 says. Milliseconds alone are by hand.
const TIMESTAMPS: &[(&str, Option<i64>)] = &[
    ("2024-01-05", Some(1_704_412_800_000)),
    ("20240105", Some(1_704_412_800_000)),
    ("2024-1-5", Some(1_704_412_800_000)),
    ("2024-01-05Z", Some(1_704_412_800_000)),
    ("2024-01-05 UTC", Some(1_704_412_800_000)),
    ("2024-01-05T03:04:05Z", Some(1_704_423_845_000)),
    ("2024-01-05T03:04:05", Some(1_704_423_845_000)),
    ("2024-01-05 03:04:05", Some(1_704_423_845_000)),
    ("2024-1-5 3:4:5", Some(1_704_423_845_000)),
    ("2024-01-05 3:04", Some(1_704_423_840_000)),
    ("2024-01-05    03:04:05", Some(1_704_423_845_000)),
    ("  2024-01-05\t03:04:05 ", Some(1_704_423_845_000)),
    ("20240105T030405", Some(1_704_423_845_000)),
    ("20240105T0304", Some(1_704_423_840_000)),
    ("20240105 03:04:05", Some(1_704_423_845_000)),
    ("20240105T030405.123Z", Some(1_704_423_845_123)),
    ("20240105T030405+0200", Some(1_704_416_645_000)),
    ("2024-01-05 03:04:05.123456", Some(1_704_423_845_123)),
    ("2024-01-05T03:04:05,5", Some(1_704_423_845_500)),
    ("2024-01-05 24:00:00", Some(1_704_499_200_000)),
    ("2024-12-31T24:00:00.000Z", Some(1_735_689_600_000)),
    ("2024-01-05 03:04:05 UTC", Some(1_704_423_845_000)),
    ("2024-01-05 03:04:05 utc", Some(1_704_423_845_000)),
    ("2024-01-05 03:04:05UTC", Some(1_704_423_845_000)),
    ("2024-01-05 03:04:05 GMT", Some(1_704_423_845_000)),
    ("2024-01-05 03:04:05 Z", Some(1_704_423_845_000)),
    ("2024-01-05 03:04:05 Europe/Berlin", Some(1_704_420_245_000)),
    ("2024-07-05 03:04:05 Europe/Berlin", Some(1_720_141_445_000)),
    ("2024-10-27 02:30:00 Europe/Berlin", Some(1_729_992_600_000)),
    ("2024-03-31 02:30:00 Europe/Berlin", Some(1_711_848_600_000)),
    ("2024-01-05 03:04:05+02:00", Some(1_704_416_645_000)),
    ("2024-01-05 03:04:05+0230", Some(1_704_414_845_000)),
    ("2024-01-05 03:04:05 +02", Some(1_704_416_645_000)),
    ("2024-01-05 03:04:05+2", Some(1_704_416_645_000)),
    ("2024-01-05 03:04:05-04:30", Some(1_704_440_045_000)),
    ("2024-01-05 03:04:05+02:30:15", Some(1_704_414_830_000)),
    ("0001-01-01", Some(-62_135_596_800_000)),
    ("1969-12-31 23:59:59.999", Some(-1)),
    ("9999-12-31 23:59:59", Some(253_402_300_799_000)),
    ("12345-01-05", Some(327_403_728_000_000)),
    ("+12345-01-05", Some(327_403_728_000_000)),
    ("294246-12-31", Some(9_223_371_158_400_000)),
    // The last millisecond of the type, and the first one behind it.
    ("292278994-08-17 07:12:55.807", Some(i64::MAX)),
    ("292278994-08-17 07:12:55.808", None),
    // A number of milliseconds, if it falls into 1990 to 2100.
    ("1704423845000", Some(1_704_423_845_000)),
    (" 1704423845000 ", Some(1_704_423_845_000)),
    ("631152000000", Some(631_152_000_000)),
    ("631151999999", None),
    ("4133980799999", Some(4_133_980_799_999)),
    ("4133980800000", None),
    ("1704423845", None),
    ("20240105030405", None),
    ("2024", None),
    ("0", None),
    ("-1", None),
    ("1704423845.5", None),
    // No days, no times, no zones.
    ("2024-02-30", None),
    ("2023-02-29", None),
    ("2024-13-01", None),
    ("20241301", None),
    ("2024-01-05 24:00:01", None),
    ("2024-01-05 25:00", None),
    ("2024-01-05 03:60", None),
    ("2024-01-05 03:04:60", None),
    ("2024-01-05T", None),
    ("2024-01-05T03", None),
    ("2024-01-05 03", None),
    ("2024-01-05 03:04:05.", None),
    ("2024-01-05 03:04:05 x", None),
    ("2024-01-05 03:04:05 Europe/Atlantis", None),
    // What these mean differs from system to system.
    ("2024-07-05 03:04:05 CET", None),
    ("24-01-05", None),
    ("05.01.2024", None),
    ("yesterday", None),
];

/// Days since the epoch: PostgreSQL 15 and DuckDB 2.0 take the date as it is written.
const DATES: &[(&str, Option<i64>)] = &[
    ("2024-01-05", Some(19_727)),
    ("20240105", Some(19_727)),
    ("2024-1-5", Some(19_727)),
    (" 2024-01-05 ", Some(19_727)),
    ("2024-01-05 23:59:59", Some(19_727)),
    ("2024-01-05 24:00:00", Some(19_727)),
    ("2024-01-05T23:59:59-05:00", Some(19_727)),
    ("12345-01-05", Some(3_789_395)),
    ("2024-01-05 25:00:00", None),
    ("2024-02-30", None),
    ("1704423845000", None),
    ("19727", None),
];

/// Milliseconds of the day, as PostgreSQL 15 and DuckDB 2.0 say; `24:00:00`, which they have, is beyond a TIME.
const TIMES: &[(&str, Option<i64>)] = &[
    ("03:04", Some(11_040_000)),
    ("3:4:5", Some(11_045_000)),
    ("23:59:59.999", Some(86_399_999)),
    ("T03:04", Some(11_040_000)),
    ("0304", Some(11_040_000)),
    ("030405", Some(11_045_000)),
    ("24:00:00", None),
    ("12", None),
    ("12:60", None),
    ("12:00 UTC", None),
];

#[test]
fn points_in_time() {
    let event_times = |texts: ArrayRef| {
        let expr = event_time(None).unwrap().call(vec![col("x")]);
        evaluated(&expr, texts)
    };
    let parsed = |texts: ArrayRef| {
        let function = resolve_scalar("PARSE_TIMESTAMP", &[Argument::from(SqlType::String)]).unwrap();
        evaluated(&function.call(vec![col("x")]), texts)
    };
    check::<TimestampMillisecondType>(&SqlType::Timestamp, TIMESTAMPS, &[("event time", &event_times)]);
    for (text, expected) in TIMESTAMPS {
        let parsed = parsed(Arc::new(StringViewArray::from(vec![*text])));
        assert_eq!(
            value::<TimestampMillisecondType>(parsed),
            *expected,
            "PARSE_TIMESTAMP of {text:?}"
        );
    }
}

#[test]
fn dates() {
    check::<Date32Type>(&SqlType::Date, DATES, &[]);
}

#[test]
fn times_of_day() {
    check::<Time32MillisecondType>(&SqlType::Time, TIMES, &[]);
}

type Way<'a> = (&'a str, &'a dyn Fn(ArrayRef) -> Option<ArrayRef>);

fn check<T: ArrowPrimitiveType>(sql_type: &SqlType, table: &[(&str, Option<i64>)], more: &[Way<'_>])
where
    T::Native: Into<i64>,
{
    let cast = |texts: ArrayRef| evaluated(&cast_expr(col("x"), &SqlType::String, sql_type, false).unwrap(), texts);
    let cast_or_null =
        |texts: ArrayRef| evaluated(&cast_expr(col("x"), &SqlType::String, sql_type, true).unwrap(), texts);
    let csv = |texts: ArrayRef| {
        let decoder = Decoder::csv(projection(sql_type), CsvOptions::default(), &[Some(0)]).unwrap();
        decoded(decoder, &format!("\"{}\"\n", texts.as_string_view().value(0)))
    };
    let json = |texts: ArrayRef| {
        let decoder = Decoder::json_lines(projection(sql_type)).unwrap();
        decoded(
            decoder,
            &serde_json::json!({ "x": texts.as_string_view().value(0) }).to_string(),
        )
    };
    let array = |texts: ArrayRef| {
        let decoder = Decoder::json_array(projection(sql_type)).unwrap();
        decoded(
            decoder,
            &serde_json::json!([{ "x": texts.as_string_view().value(0) }]).to_string(),
        )
    };
    let envelope = |texts: ArrayRef| {
        let decoder = Decoder::envelope(projection(sql_type)).unwrap();
        decoded(
            decoder,
            &serde_json::json!({ "value": { "x": texts.as_string_view().value(0) } }).to_string(),
        )
    };
    let ways: [Way<'_>; 6] = [
        ("CAST", &cast),
        ("TRY_CAST", &cast_or_null),
        ("CSV", &csv),
        ("JSON lines", &json),
        ("JSON array", &array),
        ("envelope", &envelope),
    ];
    let mut wrong = Vec::new();
    for (text, expected) in table {
        for (name, way) in ways.iter().chain(more) {
            let found = value::<T>(way(Arc::new(StringViewArray::from(vec![*text]))));
            if found != *expected {
                wrong.push(format!("{name} of {text:?}: {found:?} instead of {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The one value; none where it is NULL or was refused.
fn value<T: ArrowPrimitiveType>(column: Option<ArrayRef>) -> Option<i64>
where
    T::Native: Into<i64>,
{
    let column = column?;
    let column = column.as_primitive::<T>();
    let first = column.iter().next()?;
    first.map(Into::into)
}

fn evaluated(expr: &Expr, texts: ArrayRef) -> Option<ArrayRef> {
    let batch = RecordBatch::try_from_iter([("x", texts)]).unwrap();
    let schema = DFSchema::try_from(batch.schema().as_ref().clone()).unwrap();
    let (properties, context) = (ExecutionProps::new(), PhysicalPlanningContext::default());
    let physical = create_physical_expr(expr, &schema, &properties, &context).unwrap();
    physical.evaluate(&batch).ok()?.into_array(1).ok()
}

fn projection(sql_type: &SqlType) -> Projection {
    Projection {
        fields: vec![Arc::new(sql_type.field("x", true))],
        system: vec![],
        topic: "input".into(),
        partition: 0,
    }
}

fn decoded(mut decoder: Decoder, input: &str) -> Option<ArrayRef> {
    decoder.decode(input.as_bytes(), true, 10);
    let batch = decoder.finish_batch(0).unwrap();
    assert_eq!(batch.records.num_rows() + batch.rejected.len(), 1, "{input}");
    (batch.records.num_rows() == 1).then(|| Arc::clone(batch.records.column(0)))
}
