use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryViewArray, BooleanArray, Date32Array, Decimal128Array, Decimal256Array, Float64Array, Int8Array,
    Int64Array, RecordBatch, StringViewArray, Time32MillisecondArray, TimestampMillisecondArray,
};
use arrow::datatypes::i256;
use velo_data::{RowKind, SqlType, StreamBatch, StreamSchema, SystemColumn};
use velo_formats::{CsvOptions, Encoder, FormatError};

use crate::support::{batch, decimal};

fn encoded(mut encoder: Encoder, batch: &StreamBatch) -> String {
    let mut out = Vec::new();
    encoder.write_header(&mut out);
    encoder.encode(batch, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn of_column(sql_type: &SqlType, column: ArrayRef) -> (StreamSchema, StreamBatch) {
    let schema = StreamSchema::of_user_columns([sql_type.field("c", true)]);
    let batch = batch(&schema, vec![column]);
    (schema, batch)
}

/// Each value as JSON and as a CSV field.
#[test]
fn values() {
    let cases: Vec<(SqlType, ArrayRef, &str, &str)> = vec![
        (
            SqlType::Boolean,
            Arc::new(BooleanArray::from(vec![true])),
            "true",
            "true",
        ),
        (SqlType::TinyInt, Arc::new(Int8Array::from(vec![-128])), "-128", "-128"),
        (
            SqlType::BigInt,
            Arc::new(Int64Array::from(vec![i64::MIN])),
            "-9223372036854775808",
            "-9223372036854775808",
        ),
        (SqlType::BigInt, Arc::new(Int64Array::from(vec![None])), "null", ""),
        (SqlType::Double, Arc::new(Float64Array::from(vec![0.1])), "0.1", "0.1"),
        (SqlType::Double, Arc::new(Float64Array::from(vec![3.0])), "3.0", "3.0"),
        (
            SqlType::Double,
            Arc::new(Float64Array::from(vec![1e300])),
            "1e300",
            "1e300",
        ),
        (
            SqlType::Double,
            Arc::new(Float64Array::from(vec![f64::NAN])),
            "null",
            "NaN",
        ),
        (
            SqlType::Double,
            Arc::new(Float64Array::from(vec![f64::NEG_INFINITY])),
            "null",
            "-Infinity",
        ),
        (decimal(10, 2), decimal128(17_523, 10, 2), "175.23", "175.23"),
        (decimal(10, 2), decimal128(-50, 10, 2), "-0.50", "-0.50"),
        (decimal(10, 2), decimal128(0, 10, 2), "0.00", "0.00"),
        (decimal(10, 0), decimal128(7, 10, 0), "7", "7"),
        (decimal(10, 10), decimal128(1, 10, 10), "0.0000000001", "0.0000000001"),
        (decimal(5, -2), decimal128(-7, 5, -2), "-700", "-700"),
        (decimal(5, -2), decimal128(0, 5, -2), "0", "0"),
        (
            decimal(76, 2),
            Arc::new(
                Decimal256Array::from(vec![i256::MAX.checked_div(i256::from(1000)).unwrap()])
                    .with_precision_and_scale(76, 2)
                    .unwrap(),
            ),
            "578960446186580977117854925043439539266349923328202820197287920039565648.19",
            "578960446186580977117854925043439539266349923328202820197287920039565648.19",
        ),
        (
            SqlType::String,
            text("a\"b\\c\n\u{1}é😀/"),
            "\"a\\\"b\\\\c\\n\\u0001é😀/\"",
            "\"a\"\"b\\c\n\u{1}é😀/\"",
        ),
        (SqlType::String, text(""), "\"\"", "\"\""),
        (SqlType::String, text("a,b"), "\"a,b\"", "\"a,b\""),
        (SqlType::String, text("end\r"), "\"end\\r\"", "\"end\r\""),
        (
            SqlType::String,
            text("{\"a\":1}"),
            "\"{\\\"a\\\":1}\"",
            "\"{\"\"a\"\":1}\"",
        ),
        (SqlType::Json, text("{ \"a\": 1 }"), "{\"a\":1}", "\"{ \"\"a\"\": 1 }\""),
        (SqlType::Json, text("not json"), "\"not json\"", "not json"),
        (
            SqlType::Bytes,
            Arc::new(BinaryViewArray::from(vec![&[0u8, 1, 2, 255][..]])),
            "\"AAEC/w==\"",
            "AAEC/w==",
        ),
        (
            SqlType::Date,
            Arc::new(Date32Array::from(vec![19_782])),
            "\"2024-02-29\"",
            "2024-02-29",
        ),
        (
            SqlType::Time,
            Arc::new(Time32MillisecondArray::from(vec![45_240_007])),
            "\"12:34:00.007\"",
            "12:34:00.007",
        ),
        (
            SqlType::Timestamp,
            timestamp(1_704_067_200_000),
            "\"2024-01-01T00:00:00Z\"",
            "2024-01-01T00:00:00Z",
        ),
        (
            SqlType::Timestamp,
            timestamp(1_704_067_200_120),
            "\"2024-01-01T00:00:00.120Z\"",
            "2024-01-01T00:00:00.120Z",
        ),
    ];
    for (sql_type, column, json, csv) in cases {
        let (schema, batch) = of_column(&sql_type, column);
        assert_eq!(
            encoded(Encoder::json_lines(&schema), &batch),
            format!("{{\"c\":{json}}}\n")
        );
        assert_eq!(
            encoded(Encoder::csv(&schema, CsvOptions::default()), &batch),
            format!("c\n{csv}\n")
        );
    }
}

#[test]
fn csv_quotes_what_its_delimiter_demands() {
    let schema = StreamSchema::of_user_columns([SqlType::Double.field("a;b", true), SqlType::String.field("c", true)]);
    let batch = batch(&schema, vec![Arc::new(Float64Array::from(vec![1.5])), text("it's")]);
    let options = CsvOptions {
        delimiter: b';',
        quote: b'\'',
    };
    assert_eq!(
        encoded(Encoder::csv(&schema, options), &batch),
        "'a;b';c\n1.5;'it''s'\n"
    );
    let options = CsvOptions {
        delimiter: b'.',
        quote: b'"',
    };
    assert_eq!(encoded(Encoder::csv(&schema, options), &batch), "a;b.c\n\"1.5\".it's\n");
}

#[test]
fn plain_formats_leave_deletes_and_metadata_out() {
    let schema = StreamSchema::new([SqlType::BigInt.field("id", true)], [SystemColumn::Offset]);
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3, 4]));
    let offsets: ArrayRef = Arc::new(Int64Array::from(vec![0, 1, 2, 3]));
    let records = RecordBatch::try_new(Arc::clone(schema.arrow()), vec![ids, offsets]).unwrap();
    let kinds = [
        RowKind::Insert,
        RowKind::UpdateBefore,
        RowKind::UpdateAfter,
        RowKind::Delete,
    ];
    let changes = StreamBatch::changes(records, kinds.into());
    for (mut encoder, expected) in [
        (Encoder::json_lines(&schema), "{\"id\":1}\n{\"id\":3}\n"),
        (Encoder::csv(&schema, CsvOptions::default()), "1\n3\n"),
    ] {
        let mut out = Vec::new();
        let told = encoder.encode(&changes, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        assert_eq!((told.written, told.deletes_skipped), (2, 2));
    }
    insta::assert_snapshot!(encoded(Encoder::envelope(&schema), &changes), @r#"
    {"value":{"id":1},"kind":"insert"}
    {"value":{"id":2},"kind":"update_before"}
    {"value":{"id":3},"kind":"update_after"}
    {"value":{"id":4},"kind":"delete"}
    "#);
}

#[test]
fn debezium_envelopes_hold_a_change_each() {
    let schema = StreamSchema::new([SqlType::BigInt.field("id", true)], [SystemColumn::EventTime]).with_key(vec![0]);
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 1, 2, 2, 3]));
    let times: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![
        None,
        None,
        Some(7),
        Some(8),
        Some(9),
    ]));
    let records = RecordBatch::try_new(Arc::clone(schema.arrow()), vec![ids, times]).unwrap();
    let kinds = [
        RowKind::Insert,
        RowKind::UpdateBefore,
        RowKind::UpdateAfter,
        RowKind::Delete,
        // Of a stream that only replaces rows.
        RowKind::UpdateAfter,
    ];
    let changes = StreamBatch::changes(records.clone(), kinds.into());
    let mut encoder = Encoder::debezium_envelope(&schema);
    assert!(encoder.takes_old_values() && encoder.takes_deletes());
    let mut out = Vec::new();
    let told = encoder.encode(&changes, &mut out).unwrap();
    assert_eq!((told.written, told.deletes_skipped), (4, 0));
    insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r#"
    {"key":1,"value":{"before":null,"after":{"id":1},"op":"c","ts_ms":null}}
    {"key":2,"value":{"before":{"id":1},"after":{"id":2},"op":"u","ts_ms":7},"timestamp":7}
    {"key":2,"value":{"before":{"id":2},"after":null,"op":"d","ts_ms":8},"timestamp":8}
    {"key":3,"value":{"before":null,"after":{"id":3},"op":"u","ts_ms":9},"timestamp":9}
    "#);
    // Rows that never change are new ones.
    let mut out = Vec::new();
    encoder
        .encode(&StreamBatch::inserts(records.slice(4, 1)), &mut out)
        .unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r#"
    {"key":3,"value":{"before":null,"after":{"id":3},"op":"c","ts_ms":9},"timestamp":9}
    "#);
}

