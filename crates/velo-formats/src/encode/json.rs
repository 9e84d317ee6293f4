use arrow::array::RecordBatch;
use velo_data::{StreamBatch, StreamSchema};

use super::EncodedRows;
use super::values::{Values, member_prefix};
use crate::FormatError;

/// Writes JSON objects with a member for each user column, in the order of the columns.
#[derive(Debug)]
pub(super) struct JsonEncoder {
    /// `"name":` of each column.
    prefixes: Vec<Vec<u8>>,
}

impl JsonEncoder {
    pub(super) fn new(schema: &StreamSchema) -> Self {
        let names = schema.user_fields().iter();
        Self {
            prefixes: names.map(|field| member_prefix(field.name())).collect(),
        }
    }

    /// Appends the given rows, one a line.
    pub(super) fn encode(
        &self,
        batch: &StreamBatch,
        rows: impl Iterator<Item = usize>,
        out: &mut Vec<u8>,
        encoded: &mut EncodedRows,
    ) -> Result<(), FormatError> {
        let columns = self.columns(&batch.records)?;
        for row in rows {
            self.write_object(&columns, row, out, &mut encoded.non_finite_as_null);
            out.push(b'\n');
            encoded.written += 1;
        }
        Ok(())
    }

    /// Appends the given rows as elements of an array, each behind a line end and, unless it is the first, a comma.
    pub(super) fn encode_elements(
        &self,
        batch: &StreamBatch,
        rows: impl Iterator<Item = usize>,
        is_empty: &mut bool,
        out: &mut Vec<u8>,
        encoded: &mut EncodedRows,
    ) -> Result<(), FormatError> {
        let columns = self.columns(&batch.records)?;
        for row in rows {
            let separator: &[u8] = if std::mem::replace(is_empty, false) {
                b"\n"
            } else {
                b",\n"
            };
            out.extend_from_slice(separator);
            self.write_object(&columns, row, out, &mut encoded.non_finite_as_null);
            encoded.written += 1;
        }
        Ok(())
    }

    /// The user columns of a batch.
    pub(super) fn columns<'a>(&self, records: &'a RecordBatch) -> Result<Vec<Values<'a>>, FormatError> {
        let fields = records.schema_ref().fields().iter().zip(records.columns());
        let user = fields.take(self.prefixes.len());
        user.map(|(field, column)| Values::new(field, column.as_ref()))
            .collect()
    }

    /// Appends one row.
    pub(super) fn write_object(&self, columns: &[Values<'_>], row: usize, out: &mut Vec<u8>, non_finite: &mut u64) {
        out.push(b'{');
        for (index, (prefix, column)) in self.prefixes.iter().zip(columns).enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(prefix);
            column.write_json(row, out, non_finite);
        }
        out.push(b'}');
    }
}
