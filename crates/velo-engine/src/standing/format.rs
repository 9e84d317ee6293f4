use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, FieldRef, SchemaRef};
use arrow::row::{RowConverter, Rows, SortField};
use velo_data::{StreamSchema, record_batch};
use velo_functions::comparable;

use crate::error::{CompileError, OperatorResult};
use crate::keys::hash_bytes;

/// Turns the rows of one schema into bytes and back: the user's columns apart from the metadata, since a row is told by the
/// values that users see.
#[derive(Debug)]
pub(crate) struct RowFormat {
    schema: SchemaRef,
    user_columns: usize,
    user: Columns,
    metadata: Columns,
}

/// Some columns, which may be none.
#[derive(Debug)]
struct Columns {
    converter: Option<RowConverter>,
    /// Whether values that are equal in SQL have the same bytes, such as 0.0 and -0.0.
    comparable: bool,
}

/// The rows of a batch as bytes.
#[derive(Debug)]
pub(crate) struct EncodedRows {
    user: Option<Rows>,
    metadata: Option<Rows>,
    rows: usize,
}

/// One row as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowBytes<'a> {
    pub(crate) user: &'a [u8],
    pub(crate) metadata: &'a [u8],
}

impl RowFormat {
    /// Rows with all columns of `schema`, which come back as they were.
    pub(crate) fn new(schema: &StreamSchema) -> Result<Self, CompileError> {
        let (user, metadata) = schema.arrow().fields().split_at(schema.user_columns());
        Ok(Self {
            schema: Arc::clone(schema.arrow()),
            user_columns: schema.user_columns(),
            user: Columns::new(user, false)?,
            metadata: Columns::new(metadata, false)?,
        })
    }

    /// The user's columns alone, with the same bytes for values that are equal.
    pub(crate) fn of_values(schema: &StreamSchema) -> Result<Self, CompileError> {
        Ok(Self {
            user: Columns::new(schema.user_fields(), true)?,
            metadata: Columns::new(&[], true)?,
            schema: Arc::clone(schema.arrow()),
            user_columns: schema.user_columns(),
        })
    }

    pub(crate) fn encode(&self, records: &RecordBatch) -> OperatorResult<EncodedRows> {
        let (user, metadata) = records.columns().split_at(self.user_columns);
        Ok(EncodedRows {
            user: self.user.encode(user)?,
            metadata: self.metadata.encode(metadata)?,
            rows: records.num_rows(),
        })
    }

    /// The rows as a batch. They must come from a format that [`RowFormat::new`] made.
    pub(crate) fn decode(&self, rows: &[RowBytes<'_>]) -> OperatorResult<RecordBatch> {
        let mut columns = self.user.decode(rows.iter().map(|row| row.user))?;
        columns.extend(self.metadata.decode(rows.iter().map(|row| row.metadata))?);
        Ok(record_batch(&self.schema, columns, rows.len())?)
    }
}

impl Columns {
    fn new(fields: &[FieldRef], comparable: bool) -> Result<Self, CompileError> {
        let key_type = |data_type: &DataType| CompileError::KeyType {
            data_type: data_type.to_string(),
        };
        let sort_field = |field: &FieldRef| {
            let sort_field = SortField::new(field.data_type().clone());
            if RowConverter::supports_fields(std::slice::from_ref(&sort_field)) {
                Ok(sort_field)
            } else {
                Err(key_type(field.data_type()))
            }
        };
        let sort_fields: Vec<SortField> = fields.iter().map(sort_field).collect::<Result<_, _>>()?;
        let converter = match fields {
            [] => None,
            [first, ..] => Some(RowConverter::new(sort_fields).map_err(|_| key_type(first.data_type()))?),
        };
        Ok(Self { converter, comparable })
    }

    fn encode(&self, columns: &[ArrayRef]) -> OperatorResult<Option<Rows>> {
        let Some(converter) = &self.converter else {
            return Ok(None);
        };
        if !self.comparable {
            return Ok(Some(converter.convert_columns(columns)?));
        }
        let columns: Vec<ArrayRef> = columns.iter().map(comparable).collect::<Result<_, _>>()?;
        Ok(Some(converter.convert_columns(&columns)?))
    }

    fn decode<'a>(&self, rows: impl Iterator<Item = &'a [u8]>) -> OperatorResult<Vec<ArrayRef>> {
        let Some(converter) = &self.converter else {
            return Ok(Vec::new());
        };
        let parser = converter.parser();
        let rows: Vec<&[u8]> = rows.collect();
        Ok(converter.convert_rows(rows.iter().map(|row| parser.parse(row)))?)
    }
}

impl EncodedRows {
    pub(crate) fn num_rows(&self) -> usize {
        self.rows
    }

    /// The bytes of a row, which must be one of them.
    pub(crate) fn row(&self, row: usize) -> RowBytes<'_> {
        RowBytes {
            user: self.user.as_ref().map_or(&[], |rows| rows.row(row).data()),
            metadata: self.metadata.as_ref().map_or(&[], |rows| rows.row(row).data()),
        }
    }
}

impl RowBytes<'_> {
    /// Hash of what the user sees.
    pub(crate) fn hash(&self) -> u64 {
        hash_bytes(self.user)
    }
}

/// Rows that are put together from bytes of different places, such as those of a batch and those that were kept.
#[derive(Debug, Default)]
pub(crate) struct RowBuffer {
    bytes: Vec<u8>,
    rows: Vec<(Range<usize>, Range<usize>)>,
}

impl RowBuffer {
    pub(crate) fn push(&mut self, row: RowBytes<'_>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(row.user);
        let middle = self.bytes.len();
        self.bytes.extend_from_slice(row.metadata);
        self.rows.push((start..middle, middle..self.bytes.len()));
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Takes the last row off again.
    pub(crate) fn pop(&mut self) {
        if let Some((user, _)) = self.rows.pop() {
            self.bytes.truncate(user.start);
        }
    }

    pub(crate) fn row(&self, row: usize) -> Option<RowBytes<'_>> {
        self.rows.get(row).map(|places| self.at(places))
    }

    pub(crate) fn decode(&self, format: &RowFormat) -> OperatorResult<RecordBatch> {
        let rows: Vec<RowBytes<'_>> = self.rows.iter().map(|places| self.at(places)).collect();
        format.decode(&rows)
    }

    /// The user's columns alone.
    pub(crate) fn decode_user(&self, format: &RowFormat) -> OperatorResult<Vec<ArrayRef>> {
        format.user.decode(self.rows.iter().map(|places| self.at(places).user))
    }

    fn at(&self, (user, metadata): &(Range<usize>, Range<usize>)) -> RowBytes<'_> {
        RowBytes {
            user: &self.bytes[user.clone()],
            metadata: &self.bytes[metadata.clone()],
        }
    }
}
