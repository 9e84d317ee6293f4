use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryArray, ListArray, MapArray, PrimitiveArray, StringViewBuilder,
    StructArray, new_null_array,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Fields, Int64Type, TimeUnit};
use arrow::error::ArrowError;
use velo_data::{SqlType, StructField};

use super::natural::is_uuid;

/// How the values of a file's column become those of a SQL type, none of them lost. Instants and times alone are cut to
/// milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Conversion {
    /// There is nothing to do.
    Keep,
    /// All values are NULL.
    Nulls,
    /// A cast that loses nothing.
    Cast,
    /// Counts of another unit: `count * multiply / divide`, rounded down.
    Ticks { multiply: i64, divide: i64 },
    /// 16 bytes as the text of a UUID.
    Uuid,
    /// Each element.
    List(Box<Conversion>),
    /// Each key and each value.
    Map(Box<Conversion>, Box<Conversion>),
    /// The fields of the wanted type, by their names in the file.
    Struct(Vec<(String, Conversion)>),
}

const CAST: CastOptions<'static> = CastOptions {
    safe: false, // What does not fit is an error, not NULL.
    format_options: arrow::util::display::FormatOptions::new(),
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl Conversion {
    /// How a file's field becomes `wanted`; `None` where values would be lost or mean something else.
    pub(crate) fn new(file: &Field, wanted: &SqlType) -> Option<Self> {
        let found = file.data_type();
        if *found == wanted.arrow() && !matches!(found, DataType::Interval(_)) {
            return Some(Self::Keep);
        }
        match (found, wanted) {
            (DataType::Null, _) => Some(Self::Nulls),
            (DataType::FixedSizeBinary(16), SqlType::String) if is_uuid(file) => Some(Self::Uuid),
            (
                DataType::List(element) | DataType::LargeList(element) | DataType::FixedSizeList(element, _),
                SqlType::Array(wanted),
            ) => Some(Self::List(Box::new(Self::new(element, wanted)?))),
            (DataType::Map(entries, _), SqlType::Map(key, value)) => match entries.data_type() {
                DataType::Struct(fields) if fields.len() == 2 => Some(Self::Map(
                    Box::new(Self::new(&fields[0], key)?),
                    Box::new(Self::new(&fields[1], value)?),
                )),
                _ => None,
            },
            (DataType::Struct(fields), SqlType::Struct(wanted)) => {
                let fields = wanted.iter().map(|field| Self::of_struct_field(fields, field));
                Some(Self::Struct(fields.collect::<Option<_>>()?))
            }
            _ => Self::of_ticks(found, wanted).or_else(|| loses_nothing(found, wanted).then_some(Self::Cast)),
        }
    }

    fn of_struct_field(fields: &Fields, wanted: &StructField) -> Option<(String, Self)> {
        let index = find_name(fields.iter().map(|field| field.name().as_str()), &wanted.name)?;
        let field = &fields[index];
        Some((field.name().clone(), Self::new(field, &wanted.sql_type)?))
    }

    fn of_ticks(found: &DataType, wanted: &SqlType) -> Option<Self> {
        let per_second = |unit: &TimeUnit| match unit {
            TimeUnit::Second => (1000, 1),
            TimeUnit::Millisecond => (1, 1),
            TimeUnit::Microsecond => (1, 1000),
            TimeUnit::Nanosecond => (1, 1_000_000),
        };
        let (multiply, divide) = match (found, wanted) {
            (DataType::Timestamp(unit, _), SqlType::Timestamp)
            | (DataType::Time32(unit) | DataType::Time64(unit), SqlType::Time) => per_second(unit),
            (DataType::Date32, SqlType::Timestamp) => (DAY_MS, 1),
            (DataType::Date64, SqlType::Timestamp) => (1, 1),
            (DataType::Date64, SqlType::Date) => (1, DAY_MS),
            _ => return None,
        };
        Some(Self::Ticks { multiply, divide })
    }

    /// The values as `wanted`, the Arrow type of the SQL type that the conversion was made for.
    pub(crate) fn apply(&self, array: &ArrayRef, wanted: &DataType) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Keep => Arc::clone(array),
            Self::Nulls => new_null_array(wanted, array.len()),
            Self::Cast => cast_with_options(array, wanted, &CAST)?,
            Self::Ticks { multiply, divide } => ticks(array, *multiply, *divide, wanted)?,
            Self::Uuid => uuids(array)?,
            Self::List(element) => list(array, element, wanted)?,
            Self::Map(key, value) => map(array, key, value, wanted)?,
            Self::Struct(fields) => structs(array, fields, wanted)?,
        })
    }
}

/// Place of the name that is the wanted one to the letter, else in any case.
pub(crate) fn find_name<'a>(names: impl Iterator<Item = &'a str> + Clone, wanted: &str) -> Option<usize> {
    names.clone().position(|name| name == wanted).or_else(|| {
        let wanted = wanted.to_lowercase();
        names.into_iter().position(|name| name.to_lowercase() == wanted)
    })
}

/// Whether a cast keeps every value.
fn loses_nothing(found: &DataType, wanted: &SqlType) -> bool {
    use DataType::{Float16, Float32, Float64};
    match wanted {
        SqlType::TinyInt | SqlType::SmallInt | SqlType::BigInt => {
            let digits = match wanted {
                SqlType::TinyInt => 2, // Every number of two digits fits into 8 bits, and so on.
                SqlType::SmallInt => 4,
                _ => 18,
            };
            let fits_decimal = matches!(decimal(found), Some((precision, 0)) if precision <= digits);
            fits_decimal || integer_bits(found).is_some_and(|bits| bits <= integer_bits(&wanted.arrow()).unwrap_or(0))
        }
        SqlType::Double => {
            matches!(found, Float16 | Float32 | Float64) || integer_bits(found).is_some_and(|bits| bits <= 53)
        }
        SqlType::Decimal { precision, scale } => {
            let found = decimal(found).or_else(|| Some((integer_digits(found)?, 0)));
            let before_point = |precision: u8, scale: i8| i16::from(precision) - i16::from(scale);
            found.is_some_and(|(found_precision, found_scale)| {
                found_scale <= *scale && before_point(found_precision, found_scale) <= before_point(*precision, *scale)
            })
        }
        SqlType::String | SqlType::Json => {
            matches!(found, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
        }
        SqlType::Bytes => matches!(
            found,
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_)
        ),
        _ => false,
    }
}

