use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::arrow::{ARROW_SCHEMA_META_KEY, encode_arrow_schema};
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use velo_data::{SqlType, StreamBatch, StreamSchema};

use super::file::plain;
use crate::EncodedRows;
use crate::columnar::{ColumnarError, Conversion};

/// A row group ends at this many rows or bytes, whichever comes first: what a reader handles at a time, and what is
/// kept in memory until it is written.
const GROUP_ROWS_MAX: usize = 1 << 20;
const GROUP_BYTES_MAX: usize = 64 << 20;

/// How the pages of a Parquet file are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ParquetCompression {
    /// Not at all.
    None,
    /// Fast, and known to every reader.
    Snappy,
    /// As small as Zstandard at its default, but slower.
    Gzip,
    /// Small and fast.
    #[default]
    Zstd,
    /// Faster than Snappy.
    Lz4,
}

/// Writes rows as a Parquet file.
///
/// It holds the user's columns only, and no deletes: those rows are left out and counted. Timestamps are written as
/// instants in UTC.
pub struct ParquetEncoder<W: Write + Send> {
    writer: ArrowWriter<Counted<W>>,
    columns: Vec<Conversion>,
    schema: SchemaRef,
}

impl<W: Write + Send> ParquetEncoder<W> {
    /// Begins a file with the user columns of `schema`.
    ///
    /// # Errors
    ///
    /// When a column has no form in Parquet ([`check_parquet_columns`]), or the output cannot be written.
    pub fn new(output: W, schema: &StreamSchema, compression: ParquetCompression) -> io::Result<Self> {
        check_parquet_columns(schema).map_err(io::Error::other)?;
        let types: Vec<SqlType> = schema
            .user_fields()
            .iter()
            .filter_map(|field| SqlType::of_field(field))
            .collect();
        let stored = |form: fn(&SqlType) -> DataType| {
            let fields = schema.user_fields().iter().zip(&types);
            let fields = fields.map(|(field, sql_type)| field.as_ref().clone().with_data_type(form(sql_type)));
            Arc::new(Schema::new(fields.collect::<Vec<Field>>()))
        };
        let written = stored(|sql_type| file_type(sql_type, Text::Views));
        // Other readers take the types from here, and not all of them know views.
        let told = KeyValue::new(
            ARROW_SCHEMA_META_KEY.to_owned(),
            encode_arrow_schema(&stored(|sql_type| file_type(sql_type, Text::Plain))),
        );
        let properties = WriterProperties::builder()
            .set_compression(compression.into())
            .set_created_by(concat!("velostream ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_key_value_metadata(Some(vec![told]))
            .set_max_row_group_row_count(Some(GROUP_ROWS_MAX))
            .set_max_row_group_bytes(Some(GROUP_BYTES_MAX))
            .build();
        let options = ArrowWriterOptions::new()
            .with_properties(properties)
            .with_skip_arrow_metadata(true);
        let output = Counted {
            output: Some(output),
            bytes: 0,
        };
        let writer = ArrowWriter::try_new_with_options(output, Arc::clone(&written), options).map_err(io_error)?;
        Ok(Self {
            writer,
            columns: types.iter().map(stored_form).collect(),
            schema: written,
        })
    }

    /// Writes the rows of a batch; they reach the output with their row group.
    ///
    /// # Errors
    ///
    /// When the output cannot be written.
    pub fn write(&mut self, batch: &StreamBatch) -> io::Result<EncodedRows> {
        let columns = self
            .columns
            .iter()
            .zip(self.schema.fields())
            .zip(batch.records.columns());
        let columns = columns.map(|((form, field), column)| form.apply(column, field.data_type()));
        let columns = columns.collect::<Result<Vec<_>, _>>().map_err(io::Error::other)?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let records = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options);
        let (records, deletes_skipped) = without_retractions(batch, records.map_err(io::Error::other)?)?;
        self.writer.write(&records).map_err(io_error)?;
        Ok(EncodedRows {
            written: records.num_rows() as u64,
            deletes_skipped,
            non_finite_as_null: 0,
        })
    }

    /// Writes the last row group and the footer; returns the output and the bytes written to it.
    ///
    /// # Errors
    ///
    /// As [`ParquetEncoder::write`].
    pub fn finish(mut self) -> io::Result<(W, u64)> {
        self.writer.finish().map_err(io_error)?;
        let Counted { output, bytes } = self.writer.inner_mut();
        let output = output.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok((output, *bytes))
    }
}

/// Whether all user columns can be written to Parquet.
///
/// # Errors
///
/// A sentence for each that cannot.
pub fn check_parquet_columns(schema: &StreamSchema) -> Result<(), ColumnarError> {
    let has_form = |field: &Field| SqlType::of_field(field).is_some_and(|sql_type| has_form(&sql_type));
    let fields = schema.user_fields().iter().filter(|field| !has_form(field));
    let problems = fields.map(|field| {
        let (name, sql_type) = (field.name(), SqlType::of_field(field));
        let sql_type = sql_type.map_or_else(|| field.data_type().to_string(), |sql_type| sql_type.to_string());
        format!("column `{name}` is of type {sql_type}, which Parquet files do not hold")
    });
    let problems: Vec<String> = problems.collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(ColumnarError::Columns(problems))
    }
}

