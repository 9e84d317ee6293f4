use std::io::{Read, Seek};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use velo_data::{SqlType, StreamSchema, unreadable_field, unreadable_reason};

use super::column::ColumnBuilder;
use super::container::{Block, Container, Header};
use super::cursor::Cursor;
use super::schema::{AvroField, AvroType};
use crate::columnar::{ColumnarError, Conversion, RowFinisher, find_name};
use crate::{DecodedBatch, Projection, ReadRange};

/// A batch ends when this many unpacked bytes are behind it.
const BATCH_BYTES_MAX: usize = 16 << 20;
/// Most records of a block that may take no byte each.
const EMPTY_RECORDS_MAX: u64 = 1 << 24;

/// The header of an Avro object container file: what columns it has.
#[derive(Debug, Clone)]
pub struct AvroFile {
    header: Header,
}

impl AvroFile {
    /// Reads the header.
    ///
    /// # Errors
    ///
    /// When the input is no Avro file, is cut off, or its schema or codec cannot be used.
    pub fn open(input: impl Read + Seek) -> Result<Self, ColumnarError> {
        let header = Container::new(input).header()?;
        Ok(Self { header })
    }

    /// All columns, each with the SQL type that holds its values; one for which there is none is
    /// [unreadable](velo_data::unreadable_field).
    pub fn natural_schema(&self) -> StreamSchema {
        let columns = self.header.schema.fields.iter().map(|field| match field.column() {
            Ok(column) => column.with_nullable(true),
            Err(error) => unreadable_field(&field.name, error.message),
        });
        StreamSchema::of_user_columns(columns)
    }

    /// Whether the file has a column with the name, to the letter or else in any case.
    pub fn has_column(&self, name: &str) -> bool {
        find_name(self.column_names(), name).is_some()
    }

    /// Names of all columns, in their order.
    pub fn column_names(&self) -> impl Iterator<Item = &str> + Clone {
        self.header.schema.fields.iter().map(|field| field.name.as_str())
    }

    /// Whether the file has all wanted columns, each with a type that becomes the wanted one without loss.
    ///
    /// # Errors
    ///
    /// A sentence for each column that it does not have so.
    pub fn check(&self, wanted: &[FieldRef]) -> Result<(), ColumnarError> {
        let readable = wanted.iter().filter(|field| unreadable_reason(field).is_none());
        let readable: Vec<FieldRef> = readable.map(Arc::clone).collect();
        self.columns(&readable).map(|_| ())
    }

    /// For each wanted column the field of the file, and how its values get the wanted type.
    fn columns(&self, wanted: &[FieldRef]) -> Result<Vec<(usize, Conversion)>, ColumnarError> {
        let found = wanted.iter().map(|field| self.column(field));
        let (columns, problems): (Vec<_>, Vec<_>) = found.partition(Result::is_ok);
        let problems: Vec<String> = problems.into_iter().filter_map(Result::err).collect();
        if problems.is_empty() {
            Ok(columns.into_iter().flatten().collect())
        } else {
            Err(ColumnarError::Columns(problems))
        }
    }

    fn column(&self, wanted: &FieldRef) -> Result<(usize, Conversion), String> {
        let name = wanted.name();
        if let Some(reason) = unreadable_reason(wanted) {
            return Err(reason.to_owned());
        }
        let fields = &self.header.schema.fields;
        let index = find_name(fields.iter().map(|field| field.name.as_str()), name)
            .ok_or_else(|| format!("the file has no column `{name}`"))?;
        let sql_type = SqlType::of_field(wanted).ok_or_else(|| format!("column `{name}` has no SQL type"))?;
        let avro_type = &fields[index].avro_type;
        let natural = avro_type.sql_type().ok_or_else(|| {
            format!("column `{name}` is a union of several types in the file, for which SQL has no type")
        })?;
        let conversion = conversion(avro_type, &natural, &sql_type).ok_or_else(|| {
            format!("column `{name}` is declared {sql_type}, which its values in the file do not fit without loss; they can be read as {natural}")
        })?;
        Ok((index, conversion))
    }

