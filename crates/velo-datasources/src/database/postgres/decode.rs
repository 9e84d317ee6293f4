use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryViewBuilder, BooleanBuilder, ListArray, PrimitiveBuilder, StringViewBuilder};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Decimal256Type, DecimalType, Field, Float64Type,
    Int16Type, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, Time32MillisecondType,
    TimestampMillisecondType,
};
use velo_data::{DECIMAL128_PRECISION_MAX, SqlType};

use super::array::ArrayValue;
use super::types::WireType;
use crate::database::decimal::DigitGroups;

/// The values of one column, each as the server sent it; `None` is NULL.
pub(super) type Cells<'a> = [Option<&'a [u8]>];

/// Is told of each value that does not fit, by its place among the cells.
pub(super) type OnFault<'a> = dyn FnMut(usize, String) + 'a;

/// Days and milliseconds from 1970 to 2000, which the server counts from.
const DAYS_TO_2000: i32 = 10_957;
const MS_TO_2000: i64 = 946_684_800_000;
const DAY_MS: i64 = 86_400_000;

const NUMERIC_POSITIVE: u16 = 0x0000;
const NUMERIC_NEGATIVE: u16 = 0x4000;
const NUMERIC_NAN: u16 = 0xC000;

/// Reads the values of one column. A value that does not fit is a fault, and NULL in the result.
pub(super) fn decode_column(
    cells: &Cells<'_>,
    from: &WireType,
    read_as: &SqlType,
    on_fault: &mut OnFault<'_>,
) -> ArrayRef {
    match (from, read_as) {
        (WireType::Boolean, _) => booleans(cells, on_fault),
        (WireType::Int2, _) => primitives::<Int16Type>(cells, on_fault, |cell| Ok(i16::from_be_bytes(bytes(cell)?))),
        (WireType::Int4, _) => {
            primitives::<Int64Type>(cells, on_fault, |cell| Ok(i32::from_be_bytes(bytes(cell)?).into()))
        }
        (WireType::Int8, _) => primitives::<Int64Type>(cells, on_fault, |cell| Ok(i64::from_be_bytes(bytes(cell)?))),
        (WireType::Oid, _) => {
            primitives::<Int64Type>(cells, on_fault, |cell| Ok(u32::from_be_bytes(bytes(cell)?).into()))
        }
        (WireType::Float4, _) => {
            primitives::<Float64Type>(cells, on_fault, |cell| Ok(f32::from_be_bytes(bytes(cell)?).into()))
        }
        (WireType::Float8, _) => {
            primitives::<Float64Type>(cells, on_fault, |cell| Ok(f64::from_be_bytes(bytes(cell)?)))
        }
        (WireType::Numeric, SqlType::Decimal { precision, scale }) => decimals(cells, *precision, *scale, on_fault),
        (WireType::Text | WireType::Numeric, _) => texts(cells, on_fault, Ok),
        (WireType::Jsonb, _) => texts(cells, on_fault, |cell| cell.get(1..).ok_or_else(malformed)),
        (WireType::Uuid, _) => uuids(cells, on_fault),
        (WireType::Bytea, _) => binaries(cells),
        (WireType::Date, _) => primitives::<Date32Type>(cells, on_fault, date),
        (WireType::Time, _) => primitives::<Time32MillisecondType>(cells, on_fault, time),
        (WireType::Timestamp, _) => primitives::<TimestampMillisecondType>(cells, on_fault, timestamp),
        (WireType::Interval, _) => primitives::<IntervalMonthDayNanoType>(cells, on_fault, interval),
        (WireType::Array(element), read_as) => lists(cells, element, read_as, on_fault),
    }
}

fn primitives<T: ArrowPrimitiveType>(
    cells: &Cells<'_>,
    on_fault: &mut OnFault<'_>,
    read: impl Fn(&[u8]) -> Result<T::Native, String>,
) -> ArrayRef {
    let mut builder = PrimitiveBuilder::<T>::with_capacity(cells.len());
    for (place, cell) in cells.iter().enumerate() {
        let value = cell.and_then(|cell| read(cell).map_err(|message| on_fault(place, message)).ok());
        builder.append_option(value);
    }
    Arc::new(builder.finish())
}

