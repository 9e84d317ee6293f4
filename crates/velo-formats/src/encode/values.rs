use arrow::array::{
    Array, BinaryViewArray, BooleanArray, Date32Array, Decimal128Array, Decimal256Array, Float64Array, Int8Array,
    Int16Array, Int64Array, IntervalMonthDayNanoArray, ListArray, MapArray, StringViewArray, StructArray,
    Time32MillisecondArray, TimestampMillisecondArray,
};
use arrow::datatypes::{DataType, Field, FieldRef};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use velo_data::SqlType;

use crate::FormatError;
use crate::json::scanner::Scanner;
use crate::json::string::{compact, write_string};
use crate::value::interval::write_interval;
use crate::value::time::{write_date, write_time, write_timestamp};

/// The values of one column of a batch, by type, so that rows are written without looking the type up.
#[derive(Debug)]
pub(super) enum Values<'a> {
    Null,
    Boolean(&'a BooleanArray),
    TinyInt(&'a Int8Array),
    SmallInt(&'a Int16Array),
    BigInt(&'a Int64Array),
    Double(&'a Float64Array),
    Decimal128(&'a Decimal128Array, i8),
    Decimal256(&'a Decimal256Array, i8),
    Text(&'a StringViewArray),
    Json(&'a StringViewArray),
    Bytes(&'a BinaryViewArray),
    Date(&'a Date32Array),
    Time(&'a Time32MillisecondArray),
    Timestamp(&'a TimestampMillisecondArray),
    Interval(&'a IntervalMonthDayNanoArray),
    Array(&'a ListArray, Box<Values<'a>>),
    Map(&'a MapArray, Box<Values<'a>>, Box<Values<'a>>),
    Struct(&'a StructArray, Vec<(Vec<u8>, Values<'a>)>),
}

impl<'a> Values<'a> {
    /// The values of a column whose field has the one Arrow type of its SQL type.
    pub(super) fn new(field: &Field, array: &'a dyn Array) -> Result<Self, FormatError> {
        let unsupported = || FormatError::UnsupportedType {
            column: field.name().clone(),
            data_type: array.data_type().clone(),
        };
        Self::of(field, array).ok_or_else(unsupported)?
    }

    fn of(field: &Field, array: &'a dyn Array) -> Option<Result<Self, FormatError>> {
        fn cast<T: 'static>(array: &dyn Array) -> Option<&T> {
            array.as_any().downcast_ref()
        }
        Some(Ok(match array.data_type() {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Boolean(cast(array)?),
            DataType::Int8 => Self::TinyInt(cast(array)?),
            DataType::Int16 => Self::SmallInt(cast(array)?),
            DataType::Int64 => Self::BigInt(cast(array)?),
            DataType::Float64 => Self::Double(cast(array)?),
            DataType::Decimal128(_, scale) => Self::Decimal128(cast(array)?, *scale),
            DataType::Decimal256(_, scale) => Self::Decimal256(cast(array)?, *scale),
            DataType::Utf8View if SqlType::of_field(field) == Some(SqlType::Json) => Self::Json(cast(array)?),
            DataType::Utf8View => Self::Text(cast(array)?),
            DataType::BinaryView => Self::Bytes(cast(array)?),
            DataType::Date32 => Self::Date(cast(array)?),
            DataType::Time32(_) => Self::Time(cast(array)?),
            DataType::Timestamp(_, None) => Self::Timestamp(cast(array)?),
            DataType::Interval(_) => Self::Interval(cast(array)?),
            DataType::List(element) => {
                let list: &ListArray = cast(array)?;
                return Some(Self::new(element, list.values().as_ref()).map(|values| Self::Array(list, values.into())));
            }
            DataType::Map(_, _) => return Some(Self::of_map(cast(array)?)),
            DataType::Struct(fields) => return Some(Self::of_struct(fields, cast(array)?)),
            _ => return None,
        }))
    }

    fn of_map(map: &'a MapArray) -> Result<Self, FormatError> {
        let (key, value) = map.entries_fields();
        let keys = Self::new(key, map.keys().as_ref())?;
        let values = Self::new(value, map.values().as_ref())?;
        Ok(Self::Map(map, keys.into(), values.into()))
    }

    fn of_struct(fields: &[FieldRef], array: &'a StructArray) -> Result<Self, FormatError> {
        let columns = fields.iter().zip(array.columns());
        let columns = columns.map(|(field, column)| {
            let values = Self::new(field, column.as_ref())?;
            Ok((member_prefix(field.name()), values))
        });
        Ok(Self::Struct(array, columns.collect::<Result<_, _>>()?))
    }

    /// Whether the value of a row is NULL.
    #[inline]
    pub(super) fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Null => true,
            Self::Boolean(array) => array.is_null(row),
            Self::TinyInt(array) => array.is_null(row),
            Self::SmallInt(array) => array.is_null(row),
            Self::BigInt(array) => array.is_null(row),
            Self::Double(array) => array.is_null(row),
            Self::Decimal128(array, _) => array.is_null(row),
            Self::Decimal256(array, _) => array.is_null(row),
            Self::Text(array) | Self::Json(array) => array.is_null(row),
            Self::Bytes(array) => array.is_null(row),
            Self::Date(array) => array.is_null(row),
            Self::Time(array) => array.is_null(row),
            Self::Timestamp(array) => array.is_null(row),
            Self::Interval(array) => array.is_null(row),
            Self::Array(array, _) => array.is_null(row),
            Self::Map(array, _, _) => array.is_null(row),
            Self::Struct(array, _) => array.is_null(row),
        }
    }

    /// Appends the value of a row as JSON. NaN and infinities, which JSON has no words for, are null and counted.
    pub(super) fn write_json(&self, row: usize, out: &mut Vec<u8>, non_finite: &mut u64) {
        if self.is_null(row) {
            out.extend_from_slice(b"null");
            return;
        }
        match self {
            Self::Double(array) if !array.value(row).is_finite() => {
                *non_finite += 1;
                out.extend_from_slice(b"null");
            }
            Self::Text(array) => write_string(array.value(row), out),
            Self::Json(array) => write_json_text(array.value(row), out),
            Self::Bytes(_) | Self::Date(_) | Self::Time(_) | Self::Timestamp(_) | Self::Interval(_) => {
                out.push(b'"');
                self.write_text(row, out, non_finite);
                out.push(b'"');
            }
            Self::Array(array, elements) => {
                let (start, end) = extent(array.value_offsets(), row);
                write_list(*b"[]", start..end, out, |row, out| {
                    elements.write_json(row, out, non_finite);
                });
            }
            Self::Map(array, keys, values) => {
                let (start, end) = extent(array.value_offsets(), row);
                write_list(*b"{}", start..end, out, |row, out| {
                    keys.write_member_name(row, out, non_finite);
                    values.write_json(row, out, non_finite);
                });
            }
            Self::Struct(_, fields) => {
                write_list(*b"{}", 0..fields.len(), out, |index, out| {
                    let (prefix, values) = &fields[index];
                    out.extend_from_slice(prefix);
                    values.write_json(row, out, non_finite);
                });
            }
            _ => self.write_text(row, out, non_finite),
        }
    }

    /// Appends the value of a row, which is not NULL, as plain text; nested values as JSON.
    pub(super) fn write_text(&self, row: usize, out: &mut Vec<u8>, non_finite: &mut u64) {
        match self {
            Self::Null => {}
            Self::Boolean(array) => out.extend_from_slice(if array.value(row) { b"true" } else { b"false" }),
            Self::TinyInt(array) => write_integer(i64::from(array.value(row)), out),
            Self::SmallInt(array) => write_integer(i64::from(array.value(row)), out),
            Self::BigInt(array) => write_integer(array.value(row), out),
            Self::Double(array) => write_double(array.value(row), out),
            Self::Decimal128(array, scale) => {
                write_decimal(itoa::Buffer::new().format(array.value(row)), *scale, out);
            }
            Self::Decimal256(array, scale) => write_decimal(&array.value(row).to_string(), *scale, out),
            Self::Text(array) | Self::Json(array) => out.extend_from_slice(array.value(row).as_bytes()),
            Self::Bytes(array) => write_base64(array.value(row), out),
            Self::Date(array) => write_date(i64::from(array.value(row)), out),
            Self::Time(array) => write_time(i64::from(array.value(row)), out),
            Self::Timestamp(array) => write_timestamp(array.value(row), out),
            Self::Interval(array) => write_interval(array.value(row), out),
            Self::Array(..) | Self::Map(..) | Self::Struct(..) => self.write_json(row, out, non_finite),
        }
    }

    /// Appends the value of a row as the name of a JSON member, and the colon.
    fn write_member_name(&self, row: usize, out: &mut Vec<u8>, non_finite: &mut u64) {
        if let Self::Text(array) = self {
            write_string(array.value(row), out);
        } else {
            let mut name = Vec::new();
            self.write_text(row, &mut name, non_finite);
            write_string(&String::from_utf8_lossy(&name), out);
        }
        out.push(b':');
    }
}

/// `"name":`
pub(super) fn member_prefix(name: &str) -> Vec<u8> {
    let mut prefix = Vec::with_capacity(name.len() + 3);
    write_string(name, &mut prefix);
    prefix.push(b':');
    prefix
}

/// Appends what `write` does for each item, with commas between and brackets around.
fn write_list(
    brackets: [u8; 2],
    items: std::ops::Range<usize>,
    out: &mut Vec<u8>,
    mut write: impl FnMut(usize, &mut Vec<u8>),
) {
    out.push(brackets[0]);
    let first = items.start;
    for item in items {
        if item > first {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(brackets[1]);
}

fn extent(offsets: &[i32], row: usize) -> (usize, usize) {
    (offsets[row] as usize, offsets[row + 1] as usize)
}

/// Appends an integer.
pub(super) fn write_integer(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends the shortest text that reads back as the same double.
fn write_double(value: f64, out: &mut Vec<u8>) {
    let text: &[u8] = match value {
        f64::INFINITY => b"Infinity",
        f64::NEG_INFINITY => b"-Infinity",
        _ => return out.extend_from_slice(ryu::Buffer::new().format(value).as_bytes()),
    };
    out.extend_from_slice(text);
}

/// Appends a decimal, given the digits of its unscaled value, with all of them.
fn write_decimal(unscaled: &str, scale: i8, out: &mut Vec<u8>) {
    let digits = unscaled.strip_prefix('-').unwrap_or(unscaled);
    if digits.len() < unscaled.len() {
        out.push(b'-');
    }
    if scale <= 0 {
        out.extend_from_slice(digits.as_bytes());
        let zeros = if digits == "0" {
            0
        } else {
            usize::from(scale.unsigned_abs())
        };
        out.extend(std::iter::repeat_n(b'0', zeros));
        return;
    }
    let scale = usize::from(scale.unsigned_abs());
    let whole = digits.len().saturating_sub(scale);
    let (whole, fraction) = digits.split_at(whole);
    out.extend_from_slice(if whole.is_empty() { b"0" } else { whole.as_bytes() });
    out.push(b'.');
    out.extend(std::iter::repeat_n(b'0', scale - fraction.len()));
    out.extend_from_slice(fraction.as_bytes());
}

/// Appends bytes in base64.
pub(super) fn write_base64(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let length = base64::encoded_len(bytes.len(), true).unwrap_or(usize::MAX);
    out.resize(start + length, 0);
    // The room is exactly what the encoding takes.
    let written = STANDARD.encode_slice(bytes, &mut out[start..]).unwrap_or(0);
    out.truncate(start + written);
}

/// Appends JSON text as it is but for white space; text that is no JSON, as a string.
fn write_json_text(text: &str, out: &mut Vec<u8>) {
    let mut scanner = Scanner::new(text.as_bytes(), 0);
    if scanner.value().and_then(|_| scanner.end()).is_ok() {
        compact(text, |piece| out.extend_from_slice(piece.as_bytes()));
    } else {
        write_string(text, out);
    }
}