    /// Reads records of a file from its beginning, and of them the columns of `projection`.
    ///
    /// # Errors
    ///
    /// As [`AvroFile::open`] and [`AvroFile::check`].
    pub fn reader<R: Read + Seek>(
        input: R,
        projection: Projection,
        range: ReadRange,
    ) -> Result<AvroReader<R>, ColumnarError> {
        let mut container = Container::new(input);
        let file = Self {
            header: container.header()?,
        };
        let columns = file.columns(&projection.fields)?;
        let header = file.header;
        let mut builders = Vec::new();
        let mut steps = Vec::new();
        for (index, AvroField { avro_type, .. }) in header.schema.fields.iter().enumerate() {
            let is_wanted = columns.iter().any(|(column, _)| *column == index);
            match ColumnBuilder::new(avro_type).filter(|_| is_wanted) {
                Some(builder) => {
                    steps.push(Step::Read(builders.len()));
                    builders.push((index, builder));
                }
                None => steps.push(Step::Skip(avro_type.clone())),
            }
        }
        let place = |column: usize| builders.iter().position(|(index, _)| *index == column);
        let outputs = columns
            .iter()
            .zip(&projection.fields)
            .filter_map(|((column, conversion), field)| {
                Some(Output {
                    builder: place(*column)?,
                    conversion: conversion.clone(),
                    data_type: field.data_type().clone(),
                })
            });
        Ok(AvroReader {
            outputs: outputs.collect(),
            builders: builders.into_iter().map(|(_, builder)| builder).collect(),
            steps,
            finisher: RowFinisher::new(projection),
            container,
            header,
            block: None,
            next_record: 0,
            range,
        })
    }
}

/// Reads the rows of an Avro file, one block at a time.
#[derive(Debug)]
pub struct AvroReader<R> {
    container: Container<R>,
    header: Header,
    /// What becomes of each field of a record.
    steps: Vec<Step>,
    builders: Vec<ColumnBuilder>,
    outputs: Vec<Output>,
    finisher: RowFinisher,
    block: Option<OpenBlock>,
    /// Number of the next record.
    next_record: u64,
    range: ReadRange,
}

#[derive(Debug)]
enum Step {
    /// It goes to a builder.
    Read(usize),
    /// Nobody wants it.
    Skip(AvroType),
}

#[derive(Debug)]
struct Output {
    builder: usize,
    conversion: Conversion,
    data_type: DataType,
}

#[derive(Debug)]
struct OpenBlock {
    block: Block,
    /// Bytes of its records that are decoded.
    decoded: usize,
    records_left: u64,
}

impl<R: Read + Seek> AvroReader<R> {
    /// Number of the record that comes next.
    pub fn position(&self) -> u64 {
        self.next_record.max(self.range.records.start)
    }

    /// Bytes of the file that have been read.
    pub fn bytes_read(&self) -> u64 {
        self.container.position
    }

    /// The next rows; `None` at the end. `read_at_ms` is the time of the records.
    ///
    /// # Errors
    ///
    /// When a block is damaged, or holds a value that its declared type cannot.
    pub fn next_batch(&mut self, read_at_ms: i64) -> Result<Option<DecodedBatch>, ColumnarError> {
        let mut rows = 0;
        let mut bytes = 0;
        let mut first_record = self.position();
        while rows < self.range.batch_rows_max.max(1) && bytes < BATCH_BYTES_MAX {
            if self.next_record >= self.range.records.end || !self.open_block()? {
                break;
            }
            if rows == 0 {
                first_record = self.position();
            }
            let (block_rows, block_bytes) = self.decode_block(rows)?;
            rows += block_rows;
            bytes += block_bytes;
        }
        if rows == 0 {
            return Ok(None);
        }
        self.finish(rows, first_record, read_at_ms).map(Some)
    }