fn decimals(cells: &Cells<'_>, precision: u8, scale: i8, on_fault: &mut OnFault<'_>) -> ArrayRef {
    if precision <= DECIMAL128_PRECISION_MAX {
        decimals_of::<Decimal128Type>(cells, precision, scale, on_fault)
    } else {
        decimals_of::<Decimal256Type>(cells, precision, scale, on_fault)
    }
}

fn decimals_of<T: DecimalType + ArrowPrimitiveType>(
    cells: &Cells<'_>,
    precision: u8,
    scale: i8,
    on_fault: &mut OnFault<'_>,
) -> ArrayRef {
    let mut builder =
        PrimitiveBuilder::<T>::with_capacity(cells.len()).with_data_type(T::TYPE_CONSTRUCTOR(precision, scale));
    for (place, cell) in cells.iter().enumerate() {
        let value = cell.and_then(|cell| {
            let read = numeric::<T>(cell, precision, scale);
            read.map_err(|message| on_fault(place, message)).ok()
        });
        builder.append_option(value);
    }
    Arc::new(builder.finish())
}

/// A header of number of groups, weight, sign and displayed digits, then the groups.
fn numeric<T: DecimalType>(cell: &[u8], precision: u8, scale: i8) -> Result<T::Native, String> {
    let (header, groups) = cell.split_at_checked(8).ok_or_else(malformed)?;
    let field = |index: usize| u16::from_be_bytes([header[2 * index], header[2 * index + 1]]);
    let is_negative = match field(2) {
        NUMERIC_POSITIVE => false,
        NUMERIC_NEGATIVE => true,
        NUMERIC_NAN => return Err(format!("NaN is no DECIMAL({precision}, {scale})")),
        _ => return Err(format!("an infinity is no DECIMAL({precision}, {scale})")),
    };
    let number = DigitGroups {
        groups,
        weight: field(1) as i16,
        is_negative,
    };
    number
        .to_decimal::<T>(precision, scale)
        .ok_or_else(|| format!("the number does not fit DECIMAL({precision}, {scale})"))
}

fn booleans(cells: &Cells<'_>, on_fault: &mut OnFault<'_>) -> ArrayRef {
    let mut builder = BooleanBuilder::with_capacity(cells.len());
    for (place, cell) in cells.iter().enumerate() {
        let value = cell.and_then(|cell| match cell {
            [byte] => Some(*byte != 0),
            _ => {
                on_fault(place, malformed());
                None
            }
        });
        builder.append_option(value);
    }
    Arc::new(builder.finish())
}

fn texts<'a>(
    cells: &Cells<'a>,
    on_fault: &mut OnFault<'_>,
    content: impl Fn(&'a [u8]) -> Result<&'a [u8], String>,
) -> ArrayRef {
    let mut builder = StringViewBuilder::with_capacity(cells.len());
    for (place, cell) in cells.iter().enumerate() {
        let text = cell.and_then(|cell| {
            let text = content(cell).and_then(|text| std::str::from_utf8(text).map_err(|error| error.to_string()));
            text.map_err(|message| on_fault(place, message)).ok()
        });
        builder.append_option(text);
    }
    Arc::new(builder.finish())
}

fn uuids(cells: &Cells<'_>, on_fault: &mut OnFault<'_>) -> ArrayRef {
    let mut builder = StringViewBuilder::with_capacity(cells.len());
    for (place, cell) in cells.iter().enumerate() {
        match cell.map(bytes::<16>) {
            None => builder.append_null(),
            Some(Ok(uuid)) => builder.append_value(std::str::from_utf8(&uuid_text(uuid)).unwrap_or_default()),
            Some(Err(message)) => {
                on_fault(place, message);
                builder.append_null();
            }
        }
    }
    Arc::new(builder.finish())
}

/// `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`
fn uuid_text(uuid: [u8; 16]) -> [u8; 36] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'-'; 36];
    let mut place = 0;
    for byte in uuid {
        if matches!(place, 8 | 13 | 18 | 23) {
            place += 1;
        }
        text[place] = DIGITS[usize::from(byte >> 4)];
        text[place + 1] = DIGITS[usize::from(byte & 0xF)];
        place += 2;
    }
    text
}

