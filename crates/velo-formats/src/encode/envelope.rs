use arrow::array::{Array, RecordBatch};
use velo_data::{RowKind, StreamBatch, StreamSchema, SystemColumn};

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
    style: Style,
}

/// What stands in the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// The row; its kind stands beside it.
    Row,
    /// The row before and after a change.
    Debezium,
}

/// A change, as the places of its rows.
struct Change {
    before: Option<usize>,
    after: Option<usize>,
    operation: &'static [u8],
}

impl Change {
    /// What happens at a row of a batch, and how many rows that takes.
    fn at(batch: &StreamBatch, row: usize) -> (Self, usize) {
        let (before, after, operation): (_, _, &[u8]) = match batch.kind(row) {
            RowKind::UpdateBefore if batch.kinds.as_ref().is_some_and(|kinds| kinds.is_pair(row)) => {
                let change = Self {
                    before: Some(row),
                    after: Some(row + 1),
                    operation: b"u",
                };
                return (change, 2);
            }
            RowKind::Insert => (None, Some(row), b"c"),
            RowKind::UpdateAfter => (None, Some(row), b"u"),
            RowKind::UpdateBefore | RowKind::Delete => (Some(row), None, b"d"),
        };
        let change = Self {
            before,
            after,
            operation,
        };
        (change, 1)
    }
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
        Self::of_style(schema, Style::Row)
    }

    pub(super) fn debezium(schema: &StreamSchema) -> Self {
        Self::of_style(schema, Style::Debezium)
    }

    pub(super) fn takes_old_values(&self) -> bool {
        self.style == Style::Debezium
    }

    fn of_style(schema: &StreamSchema, style: Style) -> Self {
        let event_time = schema.system(SystemColumn::EventTime);
        let window_start = schema.system(SystemColumn::WindowStart);
        Self {
            value: JsonEncoder::new(schema),
            key: Key::of(schema),
            timestamp: event_time.or_else(|| schema.system(SystemColumn::Timestamp)),
            headers: schema.system(SystemColumn::Headers),
            window: window_start.zip(schema.system(SystemColumn::WindowEnd)),
            style,
        }
    }

    /// Appends the rows of a batch, one a line, or one change a line.
    pub(super) fn encode(
        &self,
        batch: &StreamBatch,
        out: &mut Vec<u8>,
        encoded: &mut EncodedRows,
    ) -> Result<(), FormatError> {
        let columns = self.value.columns(&batch.records)?;
        let metadata = self.metadata(&batch.records)?;
        let mut row = 0;
        while row < batch.num_rows() {
            let (change, rows) = match self.style {
                Style::Row => (None, 1),
                Style::Debezium => {
                    let (change, rows) = Change::at(batch, row);
                    (Some(change), rows)
                }
            };
            // Of an update, the new row is the last one.
            let last = row + rows - 1;
            out.push(b'{');
            metadata.write_key(last, out, encoded);
            out.extend_from_slice(b"\"value\":");
            match &change {
                Some(change) => self.write_change(change, &columns, &metadata, last, out, encoded),
                None => {
                    let non_finite = &mut encoded.non_finite_as_null;
                    self.value.write_object(&columns, row, out, non_finite);
                }
            }
            metadata.write(last, out);
            if change.is_none() && batch.kinds.is_some() {
                out.extend_from_slice(b",\"kind\":");
                write_string(batch.kind(row).as_str(), out);
            }
            out.extend_from_slice(b"}\n");
            encoded.written += 1;
            row += rows;
        }
        Ok(())
    }

    fn write_change(
        &self,
        change: &Change,
        columns: &[Values<'_>],
        metadata: &Metadata<'_>,
        row: usize,
        out: &mut Vec<u8>,
        encoded: &mut EncodedRows,
    ) {
        let mut write = |name: &[u8], row: Option<usize>, out: &mut Vec<u8>| {
            out.extend_from_slice(name);
            match row {
                Some(row) => self
                    .value
                    .write_object(columns, row, out, &mut encoded.non_finite_as_null),
                None => out.extend_from_slice(b"null"),
            }
        };
        write(b"{\"before\":", change.before, out);
        write(b",\"after\":", change.after, out);
        out.extend_from_slice(b",\"op\":\"");
        out.extend_from_slice(change.operation);
        out.extend_from_slice(b"\",\"ts_ms\":");
        match milliseconds(metadata.timestamp.as_ref(), row) {
            Some(milliseconds) => write_integer(milliseconds, out),
            None => out.extend_from_slice(b"null"),
        }
        out.push(b'}');
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
