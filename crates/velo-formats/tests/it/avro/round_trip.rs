use proptest::prelude::*;
use velo_data::{RowKind, SqlType, StreamBatch, StreamSchema};
use velo_formats::{AvroCompression, AvroEncoder, check_avro_columns};

use super::{natural_fields, read};
use crate::support::{array, decimal, decode_json, map, rows, structure};

fn write(schema: &StreamSchema, batches: &[StreamBatch], compression: AvroCompression) -> Vec<u8> {
    let mut encoder = AvroEncoder::new(Vec::new(), schema, compression).unwrap();
    for batch in batches {
        encoder.write(batch).unwrap();
    }
    let (output, bytes) = encoder.finish().unwrap();
    assert_eq!(output.len() as u64, bytes);
    output
}

#[test]
fn every_sql_type_reads_back_the_same() {
    let fields = [
        SqlType::Boolean.field("flag", true),
        SqlType::BigInt.field("big", true),
        SqlType::BigInt.field("required", false),
        SqlType::Double.field("double", true),
        decimal(5, 2).field("money", true),
        decimal(60, 20).field("wider", true),
        SqlType::String.field("text", true),
        SqlType::Bytes.field("bytes", true),
        SqlType::Date.field("date", true),
        SqlType::Time.field("time", true),
        SqlType::Timestamp.field("at", true),
        array(SqlType::Timestamp).field("times", true),
        map(SqlType::String, array(decimal(4, 1))).field("map", true),
        structure(&[
            ("a", SqlType::Timestamp),
            ("b", array(structure(&[("a", SqlType::String)]))),
        ])
        .field("struct", true),
        structure(&[("a", structure(&[("a", SqlType::Boolean)]))]).field("a", true),
    ];
    let input = br#"{"flag":true,"big":-9223372036854775808,"required":1,"double":1e300,"money":-999.99,"wider":-1234567890123456789012345678901234567890.12345678901234567890,"text":"more than twelve bytes \u0000 \u20ac","bytes":"AP8=","date":"0001-01-01","time":"23:59:59.999","at":"1969-12-31T23:59:59.999Z","times":["2024-01-01T00:00:00Z",null],"map":{"k":[1.5,null],"l":null},"struct":{"a":"2024-01-01T00:00:00Z","b":[{"a":"x"},null]},"a":{"a":{"a":true}}}
{"required":-1}
{"required":0,"money":0,"text":"","times":[],"map":{},"struct":{}}
"#;
    let (records, rejected) = decode_json(&fields, input);
    assert!(rejected.is_empty(), "{rejected:?}");
    let schema = StreamSchema::of_user_columns(fields.clone());
    for compression in [
        AvroCompression::None,
        AvroCompression::Deflate,
        AvroCompression::Snappy,
        AvroCompression::Zstandard,
    ] {
        let file = write(&schema, &[StreamBatch::inserts(records.clone())], compression);
        let found = read(&file, &fields).unwrap();
        assert_eq!(found, records, "{compression:?}: {}", rows(&found));
        let types: Vec<_> = natural_fields(&file)
            .iter()
            .map(|field| field.data_type().clone())
            .collect();
        let expected: Vec<_> = fields.iter().map(|field| field.data_type().clone()).collect();
        assert_eq!(types, expected);
    }
}

#[test]
fn retractions_are_left_out_and_counted() {
    let fields = [SqlType::BigInt.field("id", true)];
    let (records, _) = decode_json(&fields, b"{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n");
    let schema = StreamSchema::of_user_columns(fields.clone());
    let kinds = [RowKind::Insert, RowKind::Delete, RowKind::UpdateAfter];
    let mut encoder = AvroEncoder::new(Vec::new(), &schema, AvroCompression::None).unwrap();
    let encoded = encoder.write(&StreamBatch::changes(records, kinds.into())).unwrap();
    assert_eq!((encoded.written, encoded.deletes_skipped), (2, 1));
    let file = encoder.finish().unwrap().0;
    assert_eq!(rows(&read(&file, &fields).unwrap()), "{\"id\":1}\n{\"id\":3}\n");
}

#[test]
fn columns_without_a_form_are_told_before_anything_is_written() {
    let schema = StreamSchema::of_user_columns([
        SqlType::BigInt.field("id", true),
        SqlType::BigInt.field("a b", true),
        SqlType::BigInt.field("1st", true),
        SqlType::BigInt.field("größe", true),
        array(SqlType::Interval).field("took", true),
        map(SqlType::BigInt, SqlType::String).field("by_id", true),
        structure(&[("in ner", SqlType::String)]).field("struct", true),
    ]);
    let error = check_avro_columns(&schema).unwrap_err().to_string();
    insta::assert_snapshot!(error.replace("; column", "\ncolumn"));
}

proptest! {
    /// Numbers, texts and NULLs of any size, over any number of blocks and batches.
    #[test]
    fn any_rows_read_back_the_same(
        values in prop::collection::vec((any::<Option<i64>>(), prop::option::of(".{0,40}"), any::<Option<i32>>()), 0..200),
        repeat in 1_usize..40,
    ) {
        let fields = [
            SqlType::BigInt.field("n", true),
            SqlType::String.field("t", true),
            decimal(12, 3).field("d", true),
        ];
        let line = |(n, t, d): &(Option<i64>, Option<String>, Option<i32>)| {
            let decimal = d.map(|d| format!("{}.{:03}", d / 1000, (d % 1000).abs()));
            let text = serde_json::to_string(t).unwrap();
            let number = n.map_or("null".to_owned(), |n| n.to_string());
            format!("{{\"n\":{number},\"t\":{text},\"d\":{}}}\n", decimal.unwrap_or("null".to_owned()))
        };
        let input: String = values.iter().map(line).collect();
        let (records, rejected) = decode_json(&fields, input.as_bytes());
        prop_assert!(rejected.is_empty());
        let schema = StreamSchema::of_user_columns(fields.clone());
        let batches = vec![StreamBatch::inserts(records.clone()); repeat];
        let file = write(&schema, &batches, AvroCompression::Deflate);
        let found = rows(&read(&file, &fields).unwrap());
        prop_assert_eq!(found, rows(&records).repeat(repeat));
    }
}