    /// Makes sure that there is a block with records that are left; `false` at the end.
    fn open_block(&mut self) -> Result<bool, ColumnarError> {
        while self.block.as_ref().is_none_or(|open| open.records_left == 0) {
            if let Some(open) = self.block.take()
                && open.decoded < open.block.bytes.len()
            {
                let left = open.block.bytes.len() - open.decoded;
                return Err(damaged(
                    &open.block,
                    format!("{left} bytes are left behind its records"),
                ));
            }
            let (next, wanted) = (self.next_record, self.range.records.start);
            let Some(block) = self
                .container
                .block(&self.header, |records| next.saturating_add(records) > wanted)?
            else {
                return Ok(false);
            };
            if self.next_record.saturating_add(block.records) <= self.range.records.start {
                self.next_record += block.records;
                continue;
            }
            if block.records > EMPTY_RECORDS_MAX.max(block.bytes.len() as u64) {
                let bytes = block.bytes.len();
                return Err(damaged(
                    &block,
                    format!("it says that it has {} records in {bytes} bytes", block.records),
                ));
            }
            self.block = Some(OpenBlock {
                records_left: block.records,
                decoded: 0,
                block,
            });
        }
        Ok(true)
    }

    /// Decodes records of the open block until it, the batch or the range ends; tells their number and bytes.
    fn decode_block(&mut self, rows: usize) -> Result<(usize, usize), ColumnarError> {
        let Some(open) = &mut self.block else {
            return Ok((0, 0));
        };
        let records = &self.range.records;
        let bytes = &open.block.bytes[open.decoded..];
        let mut cursor = Cursor::new(bytes);
        let mut decoded = 0;
        while open.records_left > 0
            && rows + decoded < self.range.batch_rows_max.max(1)
            && self.next_record < records.end
        {
            let is_wanted = self.next_record >= records.start;
            let steps = self.steps.iter().zip(&self.header.schema.fields);
            for (step, field) in steps {
                let read = match step {
                    Step::Read(builder) if is_wanted => self.builders[*builder].read(&mut cursor),
                    Step::Read(_) => cursor.skip(&field.avro_type),
                    Step::Skip(avro_type) => cursor.skip(avro_type),
                };
                read.map_err(|error| {
                    let (record, name) = (self.next_record, &field.name);
                    damaged(&open.block, format!("record {record}, column `{name}`: {error}"))
                })?;
            }
            decoded += usize::from(is_wanted);
            self.next_record += 1;
            open.records_left -= 1;
        }
        let used = bytes.len() - cursor.left();
        open.decoded += used;
        Ok((decoded, used))
    }

    fn finish(&mut self, rows: usize, first_record: u64, read_at_ms: i64) -> Result<DecodedBatch, ColumnarError> {
        let failed = |error: arrow::error::ArrowError| ColumnarError::Damaged(error.to_string());
        let built = self.builders.iter_mut().map(ColumnBuilder::finish);
        let built = built.collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let columns = self.outputs.iter();
        let columns = columns.map(|output| output.conversion.apply(&built[output.builder], &output.data_type));
        let columns = columns.collect::<Result<Vec<_>, _>>().map_err(failed)?;
        self.finisher
            .finish(columns, rows, first_record, read_at_ms)
            .map_err(failed)
    }
}

/// How values of an Avro type, read as its natural type, become the wanted one.
fn conversion(avro_type: &AvroType, natural: &SqlType, wanted: &SqlType) -> Option<Conversion> {
    let is_narrow = |avro_type: &AvroType| matches!(avro_type, AvroType::Int);
    let data_type = match avro_type {
        AvroType::Null => DataType::Null,
        other if is_narrow(other) || other.value_of_union().is_some_and(is_narrow) => DataType::Int32,
        _ => natural.arrow(),
    };
    if natural == wanted {
        return Some(Conversion::Keep);
    }
    // An interval is itself, whatever other readers take it for.
    Conversion::new(&Field::new("", data_type, true), wanted)
}

fn damaged(block: &Block, message: impl std::fmt::Display) -> ColumnarError {
    ColumnarError::damaged_part(format_args!("the block at byte {}", block.start), message)
}