/// Bits of a signed integer that holds all values.
fn integer_bits(data_type: &DataType) -> Option<u8> {
    Some(match data_type {
        DataType::Int8 => 8,
        DataType::UInt8 => 9,
        DataType::Int16 => 16,
        DataType::UInt16 => 17,
        DataType::Int32 => 32,
        DataType::UInt32 => 33,
        DataType::Int64 => 64,
        DataType::UInt64 => 65,
        _ => return None,
    })
}

/// Digits of the largest value.
fn integer_digits(data_type: &DataType) -> Option<u8> {
    Some(match data_type {
        DataType::Int8 | DataType::UInt8 => 3,
        DataType::Int16 | DataType::UInt16 => 5,
        DataType::Int32 | DataType::UInt32 => 10,
        DataType::Int64 => 19,
        DataType::UInt64 => 20,
        _ => return None,
    })
}

fn decimal(data_type: &DataType) -> Option<(u8, i8)> {
    match data_type {
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => Some((*precision, *scale)),
        _ => None,
    }
}

fn ticks(array: &ArrayRef, multiply: i64, divide: i64, wanted: &DataType) -> Result<ArrayRef, ArrowError> {
    let counts = match array.data_type() {
        DataType::Date32 => cast_with_options(array, &DataType::Int32, &CAST)?,
        _ => Arc::clone(array),
    };
    let counts = cast_with_options(&counts, &DataType::Int64, &CAST)?;
    let counts = counts.as_primitive::<Int64Type>();
    let converted: PrimitiveArray<Int64Type> = counts.try_unary(|count| match count.checked_mul(multiply) {
        Some(count) => Ok(count.div_euclid(divide)),
        None => Err(ArrowError::CastError(format!(
            "{count} is out of the range of its type"
        ))),
    })?;
    let narrow = match wanted {
        DataType::Date32 | DataType::Time32(_) => cast_with_options(&converted, &DataType::Int32, &CAST)?,
        _ => Arc::new(converted),
    };
    cast_with_options(&narrow, wanted, &CAST)
}

fn uuids(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let values = array.as_any().downcast_ref::<FixedSizeBinaryArray>();
    let values = values.ok_or_else(|| ArrowError::CastError("a UUID has 16 bytes".to_owned()))?;
    let mut texts = StringViewBuilder::with_capacity(values.len());
    for value in values {
        texts.append_option(value.map(uuid_text));
    }
    Ok(Arc::new(texts.finish()))
}

/// `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`
pub(crate) fn uuid_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 0xF] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text
}

fn list(array: &ArrayRef, element: &Conversion, wanted: &DataType) -> Result<ArrayRef, ArrowError> {
    let DataType::List(field) = wanted else {
        return Err(mismatch(array, wanted));
    };
    let array = match array.data_type() {
        DataType::LargeList(found) | DataType::FixedSizeList(found, _) => {
            cast_with_options(array, &DataType::List(Arc::clone(found)), &CAST)?
        }
        _ => Arc::clone(array),
    };
    let list = array.as_list_opt::<i32>().ok_or_else(|| mismatch(&array, wanted))?;
    let values = element.apply(list.values(), field.data_type())?;
    let list = ListArray::try_new(Arc::clone(field), list.offsets().clone(), values, list.nulls().cloned())?;
    Ok(Arc::new(list))
}

fn map(array: &ArrayRef, key: &Conversion, value: &Conversion, wanted: &DataType) -> Result<ArrayRef, ArrowError> {
    let (DataType::Map(entries, _), Some(map)) = (wanted, array.as_map_opt()) else {
        return Err(mismatch(array, wanted));
    };
    let DataType::Struct(fields) = entries.data_type() else {
        return Err(mismatch(array, wanted));
    };
    let keys = key.apply(map.keys(), fields[0].data_type())?;
    let values = value.apply(map.values(), fields[1].data_type())?;
    let pairs = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
    let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
    Ok(Arc::new(MapArray::try_new(
        Arc::clone(entries),
        offsets,
        pairs,
        nulls,
        false,
    )?))
}

fn structs(array: &ArrayRef, fields: &[(String, Conversion)], wanted: &DataType) -> Result<ArrayRef, ArrowError> {
    let (DataType::Struct(wanted_fields), Some(found)) = (wanted, array.as_struct_opt()) else {
        return Err(mismatch(array, wanted));
    };
    let children = fields.iter().zip(wanted_fields).map(|((name, conversion), field)| {
        let child = found.column_by_name(name).ok_or_else(|| mismatch(array, wanted))?;
        conversion.apply(child, field.data_type())
    });
    let children = children.collect::<Result<Vec<_>, _>>()?;
    let (nulls, length) = (found.nulls().cloned(), found.len());
    Ok(Arc::new(StructArray::try_new_with_length(
        wanted_fields.clone(),
        children,
        nulls,
        length,
    )?))
}

fn mismatch(array: &ArrayRef, wanted: &DataType) -> ArrowError {
    ArrowError::CastError(format!("{} does not become {wanted}", array.data_type()))
}
