use arrow::array::{Array, RecordBatch};
use velo_data::{StreamBatch, StreamSchema, SystemColumn};

use super::EncodedRows;
use super::json::JsonEncoder;
use super::values::{Values, write_base64, write_integer};
use crate::FormatError;
use crate::json::string::write_string;

/// Writes whole records: the value with the user's columns, and around it the metadata that the stream carries.
/// Position and topic are left out, since the record gets others where it is written to.
#[derive(Debug)]
pub(super) struct EnvelopeEncoder {
    value: JsonEncoder,
    key: Key,
    /// Event time, else the record's time.
    timestamp: Option<usize>,
    headers: Option<usize>,
    window: Option<(usize, usize)>,
}

/// Where the record key comes from.
#[derive(Debug)]
enum Key {
    /// There is none.
    None,
    /// The one column that is the key, the user's or `_key`.
    Column(usize),
    /// Several of the user's columns: an object with their names.
    Columns(Vec<usize>),
}

impl Key {
    fn of(schema: &StreamSchema) -> Self {
        match schema.key() {
            [] => schema.system(SystemColumn::Key).map_or(Self::None, Self::Column),
            [only] => Self::Column(*only),
            several => Self::Columns(several.to_vec()),
        }
    }

    fn columns(&self) -> &[usize] {
        match self {
            Self::None => &[],
            Self::Column(only) => std::slice::from_ref(only),
            Self::Columns(several) => several,
        }
    }
}

/// The metadata columns of a batch.
struct Metadata<'a> {
    key: Vec<(&'a str, Values<'a>)>,
    composite_key: bool,
    timestamp: Option<Values<'a>>,
    headers: Option<Values<'a>>,
    window: Option<(Values<'a>, Values<'a>)>,
}

impl EnvelopeEncoder {
    pub(super) fn new(schema: &StreamSchema) -> Self {
        let event_time = schema.system(SystemColumn::EventTime);
        let window_start = schema.system(SystemColumn::WindowStart);
        Self {
            value: JsonEncoder::new(schema),
            key: Key::of(schema),
            timestamp: event_time.or_else(|| schema.system(SystemColumn::Timestamp)),
            headers: schema.system(SystemColumn::Headers),
            window: window_start.zip(schema.system(SystemColumn::WindowEnd)),
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
        let columns = self.value.columns(&batch.records)?;
        let metadata = self.metadata(&batch.records)?;
        for row in rows {
            out.push(b'{');
            metadata.write_key(row, out, encoded);
            out.extend_from_slice(b"\"value\":");
            self.value
                .write_object(&columns, row, out, &mut encoded.non_finite_as_null);
            metadata.write(row, out);
            if batch.kinds.is_some() {
                out.extend_from_slice(b",\"kind\":");
                write_string(batch.kind(row).as_str(), out);
            }
            out.extend_from_slice(b"}\n");
            encoded.written += 1;
        }
        Ok(())
    }

    fn metadata<'a>(&self, records: &'a RecordBatch) -> Result<Metadata<'a>, FormatError> {
        let values = |index: usize| Values::new(records.schema_ref().field(index), records.column(index).as_ref());
        let bounds = |(start, end)| Ok((values(start)?, values(end)?));
        let key = self.key.columns().iter();
        let key = key.map(|index| Ok((records.schema_ref().field(*index).name().as_str(), values(*index)?)));
        Ok(Metadata {
            key: key.collect::<Result<_, FormatError>>()?,
            composite_key: matches!(self.key, Key::Columns(_)),
            timestamp: self.timestamp.map(values).transpose()?,
            headers: self.headers.map(values).transpose()?,
            window: self.window.map(bounds).transpose()?,
        })
    }
}

impl Metadata<'_> {
    /// Appends the key and a comma; nothing where a simple key is NULL.
    fn write_key(&self, row: usize, out: &mut Vec<u8>, encoded: &mut EncodedRows) {
        let is_null = |(_, value): &(&str, Values<'_>)| value.is_null(row);
        if self.key.is_empty() || (!self.composite_key && self.key.iter().all(is_null)) {
            return;
        }
        out.extend_from_slice(b"\"key\":");
        for (index, (name, value)) in self.key.iter().enumerate() {
            if self.composite_key {
                out.push(if index == 0 { b'{' } else { b',' });
                write_string(name, out);
                out.push(b':');
            }
            value.write_json(row, out, &mut encoded.non_finite_as_null);
        }
        out.extend_from_slice(if self.composite_key { b"}," } else { b"," });
    }

    /// Appends the members behind the value, each with a comma before it.
    fn write(&self, row: usize, out: &mut Vec<u8>) {
        if let Some(milliseconds) = milliseconds(self.timestamp.as_ref(), row) {
            out.extend_from_slice(b",\"timestamp\":");
            write_integer(milliseconds, out);
        }
        if let Some(Values::Map(map, keys, values)) = non_null(self.headers.as_ref(), row) {
            out.extend_from_slice(b",\"headers\":{");
            let offsets = map.value_offsets();
            write_headers(keys, values, offsets[row] as usize..offsets[row + 1] as usize, out);
            out.push(b'}');
        }
        let window = self.window.as_ref();
        let bounds = window.and_then(|(start, end)| milliseconds(Some(start), row).zip(milliseconds(Some(end), row)));
        if let Some((start, end)) = bounds {
            out.extend_from_slice(b",\"window\":{\"start\":");
            write_integer(start, out);
            out.extend_from_slice(b",\"end\":");
            write_integer(end, out);
            out.push(b'}');
        }
    }
}

fn non_null<'v, 'a>(values: Option<&'v Values<'a>>, row: usize) -> Option<&'v Values<'a>> {
    values.filter(|values| !values.is_null(row))
}

/// The number of milliseconds that a BIGINT or TIMESTAMP column has in a row.
fn milliseconds(values: Option<&Values<'_>>, row: usize) -> Option<i64> {
    match non_null(values, row)? {
        Values::BigInt(array) => Some(array.value(row)),
        Values::Timestamp(array) => Some(array.value(row)),
        _ => None,
    }
}

/// Appends headers; values that are not text as `{"base64": "…"}`.
fn write_headers(keys: &Values<'_>, values: &Values<'_>, entries: std::ops::Range<usize>, out: &mut Vec<u8>) {
    let (Values::Text(keys), Values::Bytes(values)) = (keys, values) else {
        return; // `_headers` has one type.
    };
    let first = entries.start;
    for entry in entries {
        if entry > first {
            out.push(b',');
        }
        write_string(keys.value(entry), out);
        out.push(b':');
        let bytes = values.value(entry);
        match std::str::from_utf8(bytes) {
            _ if values.is_null(entry) => out.extend_from_slice(b"null"),
            Ok(text) => write_string(text, out),
            Err(_) => {
                out.extend_from_slice(b"{\"base64\":\"");
                write_base64(bytes, out);
                out.extend_from_slice(b"\"}");
            }
        }
    }
}
