//! Decoding and encoding whole inputs in one line.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, FieldRef};
use velo_data::{RowError, SqlType, StreamBatch, StreamSchema, StructField, SystemColumn};
use velo_formats::{CsvOptions, Decoder, Encoder, Projection};

/// When records were read that have no time of their own.
pub(crate) const READ_AT_MS: i64 = 1_700_000_000_000;

pub(crate) fn projection(fields: &[Field], system: &[SystemColumn]) -> Projection {
    Projection {
        fields: fields.iter().cloned().map(FieldRef::new).collect(),
        system: system.to_vec(),
        topic: "input".into(),
        partition: 0,
    }
}

/// Everything in `input`, decoded in one batch.
pub(crate) fn decode_all(mut decoder: Decoder, input: &[u8]) -> (RecordBatch, Vec<RowError>) {
    let consumed = decoder.decode(input, true, usize::MAX);
    assert_eq!(consumed, input.len());
    let batch = decoder.finish_batch(READ_AT_MS).unwrap();
    (batch.records, batch.rejected)
}

pub(crate) fn decode_json(fields: &[Field], input: &[u8]) -> (RecordBatch, Vec<RowError>) {
    decode_all(Decoder::json_lines(projection(fields, &[])).unwrap(), input)
}

pub(crate) fn decode_csv(fields: &[Field], options: CsvOptions, input: &[u8]) -> (RecordBatch, Vec<RowError>) {
    let places: Vec<Option<usize>> = (0..fields.len()).map(Some).collect();
    decode_all(Decoder::csv(projection(fields, &[]), options, &places).unwrap(), input)
}

/// The rows as JSON lines; metadata columns count as user columns.
pub(crate) fn rows(records: &RecordBatch) -> String {
    let schema = StreamSchema::of_user_columns(records.schema().fields().iter().map(|field| field.as_ref().clone()));
    let mut out = Vec::new();
    let batch = StreamBatch::inserts(records.clone());
    Encoder::json_lines(&schema).encode(&batch, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// One line for each rejected record: cause, place, what is wrong.
pub(crate) fn errors(rejected: &[RowError]) -> String {
    let lines = rejected
        .iter()
        .map(|error| format!("{}: {error}", error.cause.as_str()));
    lines.flat_map(|line| [line, "\n".to_owned()]).collect()
}

pub(crate) fn decimal(precision: u8, scale: i8) -> SqlType {
    SqlType::Decimal { precision, scale }
}

pub(crate) fn array(element: SqlType) -> SqlType {
    SqlType::Array(Box::new(element))
}

pub(crate) fn map(key: SqlType, value: SqlType) -> SqlType {
    SqlType::Map(Box::new(key), Box::new(value))
}

pub(crate) fn structure(fields: &[(&str, SqlType)]) -> SqlType {
    let field = |(name, sql_type): &(&str, SqlType)| StructField {
        name: (*name).to_owned(),
        sql_type: sql_type.clone(),
    };
    SqlType::Struct(fields.iter().map(field).collect())
}

pub(crate) fn batch(schema: &StreamSchema, columns: Vec<arrow::array::ArrayRef>) -> StreamBatch {
    StreamBatch::inserts(RecordBatch::try_new(Arc::clone(schema.arrow()), columns).unwrap())
}
