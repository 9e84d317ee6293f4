//! Avro files and schemas: read from fixtures of another implementation, written and read back, damaged.

mod damaged;
mod reading;
mod round_trip;
mod schemas;

use std::io::Cursor;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{Field, Schema};
use velo_data::{RowError, StreamSchema, SystemColumn};
use velo_formats::{AvroFile, ColumnarError, ReadRange};

use crate::support::{READ_AT_MS, projection};

/// A file that fastavro wrote; see `tests/fixtures`.
fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).unwrap()
}

fn read_range(
    input: &[u8],
    fields: &[Field],
    system: &[SystemColumn],
    range: ReadRange,
) -> Result<(Vec<RecordBatch>, Vec<RowError>), ColumnarError> {
    let mut reader = AvroFile::reader(Cursor::new(input), projection(fields, system), range)?;
    let (mut batches, mut rejected) = (Vec::new(), Vec::new());
    while let Some(batch) = reader.next_batch(READ_AT_MS)? {
        batches.push(batch.records);
        rejected.extend(batch.rejected);
    }
    Ok((batches, rejected))
}

/// Some columns of a file as one batch.
fn read(input: &[u8], fields: &[Field]) -> Result<RecordBatch, ColumnarError> {
    let range = ReadRange {
        records: 0..u64::MAX,
        batch_rows_max: 1000,
    };
    let (batches, _) = read_range(input, fields, &[], range)?;
    Ok(concat_batches(&Schema::new(fields.to_vec()).into(), &batches).unwrap())
}

fn fields(schema: &StreamSchema) -> Vec<Field> {
    schema
        .user_fields()
        .iter()
        .map(|field| field.as_ref().clone())
        .collect()
}

/// All columns of a file, with the types that they have without a declaration.
fn natural_fields(input: &[u8]) -> Vec<Field> {
    fields(&AvroFile::open(Cursor::new(input)).unwrap().natural_schema())
}