fn binaries(cells: &Cells<'_>) -> ArrayRef {
    let mut builder = BinaryViewBuilder::with_capacity(cells.len());
    for cell in cells {
        builder.append_option(*cell);
    }
    Arc::new(builder.finish())
}

fn date(cell: &[u8]) -> Result<i32, String> {
    match i32::from_be_bytes(bytes(cell)?) {
        i32::MAX | i32::MIN => Err("an infinity is no DATE".to_owned()),
        days => days.checked_add(DAYS_TO_2000).ok_or_else(malformed),
    }
}

fn time(cell: &[u8]) -> Result<i32, String> {
    match i64::from_be_bytes(bytes(cell)?).div_euclid(1000) {
        milliseconds @ 0..DAY_MS => Ok(milliseconds as i32),
        DAY_MS => Err("24:00:00 is no TIME; the last one is 23:59:59.999".to_owned()),
        _ => Err(malformed()),
    }
}

fn timestamp(cell: &[u8]) -> Result<i64, String> {
    match i64::from_be_bytes(bytes(cell)?) {
        i64::MAX | i64::MIN => Err("an infinity is no TIMESTAMP".to_owned()),
        microseconds => Ok(microseconds.div_euclid(1000) + MS_TO_2000),
    }
}

/// Microseconds, days and months.
fn interval(cell: &[u8]) -> Result<IntervalMonthDayNano, String> {
    let (microseconds, rest) = cell.split_at_checked(8).ok_or_else(malformed)?;
    let (days, months) = rest.split_at_checked(4).ok_or_else(malformed)?;
    let microseconds = i64::from_be_bytes(bytes(microseconds)?);
    let (days, months) = (i32::from_be_bytes(bytes(days)?), i32::from_be_bytes(bytes(months)?));
    match (months, days, microseconds) {
        (i32::MAX, i32::MAX, i64::MAX) | (i32::MIN, i32::MIN, i64::MIN) => Err("an infinity is no INTERVAL".to_owned()),
        _ => {
            let nanoseconds = microseconds.checked_mul(1000);
            let nanoseconds = nanoseconds
                .ok_or_else(|| "the time of the interval does not fit INTERVAL, 292 years of it".to_owned())?;
            Ok(IntervalMonthDayNano::new(months, days, nanoseconds))
        }
    }
}

/// All elements of all arrays are read as one column.
fn lists(cells: &Cells<'_>, element: &WireType, read_as: &SqlType, on_fault: &mut OnFault<'_>) -> ArrayRef {
    let SqlType::Array(read_element_as) = read_as else {
        return arrow::array::new_null_array(&read_as.arrow(), cells.len());
    };
    let mut elements: Vec<Option<&[u8]>> = Vec::new();
    let mut owners: Vec<usize> = Vec::new(); // The cell that each element is of.
    let mut lengths: Vec<usize> = Vec::with_capacity(cells.len());
    for (place, cell) in cells.iter().enumerate() {
        let before = elements.len();
        if let Some(cell) = cell
            && let Err(message) = ArrayValue::parse(cell).and_then(|array| array.push_elements(&mut elements))
        {
            elements.truncate(before);
            on_fault(place, message);
        }
        lengths.push(elements.len() - before);
        owners.resize(elements.len(), place);
    }
    let mut on_element_fault = |index: usize, message: String| on_fault(owners[index], message);
    let values = decode_column(&elements, element, read_element_as, &mut on_element_fault);
    let field = match read_as.arrow() {
        DataType::List(field) => field,
        _ => Arc::new(Field::new_list_field(values.data_type().clone(), true)),
    };
    let nulls = cells.iter().map(Option::is_some).collect::<NullBuffer>();
    Arc::new(ListArray::new(
        field,
        OffsetBuffer::from_lengths(lengths),
        values,
        Some(nulls),
    ))
}

fn bytes<const WIDTH: usize>(cell: &[u8]) -> Result<[u8; WIDTH], String> {
    cell.try_into().map_err(|_| malformed())
}

pub(super) fn malformed() -> String {
    "the server sent a value of another form than that of its type".to_owned()
}
