//! What Arrow's own readers do with the same text: the columns that a query needs, in batches of 8192 rows, thrown away.

use std::hint::black_box;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;

const BATCH_ROWS: usize = 8192;

/// The columns of these names among those of a trade, as Arrow's readers decode them.
pub(crate) fn trade_columns(names: &[&str]) -> SchemaRef {
    let field = |name: &&str| {
        let data_type = match *name {
            "price" => DataType::Float64,
            "quantity" => DataType::Int64,
            "event_time" => DataType::Timestamp(TimeUnit::Millisecond, None),
            _ => DataType::Utf8View,
        };
        Field::new(*name, data_type, true)
    };
    Arc::new(Schema::new(names.iter().map(field).collect::<Vec<_>>()))
}

/// Decodes JSON lines; tells the rows.
pub(crate) fn json(text: &[u8], columns: &SchemaRef) -> usize {
    let reader = arrow::json::ReaderBuilder::new(Arc::clone(columns)).with_batch_size(BATCH_ROWS);
    rows(reader.build(text).expect("columns that arrow-json knows"))
}

/// Decodes measurements; tells the rows.
pub(crate) fn measurements(text: &[u8]) -> usize {
    let columns = Schema::new(vec![
        Field::new("station", DataType::Utf8, true),
        Field::new("temperature", DataType::Decimal128(3, 1), true),
    ]);
    let reader = arrow::csv::ReaderBuilder::new(Arc::new(columns))
        .with_delimiter(b';')
        .with_batch_size(BATCH_ROWS);
    rows(reader.build(text).expect("columns that arrow-csv knows"))
}

/// Decodes payments; tells the rows.
pub(crate) fn payments(text: &[u8]) -> usize {
    let columns = Schema::new(vec![
        Field::new("id", DataType::Int64, true),
        Field::new("account", DataType::Int64, true),
        Field::new("amount", DataType::Float64, true),
        Field::new("place", DataType::Utf8, true),
    ]);
    let reader = arrow::csv::ReaderBuilder::new(Arc::new(columns))
        .with_header(true)
        .with_batch_size(BATCH_ROWS);
    rows(reader.build(text).expect("columns that arrow-csv knows"))
}

fn rows(batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>) -> usize {
    batches
        .map(|batch| black_box(batch.expect("valid records")).num_rows())
        .sum()
}
