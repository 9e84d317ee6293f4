//! Bytes to Arrow and back: JSON lines, CSV, envelopes.
//!
//! Start at [`Decoder`], which turns records into columns, and [`Encoder`], which does the reverse. Decoding goes block by block: a scan finds where the
//! wanted values stand and checks the text around them, then each column is built in one loop over values of one
//! type. What was not asked for is never built.
//!
//! This crate knows bytes and columns. Where bytes come from, and how many at a time, is its caller's affair.

mod column;
mod csv;
mod decoder;
mod encode;
mod envelope;
mod error;
mod json;
mod lines;
mod record;
mod sample;
mod system_columns;
mod value;

pub use csv::{CsvHeader, CsvOptions, read_csv_header};
pub use decoder::{DecodedBatch, Decoder, Projection, RecordPosition};
pub use encode::{DeadLetter, EncodedRows, Encoder, write_dead_letter};
pub use error::FormatError;
pub use sample::{
    SAMPLE_BYTES_MAX, SAMPLE_RECORDS_MAX, SampledColumn, SampledSchema, ValueKind, sample_csv, sample_envelopes,
    sample_json_lines,
};