#[test]
fn envelopes_carry_key_time_headers_and_window() {
    let system = [
        SystemColumn::Key,
        SystemColumn::EventTime,
        SystemColumn::WindowStart,
        SystemColumn::WindowEnd,
    ];
    let schema = StreamSchema::new([SqlType::BigInt.field("n", true)], system);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![1, 2])),
        Arc::new(StringViewArray::from(vec![Some("k"), None])),
        Arc::new(TimestampMillisecondArray::from(vec![Some(4999), None])),
        Arc::new(Int64Array::from(vec![Some(0), None])),
        Arc::new(Int64Array::from(vec![Some(5000), None])),
    ];
    insta::assert_snapshot!(encoded(Encoder::envelope(&schema), &batch(&schema, columns)), @r#"
    {"key":"k","value":{"n":1},"timestamp":4999,"window":{"start":0,"end":5000}}
    {"value":{"n":2}}
    "#);
}

#[test]
fn nan_is_counted() {
    let (schema, batch) = of_column(
        &SqlType::Double,
        Arc::new(Float64Array::from(vec![f64::NAN, 1.0, f64::INFINITY])),
    );
    let told = Encoder::json_lines(&schema).encode(&batch, &mut Vec::new()).unwrap();
    assert_eq!(told.non_finite_as_null, 2);
}

#[test]
fn foreign_types_are_refused() {
    let schema = StreamSchema::of_user_columns([SqlType::BigInt.field("c", true)]);
    let records = RecordBatch::try_from_iter([("c", Arc::new(arrow::array::Int32Array::from(vec![1])) as ArrayRef)]);
    let refused = Encoder::json_lines(&schema).encode(&StreamBatch::inserts(records.unwrap()), &mut Vec::new());
    assert_eq!(
        refused,
        Err(FormatError::UnsupportedType {
            column: "c".to_owned(),
            data_type: arrow::datatypes::DataType::Int32,
        })
    );
}

fn decimal128(unscaled: i128, precision: u8, scale: i8) -> ArrayRef {
    Arc::new(
        Decimal128Array::from(vec![unscaled])
            .with_precision_and_scale(precision, scale)
            .unwrap(),
    )
}

fn text(text: &str) -> ArrayRef {
    Arc::new(StringViewArray::from(vec![text]))
}

fn timestamp(milliseconds: i64) -> ArrayRef {
    Arc::new(TimestampMillisecondArray::from(vec![milliseconds]))
}
