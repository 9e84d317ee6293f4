use std::sync::Arc;

use arrow::array::{ArrayRef, new_null_array};
use arrow::compute::SortOptions;
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, Rows, SortField};
use velo_functions::comparable;

use crate::error::OperatorResult;

/// Brings rows of values into bytes and back.
pub(super) struct RowBytes {
    converter: RowConverter,
    /// A row of NULLs.
    null: Box<[u8]>,
}

/// Rows in bytes.
pub(super) struct EncodedRows {
    /// The bytes that are equal where rows are, `-0.0` and `0.0` included, and compare like the rows.
    keys: Rows,
    /// The rows as they are, where their keys do not say it.
    values: Option<Rows>,
}

impl EncodedRows {
    pub(super) fn key(&self, row: usize) -> &[u8] {
        self.keys.row(row).data()
    }

    /// The bytes to read a row from.
    pub(super) fn value(&self, row: usize) -> &[u8] {
        self.values.as_ref().unwrap_or(&self.keys).row(row).data()
    }

    /// As [`EncodedRows::value`]; `None` where that is the key.
    pub(super) fn own_value(&self, row: usize) -> Option<&[u8]> {
        self.values.as_ref().map(|values| values.row(row).data())
    }
}

impl RowBytes {
    pub(super) fn new(types: &[DataType]) -> OperatorResult<Self> {
        let field = |data_type: &DataType| SortField::new_with_options(data_type.clone(), SortOptions::default());
        let converter = RowConverter::new(types.iter().map(field).collect())?;
        let nulls: Vec<ArrayRef> = types.iter().map(|data_type| new_null_array(data_type, 1)).collect();
        let null = converter.convert_columns(&nulls)?;
        Ok(Self {
            null: null.row(0).data().into(),
            converter,
        })
    }

    pub(super) fn encode(&self, columns: &[ArrayRef]) -> OperatorResult<EncodedRows> {
        let canonical = columns.iter().map(comparable).collect::<Result<Vec<_>, _>>()?;
        let mut pairs = canonical.iter().zip(columns);
        let values = if pairs.all(|(canonical, column)| Arc::ptr_eq(canonical, column)) {
            None
        } else {
            Some(self.converter.convert_columns(columns)?)
        };
        Ok(EncodedRows {
            keys: self.converter.convert_columns(&canonical)?,
            values,
        })
    }

    pub(super) fn decode<'a>(&self, rows: impl Iterator<Item = &'a [u8]>) -> OperatorResult<Vec<ArrayRef>> {
        let parser = self.converter.parser();
        Ok(self.converter.convert_rows(rows.map(|row| parser.parse(row)))?)
    }

    /// The only column of rows; `None` is NULL.
    pub(super) fn decode_values<'a>(&self, rows: impl Iterator<Item = Option<&'a [u8]>>) -> OperatorResult<ArrayRef> {
        let mut columns = self.decode(rows.map(|row| row.unwrap_or(&self.null)))?;
        Ok(columns.swap_remove(0))
    }
}

/// Rows in bytes, one behind the other: values of many moments, of which most are gone when all are decoded.
#[derive(Default)]
pub(super) struct RunningRows {
    bytes: Vec<u8>,
    /// Where each row ends, and whether there is one.
    ends: Vec<(usize, bool)>,
}

impl RunningRows {
    pub(super) fn push(&mut self, row: Option<&[u8]>) {
        self.bytes.extend_from_slice(row.unwrap_or_default());
        self.ends.push((self.bytes.len(), row.is_some()));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Option<&[u8]>> {
        let mut start = 0;
        self.ends.iter().map(move |(end, is_row)| {
            let row = &self.bytes[start..*end];
            start = *end;
            is_row.then_some(row)
        })
    }
}
