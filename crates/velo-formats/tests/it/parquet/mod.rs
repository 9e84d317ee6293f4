//! Parquet files: read from fixtures of another implementation, written and read back, damaged.

mod damaged;
mod declared;
mod odd;
mod pruning;
mod round_trip;
mod types;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::Field;
use bytes::Bytes;
use velo_data::{ColumnBounds, RowError, StreamBatch, StreamSchema, SystemColumn};
use velo_formats::{ColumnarError, ParquetCompression, ParquetEncoder, ParquetFile, ReadRange};

use crate::support::{READ_AT_MS, projection};

/// A file that pyarrow wrote; see `tests/fixtures`.
pub(crate) fn fixture(name: &str) -> Bytes {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    Bytes::from(std::fs::read(path).unwrap())
}

/// Everything of a file.
fn everything(batch_rows_max: usize) -> ReadRange {
    ReadRange {
        records: 0..u64::MAX,
        batch_rows_max,
    }
}

/// Some columns of a file; how many row groups were left out.
fn read_range(
    input: &Bytes,
    fields: &[Field],
    system: &[SystemColumn],
    bounds: &[ColumnBounds],
    range: ReadRange,
) -> Result<(Vec<RecordBatch>, Vec<RowError>, usize), ColumnarError> {
    let file = ParquetFile::open(input)?;
    let mut reader = file.reader(input.clone(), projection(fields, system), bounds, range)?;
    let (mut batches, mut rejected) = (Vec::new(), Vec::new());
    while let Some(batch) = reader.next_batch(READ_AT_MS)? {
        batches.push(batch.records);
        rejected.extend(batch.rejected);
    }
    Ok((batches, rejected, reader.groups_pruned()))
}

/// Some columns of a file as one batch.
fn read(input: &Bytes, fields: &[Field]) -> Result<RecordBatch, ColumnarError> {
    let (batches, _, _) = read_range(input, fields, &[], &[], everything(1000))?;
    let schema = arrow::datatypes::Schema::new(fields.to_vec());
    Ok(concat_batches(&schema.into(), &batches).unwrap())
}

/// All columns of a file, with the types that they have without a declaration.
fn natural_fields(input: &Bytes) -> Vec<Field> {
    let schema = ParquetFile::open(input).unwrap().natural_schema();
    schema
        .user_fields()
        .iter()
        .map(|field| field.as_ref().clone())
        .collect()
}

/// A file with these batches.
fn write(schema: &StreamSchema, batches: &[StreamBatch]) -> Bytes {
    let mut encoder = ParquetEncoder::new(Vec::new(), schema, ParquetCompression::default()).unwrap();
    for batch in batches {
        encoder.write(batch).unwrap();
    }
    let (output, bytes) = encoder.finish().unwrap();
    assert_eq!(output.len() as u64, bytes);
    output.into()
}
