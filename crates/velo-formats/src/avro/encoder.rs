use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};

use arrow::datatypes::Field;
use serde_json::{Value, json};
use velo_data::{SqlType, StreamBatch, StreamSchema};

use super::container::{MAGIC, SYNC_BYTES};
use super::stored::{Stored, schema_of, write_bytes, write_long};
use crate::EncodedRows;
use crate::columnar::ColumnarError;

/// Bytes of records that are packed together, before they are packed.
const BLOCK_BYTES: usize = 256 << 10;

/// Name and namespace of the record that a row is.
const ROW_NAME: &str = "row";
const NAMESPACE: &str = "velostream";

/// How the blocks of an Avro file are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AvroCompression {
    /// Not at all.
    None,
    /// Known to every reader.
    #[default]
    Deflate,
    /// Fast.
    Snappy,
    /// Small and fast, but not known to every reader.
    Zstandard,
}

/// Writes rows as an Avro object container file.
///
/// It holds the user's columns only, and no deletes: those rows are left out and counted.
#[derive(Debug)]
pub struct AvroEncoder<W> {
    output: W,
    columns: Vec<(SqlType, bool)>,
    compression: AvroCompression,
    sync: [u8; SYNC_BYTES],
    block: Vec<u8>,
    block_records: u64,
    bytes_written: u64,
}

impl<W: Write> AvroEncoder<W> {
    /// Begins a file with the user columns of `schema`.
    ///
    /// # Errors
    ///
    /// When a column has no form in Avro ([`check_avro_columns`]), or the output cannot be written.
    pub fn new(output: W, schema: &StreamSchema, compression: AvroCompression) -> io::Result<Self> {
        check_avro_columns(schema).map_err(io::Error::other)?;
        let fields = schema.user_fields().iter();
        let columns = fields.filter_map(|field| Some((SqlType::of_field(field)?, field.is_nullable())));
        let mut encoder = Self {
            output,
            columns: columns.collect(),
            compression,
            sync: new_marker(),
            block: Vec::new(),
            block_records: 0,
            bytes_written: 0,
        };
        encoder.write_header(schema)?;
        Ok(encoder)
    }

    /// Writes the rows of a batch; they reach the output with their block.
    ///
    /// # Errors
    ///
    /// When the output cannot be written.
    pub fn write(&mut self, batch: &StreamBatch) -> io::Result<EncodedRows> {
        let records = &batch.records;
        let columns = records.columns().iter().zip(&self.columns);
        let columns = columns.map(|(column, (sql_type, is_nullable))| Stored::new(column, sql_type, *is_nullable));
        let columns: Option<Vec<Stored<'_>>> = columns.collect();
        let columns = columns.ok_or_else(|| io::Error::other("a batch has other columns than the file"))?;
        let mut encoded = EncodedRows::default();
        for row in 0..batch.num_rows() {
            if batch.kind(row).is_retraction() {
                encoded.deletes_skipped += 1;
                continue;
            }
            for column in &columns {
                column.write(row, &mut self.block);
            }
            self.block_records += 1;
            encoded.written += 1;
            if self.block.len() >= BLOCK_BYTES {
                write_block(
                    &mut self.output,
                    self.compression,
                    self.sync,
                    &self.block,
                    self.block_records,
                )
                .map(|bytes| self.bytes_written += bytes)?;
                self.block.clear();
                self.block_records = 0;
            }
        }
        Ok(encoded)
    }

    /// Writes the last block; returns the output and the bytes written to it.
    ///
    /// # Errors
    ///
    /// As [`AvroEncoder::write`].
    pub fn finish(mut self) -> io::Result<(W, u64)> {
        if self.block_records > 0 {
            let block = (self.block.as_slice(), self.block_records);
            self.bytes_written += write_block(&mut self.output, self.compression, self.sync, block.0, block.1)?;
        }
        self.output.flush()?;
        Ok((self.output, self.bytes_written))
    }

    fn write_header(&mut self, schema: &StreamSchema) -> io::Result<()> {
        let mut header = MAGIC.to_vec();
        let metadata = [
            ("avro.schema", avro_schema(schema).to_string()),
            ("avro.codec", self.compression.codec().to_owned()),
        ];
        write_long(metadata.len() as i64, &mut header);
        for (key, value) in metadata {
            write_bytes(key.as_bytes(), &mut header);
            write_bytes(value.as_bytes(), &mut header);
        }
        write_long(0, &mut header);
        header.extend_from_slice(&self.sync);
        self.bytes_written += header.len() as u64;
        self.output.write_all(&header)
    }
}

