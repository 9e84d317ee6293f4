//! Bytes to Arrow and back: JSON lines and arrays, CSV, envelopes, Parquet, Avro.
//!
//! Start at [`Decoder`], which turns records into columns, and [`Encoder`], which does the reverse. Decoding goes block by block: a scan finds where the
//! wanted values stand and checks the text around them, then each column is built in one loop over values of one
//! type. What was not asked for is never built.
//!
//! # What text means
//!
//! JSON is strict, since a value of the wrong kind is more often a mistake than a habit:
//!
//! | column | takes | does not take |
//! |---|---|---|
//! | TINYINT, SMALLINT, BIGINT | whole numbers, also `1.0` and `1e3` | fractions, numbers out of range, `"12"` |
//! | DOUBLE | numbers | numbers out of range, `"1.5"` |
//! | DECIMAL | numbers, exactly; excess digits behind the point round half away from zero | too many digits before it |
//! | BOOLEAN | `true`, `false` | `1`, `"true"` |
//! | STRING | strings; numbers and booleans as their text; objects and arrays as compact JSON text | |
//! | JSON | anything, as compact JSON text | |
//! | TIMESTAMP | ISO 8601 text (UTC without an offset), whole numbers of epoch milliseconds | other text, fractions |
//! | DATE, TIME | `"YYYY-MM-DD"`, `"HH:MM[:SS[.fff]]"` | numbers |
//! | INTERVAL | ISO 8601 durations | |
//! | BYTES | base64 | |
//! | ARRAY, MAP, STRUCT | arrays, objects, objects; members that a STRUCT does not have are passed over | |
//!
//! A missing member and `null` are NULL. Of members of the same name the last one wins. A CSV field is any of
//! this by its text, with white space around it unless the column is text; nested types are JSON in a field. An
//! empty field is NULL, `""` is empty text. In every format a record that does not fit becomes a
//! [`RowError`](velo_data::RowError) and the others go on.
//!
//! What is written reads back the same: decimals with all their digits, timestamps in ISO 8601 UTC, doubles with
//! as few digits as give the same double. JSON has no word for NaN and infinities: they are null, and counted.
//!
//! # Typed files
//!
//! Parquet and Avro files tell their columns themselves. [`ParquetFile`] and [`AvroFile`] read them and check them against
//! declared ones: a value may get a wider type, never lose anything; only instants and times are cut to milliseconds.
//! Row groups that statistics exclude are not read.
//!
//! This crate knows bytes and columns. Where bytes come from, and how many at a time, is its caller's affair.

mod avro;
mod column;
mod columnar;
mod csv;
mod cut;
mod decoder;
mod encode;
mod envelope;
mod error;
mod json;
mod lines;
mod parquet;
mod record;
mod sample;
mod system_columns;
mod text;
mod value;

pub use avro::{AvroCompression, AvroEncoder, AvroFile, AvroReader, AvroSchema, AvroSchemaError, check_avro_columns};
pub use columnar::ColumnarError;
pub use csv::{CsvHeader, CsvOptions, read_csv_header};
pub use cut::{Cut, RecordCutter};
pub use decoder::{DecodedBatch, Decoder, Projection, RecordPosition};
pub use encode::{DeadLetter, EncodedRows, Encoder, write_dead_letter};
pub use envelope::{EnvelopeFormat, EnvelopeLayout, EnvelopePart};
pub use error::FormatError;
pub use json::Fault;
pub use parquet::{ParquetCompression, ParquetEncoder, ParquetFile, ParquetReader, ReadRange, check_parquet_columns};
pub use sample::{
    KindConflict, SampledColumn, SampledSchema, ValueKind, sample_csv, sample_envelopes, sample_json_array,
    sample_json_lines,
};
pub use text::parse_exact_decimal;
