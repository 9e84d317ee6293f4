use velo_data::{StreamBatch, StreamSchema};

use super::EncodedRows;
use super::values::Values;
use crate::{CsvOptions, FormatError};

/// Writes delimited text. NULL is an empty field and empty text a quoted one; quotes are written only where
/// they are needed.
#[derive(Debug)]
pub(super) struct CsvEncoder {
    options: CsvOptions,
    names: Vec<String>,
}

impl CsvEncoder {
    pub(super) fn new(schema: &StreamSchema, options: CsvOptions) -> Self {
        let fields = schema.user_fields().iter();
        Self {
            options,
            names: fields.map(|field| field.name().clone()).collect(),
        }
    }

    /// Appends the line of column names.
    pub(super) fn write_header(&self, out: &mut Vec<u8>) {
        for (index, name) in self.names.iter().enumerate() {
            self.write_field(index, out, |out| out.extend_from_slice(name.as_bytes()));
        }
        out.push(b'\n');
    }

    /// Appends the given rows.
    pub(super) fn encode(
        &self,
        batch: &StreamBatch,
        rows: impl Iterator<Item = usize>,
        out: &mut Vec<u8>,
        encoded: &mut EncodedRows,
    ) -> Result<(), FormatError> {
        let records = &batch.records;
        let fields = records.schema_ref().fields().iter().zip(records.columns());
        let user = fields.take(self.names.len());
        let columns = user.map(|(field, column)| Values::new(field, column.as_ref()));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        for row in rows {
            for (index, column) in columns.iter().enumerate() {
                if column.is_null(row) {
                    self.write_delimiter(index, out);
                } else {
                    let non_finite = &mut encoded.non_finite_as_null;
                    self.write_field(index, out, |out| column.write_text(row, out, non_finite));
                }
            }
            out.push(b'\n');
            encoded.written += 1;
        }
        Ok(())
    }

    fn write_delimiter(&self, index: usize, out: &mut Vec<u8>) {
        if index > 0 {
            out.push(self.options.delimiter);
        }
    }

    /// Appends what `write` does as a field, and puts quotes around it afterwards if it needs them.
    fn write_field(&self, index: usize, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        self.write_delimiter(index, out);
        let start = out.len();
        write(out);
        let CsvOptions { delimiter, quote } = self.options;
        let field = &out[start..];
        let is_special = |byte: &u8| *byte == delimiter || *byte == quote || matches!(byte, b'\n' | b'\r');
        if !field.is_empty() && !field.iter().any(is_special) {
            return;
        }
        let plain = out.split_off(start);
        out.push(quote);
        for byte in plain {
            if byte == quote {
                out.push(quote);
            }
            out.push(byte);
        }
        out.push(quote);
    }
}