/// The rows of `records` that are no retractions of `batch`, and how many are.
pub(crate) fn without_retractions(batch: &StreamBatch, records: RecordBatch) -> io::Result<(RecordBatch, u64)> {
    let Some(kinds) = &batch.kinds else {
        return Ok((records, 0));
    };
    let kept = BooleanArray::new(!&kinds.retractions(), None);
    let deletes = records.num_rows() - kept.true_count();
    let records = filter_record_batch(&records, &kept).map_err(io::Error::other)?;
    Ok((records, deletes as u64))
}

/// An output, and the bytes written to it.
struct Counted<W> {
    /// None once it is handed back.
    output: Option<W>,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let output = self.output.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        let written = output.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.as_mut().map_or(Ok(()), Write::flush)
    }
}

/// How text and bytes are described.
#[derive(Debug, Clone, Copy)]
enum Text {
    Views,
    Plain,
}

fn has_form(sql_type: &SqlType) -> bool {
    match sql_type {
        SqlType::Interval => false,
        SqlType::Decimal { scale, .. } => *scale >= 0,
        SqlType::Array(element) => has_form(element),
        SqlType::Map(key, value) => has_form(key) && has_form(value),
        SqlType::Struct(fields) => !fields.is_empty() && fields.iter().all(|field| has_form(&field.sql_type)),
        _ => true,
    }
}

/// The Arrow type that is handed to the writer: that of the SQL type, but timestamps say that they are UTC.
fn file_type(sql_type: &SqlType, text: Text) -> DataType {
    match (sql_type, text) {
        (SqlType::Timestamp, _) => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        (SqlType::String | SqlType::Json, Text::Plain) => DataType::Utf8,
        (SqlType::Bytes, Text::Plain) => DataType::Binary,
        (SqlType::Array(element), text) => {
            DataType::List(Arc::new(Field::new_list_field(file_type(element, text), true)))
        }
        (SqlType::Map(key, value), text) => {
            let key = Field::new("key", file_type(key, text), false);
            let value = Field::new("value", file_type(value, text), true);
            let entries = DataType::Struct(vec![key, value].into());
            DataType::Map(Arc::new(Field::new("entries", entries, false)), false)
        }
        (SqlType::Struct(fields), text) => {
            let fields = fields.iter();
            DataType::Struct(
                fields
                    .map(|field| Field::new(&field.name, file_type(&field.sql_type, text), true))
                    .collect(),
            )
        }
        (other, _) => other.arrow(),
    }
}

/// How values of a SQL type become those of [`file_type`].
fn stored_form(sql_type: &SqlType) -> Conversion {
    match sql_type {
        SqlType::Timestamp => Conversion::Ticks { multiply: 1, divide: 1 },
        SqlType::Array(element) => Conversion::List(Box::new(stored_form(element))),
        SqlType::Map(key, value) => Conversion::Map(Box::new(stored_form(key)), Box::new(stored_form(value))),
        SqlType::Struct(fields) => {
            let fields = fields.iter();
            Conversion::Struct(
                fields
                    .map(|field| (field.name.clone(), stored_form(&field.sql_type)))
                    .collect(),
            )
        }
        _ => Conversion::Keep,
    }
}

impl From<ParquetCompression> for Compression {
    fn from(compression: ParquetCompression) -> Self {
        match compression {
            ParquetCompression::None => Self::UNCOMPRESSED,
            ParquetCompression::Snappy => Self::SNAPPY,
            ParquetCompression::Gzip => Self::GZIP(GzipLevel::default()),
            ParquetCompression::Zstd => Self::ZSTD(ZstdLevel::default()),
            ParquetCompression::Lz4 => Self::LZ4_RAW,
        }
    }
}

/// The failure of the output where that is the cause, so that a closed pipe is told apart.
fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(cause) => *cause,
            Err(cause) => io::Error::other(cause),
        },
        other => io::Error::other(plain(&other)),
    }
}
