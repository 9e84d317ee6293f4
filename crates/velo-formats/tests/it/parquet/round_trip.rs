use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringViewArray};
use velo_data::{RowKind, SqlType, StreamBatch, StreamSchema};
use velo_formats::{ParquetCompression, ParquetEncoder, ParquetFile, check_parquet_columns};

use super::{everything, natural_fields, read, read_range, write};
use crate::support::{array, batch, decimal, decode_json, map, rows, structure};

#[test]
fn every_sql_type_reads_back_the_same() {
    let fields = [
        SqlType::Boolean.field("flag", true),
        SqlType::TinyInt.field("tiny", true),
        SqlType::SmallInt.field("small", true),
        SqlType::BigInt.field("big", true),
        SqlType::Double.field("double", true),
        decimal(5, 2).field("money", true),
        decimal(38, 0).field("wide", true),
        decimal(60, 20).field("wider", true),
        SqlType::String.field("text", true),
        SqlType::Bytes.field("bytes", true),
        SqlType::Date.field("date", true),
        SqlType::Time.field("time", true),
        SqlType::Timestamp.field("at", true),
        SqlType::Json.field("json", true),
        array(SqlType::Timestamp).field("times", true),
        map(SqlType::String, array(decimal(4, 1))).field("map", true),
        structure(&[("a", SqlType::Timestamp), ("b", array(SqlType::String))]).field("struct", true),
    ];
    let input = br#"{"flag":true,"tiny":-128,"small":32767,"big":-9223372036854775808,"double":1e300,"money":-999.99,"wide":99999999999999999999999999999999999999,"wider":1234567890123456789012345678901234567890.12345678901234567890,"text":"more than twelve bytes \u0000 \u20ac","bytes":"AP8=","date":"0001-01-01","time":"23:59:59.999","at":"1969-12-31T23:59:59.999Z","json":{"a":[1]},"times":["2024-01-01T00:00:00Z",null],"map":{"k":[1.5,null],"l":null},"struct":{"a":"2024-01-01T00:00:00Z","b":["x",null]}}
{}
{"text":"","times":[],"map":{},"struct":{}}
"#;
    let (records, rejected) = decode_json(&fields, input);
    assert!(rejected.is_empty(), "{rejected:?}");
    let schema = StreamSchema::of_user_columns(fields);
    let file = write(&schema, &[StreamBatch::inserts(records.clone())]);
    assert_eq!(
        natural_fields(&file),
        schema
            .user_fields()
            .iter()
            .map(|field| field.as_ref().clone())
            .collect::<Vec<_>>()
    );
    let found = read(&file, &natural_fields(&file)).unwrap();
    assert_eq!(found, records, "{}", rows(&found));
}

#[test]
fn nothing_but_columns_where_there_are_no_rows() {
    let schema = StreamSchema::of_user_columns([SqlType::BigInt.field("id", true)]);
    let file = write(&schema, &[]);
    assert_eq!(natural_fields(&file), [SqlType::BigInt.field("id", true)]);
    assert_eq!(read(&file, &natural_fields(&file)).unwrap().num_rows(), 0);
}

#[test]
fn ten_thousand_columns() {
    let fields: Vec<_> = (0..10_000)
        .map(|index| SqlType::BigInt.field(&format!("c{index}"), true))
        .collect();
    let schema = StreamSchema::of_user_columns(fields.clone());
    let columns = (0..10_000).map(|index| Arc::new(Int64Array::from(vec![index])) as ArrayRef);
    let file = write(&schema, &[batch(&schema, columns.collect())]);
    let last = read(&file, &fields[9_999..]).unwrap();
    assert_eq!(rows(&last), "{\"c9999\":9999}\n");
}

#[test]
fn retractions_are_left_out_and_counted() {
    let schema = StreamSchema::of_user_columns([SqlType::BigInt.field("id", true)]);
    let records = batch(&schema, vec![Arc::new(Int64Array::from(vec![1, 2, 3]))]).records;
    let kinds = [RowKind::Insert, RowKind::Delete, RowKind::UpdateAfter];
    let mut encoder = ParquetEncoder::new(Vec::new(), &schema, ParquetCompression::None).unwrap();
    let encoded = encoder.write(&StreamBatch::changes(records, kinds.into())).unwrap();
    assert_eq!((encoded.written, encoded.deletes_skipped), (2, 1));
    let file = encoder.finish().unwrap().0.into();
    assert_eq!(
        rows(&read(&file, &natural_fields(&file)).unwrap()),
        "{\"id\":1}\n{\"id\":3}\n"
    );
}

#[test]
fn columns_without_a_form_are_told_before_anything_is_written() {
    let schema = StreamSchema::of_user_columns([
        SqlType::BigInt.field("id", true),
        array(SqlType::Interval).field("took", true),
    ]);
    let error = check_parquet_columns(&schema).unwrap_err();
    insta::assert_snapshot!(error, @"column `took` is of type ARRAY<INTERVAL>, which Parquet files do not hold");
}

/// Long rows make small batches, so that memory does not depend on how long they are.
#[test]
fn batches_are_bounded_by_bytes() {
    let schema = StreamSchema::of_user_columns([SqlType::String.field("text", true)]);
    // Random enough that neither dictionary nor compression hides how long the texts are.
    let texts = (0..64).map(|index| format!("{index}").repeat(400_000));
    let records = batch(&schema, vec![Arc::new(StringViewArray::from_iter_values(texts))]);
    let file = write(&schema, &[records]);
    let fields = natural_fields(&file);
    let (batches, _, _) = read_range(&file, &fields, &[], &[], everything(8192)).unwrap();
    assert!(batches.len() > 1, "{} batches", batches.len());
    assert_eq!(
        batches.iter().map(arrow::array::RecordBatch::num_rows).sum::<usize>(),
        64
    );
}

struct FullDisk;

impl Write for FullDisk {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn failures_of_the_output_keep_their_kind() {
    let schema = StreamSchema::of_user_columns([SqlType::BigInt.field("id", true)]);
    let records = batch(&schema, vec![Arc::new(Int64Array::from(vec![1]))]);
    let written = ParquetEncoder::new(FullDisk, &schema, ParquetCompression::None).and_then(|mut encoder| {
        encoder.write(&records)?;
        encoder.finish().map(|_| ())
    });
    let error = written.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull, "{error:?}");
    assert!(ParquetFile::open(&bytes::Bytes::new()).is_err());
}
