use velo_data::{StreamBatch, StreamSchema};

use super::csv::CsvEncoder;
use super::envelope::EnvelopeEncoder;
use super::json::JsonEncoder;
use crate::{CsvOptions, FormatError};

/// Encodes batches as bytes, record after record.
///
/// Plain formats hold the user's columns only, and no deletes: those rows are left out and counted.
///
/// ```
/// # use std::sync::Arc;
/// # use arrow::array::{Decimal128Array, RecordBatch};
/// # use velo_data::{SqlType, StreamBatch, StreamSchema};
/// # use velo_formats::Encoder;
/// let price = SqlType::Decimal { precision: 10, scale: 2 };
/// let schema = StreamSchema::of_user_columns([price.field("price", true)]);
/// let prices = Decimal128Array::from(vec![Some(17523), None]).with_precision_and_scale(10, 2)?;
/// let batch = StreamBatch::inserts(RecordBatch::try_new(Arc::clone(schema.arrow()), vec![Arc::new(prices)])?);
/// let mut out = Vec::new();
/// Encoder::json_lines(&schema).encode(&batch, &mut out)?;
/// assert_eq!(out, b"{\"price\":175.23}\n{\"price\":null}\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Encoder {
    form: Form,
}

/// What encoding a batch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EncodedRows {
    /// Rows written.
    pub written: u64,
    /// Deletes and retractions left out because the format has no form for them.
    pub deletes_skipped: u64,
    /// NaN and infinities written as null because the format has no word for them.
    pub non_finite_as_null: u64,
}

#[derive(Debug)]
enum Form {
    JsonLines(JsonEncoder),
    JsonArray { objects: JsonEncoder, is_empty: bool },
    Csv(CsvEncoder),
    Envelope(EnvelopeEncoder),
}

impl Encoder {
    /// One JSON object a line.
    pub fn json_lines(schema: &StreamSchema) -> Self {
        let form = Form::JsonLines(JsonEncoder::new(schema));
        Self { form }
    }

    /// One JSON array with an object for each row, each on a line of its own.
    pub fn json_array(schema: &StreamSchema) -> Self {
        let objects = JsonEncoder::new(schema);
        let form = Form::JsonArray {
            objects,
            is_empty: true,
        };
        Self { form }
    }

    /// Delimited text.
    pub fn csv(schema: &StreamSchema, options: CsvOptions) -> Self {
        let form = Form::Csv(CsvEncoder::new(schema, options));
        Self { form }
    }

    /// One envelope a line, with the key, time, headers and window that the schema has metadata columns for, and
    /// the kind of rows of a changelog.
    pub fn envelope(schema: &StreamSchema) -> Self {
        let form = Form::Envelope(EnvelopeEncoder::new(schema));
        Self { form }
    }

    /// One envelope a line, whose value tells of a change as Debezium does: the row before it, the row after it, and what it
    /// was. An update is one record.
    pub fn debezium_envelope(schema: &StreamSchema) -> Self {
        let form = Form::Envelope(EnvelopeEncoder::debezium(schema));
        Self { form }
    }

    /// Whether the old values of updates are written along with the new ones.
    pub fn takes_old_values(&self) -> bool {
        matches!(&self.form, Form::Envelope(envelope) if envelope.takes_old_values())
    }

    /// Whether deletes and retractions can be written.
    pub fn takes_deletes(&self) -> bool {
        matches!(self.form, Form::Envelope(_))
    }

    /// Appends what stands before the first record: the line of column names in CSV, nothing elsewhere.
    pub fn write_header(&self, out: &mut Vec<u8>) {
        if let Form::Csv(csv) = &self.form {
            csv.write_header(out);
        }
    }

    /// Appends what a file begins with whatever it holds: the bracket of an array, nothing elsewhere.
    pub fn write_start(&self, out: &mut Vec<u8>) {
        if let Form::JsonArray { .. } = &self.form {
            out.push(b'[');
        }
    }

    /// Appends what a file ends with.
    pub fn write_end(&self, out: &mut Vec<u8>) {
        match &self.form {
            Form::JsonArray { is_empty: true, .. } => out.extend_from_slice(b"]\n"),
            Form::JsonArray { is_empty: false, .. } => out.extend_from_slice(b"\n]\n"),
            Form::JsonLines(_) | Form::Csv(_) | Form::Envelope(_) => {}
        }
    }

    /// Appends the rows of a batch.
    ///
    /// # Errors
    ///
    /// When a column has another type than the one Arrow type of its SQL type; nothing is appended then.
    pub fn encode(&mut self, batch: &StreamBatch, out: &mut Vec<u8>) -> Result<EncodedRows, FormatError> {
        let mut encoded = EncodedRows::default();
        let takes_deletes = self.takes_deletes();
        let rows = (0..batch.num_rows()).filter(|row| takes_deletes || !batch.kind(*row).is_retraction());
        match &mut self.form {
            Form::JsonLines(json) => json.encode(batch, rows, out, &mut encoded)?,
            Form::JsonArray { objects, is_empty } => {
                objects.encode_elements(batch, rows, is_empty, out, &mut encoded)?;
            }
            Form::Csv(csv) => csv.encode(batch, rows, out, &mut encoded)?,
            Form::Envelope(envelope) => envelope.encode(batch, out, &mut encoded)?,
        }
        if !takes_deletes && let Some(kinds) = &batch.kinds {
            encoded.deletes_skipped = kinds.retractions().count_set_bits() as u64;
        }
        Ok(encoded)
    }
}