/// Whether all user columns can be written to Avro.
///
/// # Errors
///
/// A sentence for each that cannot.
pub fn check_avro_columns(schema: &StreamSchema) -> Result<(), ColumnarError> {
    let problems: Vec<String> = schema.user_fields().iter().filter_map(|field| problem(field)).collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(ColumnarError::Columns(problems))
    }
}

fn problem(field: &Field) -> Option<String> {
    let name = field.name();
    if !is_avro_name(name) {
        return Some(format!(
            "column `{name}` has no name for Avro, which takes letters, digits and `_`, and no digit first; write AS with another name"
        ));
    }
    let sql_type = SqlType::of_field(field);
    match sql_type.as_ref().map(part_without_form) {
        Some(None) => None,
        Some(Some(part)) => Some(format!("column `{name}` {part}")),
        None => Some(format!(
            "column `{name}` is of type {}, which Avro files do not hold",
            field.data_type()
        )),
    }
}

/// What of a type has no form in Avro.
fn part_without_form(sql_type: &SqlType) -> Option<String> {
    match sql_type {
        SqlType::Interval => {
            Some("is an INTERVAL or has one in it, which Avro files do not hold; cast it to STRING".to_owned())
        }
        SqlType::Decimal { precision, scale } if *scale < 0 || i16::from(*scale) > i16::from(*precision) => {
            Some(format!("is or has in it a {sql_type}, which Avro files do not hold"))
        }
        SqlType::Array(element) => part_without_form(element),
        SqlType::Map(key, _) if **key != SqlType::String => {
            Some(format!("holds a {sql_type}; keys of Avro maps are strings"))
        }
        SqlType::Map(_, value) => part_without_form(value),
        SqlType::Struct(fields) => fields.iter().find_map(|field| {
            if is_avro_name(&field.name) {
                part_without_form(&field.sql_type)
            } else {
                Some(format!("has a field `{}`, which is no name for Avro", field.name))
            }
        }),
        _ => None,
    }
}

fn is_avro_name(name: &str) -> bool {
    let is_letter = |character: char| character.is_ascii_alphabetic() || character == '_';
    name.starts_with(is_letter)
        && name
            .chars()
            .all(|character| is_letter(character) || character.is_ascii_digit())
}

fn avro_schema(schema: &StreamSchema) -> Value {
    let inner = format!("{NAMESPACE}.{ROW_NAME}");
    let fields = schema.user_fields().iter().filter_map(|field| {
        let field_type = schema_of(&SqlType::of_field(field)?, field.is_nullable(), field.name(), &inner);
        Some(json!({"name": field.name(), "type": field_type}))
    });
    let fields: Vec<Value> = fields.collect();
    json!({"type": "record", "name": ROW_NAME, "namespace": NAMESPACE, "fields": fields})
}

/// Writes a block; tells its bytes.
fn write_block(
    output: &mut impl Write,
    compression: AvroCompression,
    sync: [u8; SYNC_BYTES],
    records: &[u8],
    count: u64,
) -> io::Result<u64> {
    let packed = compression.pack(records)?;
    let mut head = Vec::with_capacity(20);
    write_long(count as i64, &mut head);
    write_long(packed.len() as i64, &mut head);
    output.write_all(&head)?;
    output.write_all(&packed)?;
    output.write_all(&sync)?;
    Ok((head.len() + packed.len() + sync.len()) as u64)
}

impl AvroCompression {
    const fn codec(self) -> &'static str {
        match self {
            Self::None => "null",
            Self::Deflate => "deflate",
            Self::Snappy => "snappy",
            Self::Zstandard => "zstandard",
        }
    }

    fn pack(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::None => Ok(bytes.to_vec()),
            Self::Deflate => {
                let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(bytes)?;
                encoder.finish()
            }
            Self::Snappy => {
                let mut packed = snap::raw::Encoder::new()
                    .compress_vec(bytes)
                    .map_err(io::Error::other)?;
                let mut crc = flate2::Crc::new();
                crc.update(bytes);
                packed.extend_from_slice(&crc.sum().to_be_bytes());
                Ok(packed)
            }
            Self::Zstandard => zstd::encode_all(bytes, zstd::DEFAULT_COMPRESSION_LEVEL),
        }
    }
}

/// A marker that is not likely to stand in any data.
fn new_marker() -> [u8; SYNC_BYTES] {
    let state = RandomState::new();
    let (head, tail) = (state.hash_one(0_u8), state.hash_one(1_u8));
    let mut marker = [0; SYNC_BYTES];
    marker[..8].copy_from_slice(&head.to_le_bytes());
    marker[8..].copy_from_slice(&tail.to_le_bytes());
    marker
}
