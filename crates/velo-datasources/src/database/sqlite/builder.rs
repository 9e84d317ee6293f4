use std::sync::Arc;

use arrow::array::{
    ArrayRef, ArrowNativeTypeOp, BinaryViewBuilder, BooleanBuilder, Date32Builder, Decimal128Builder,
    Decimal256Builder, Float64Builder, Int64Builder, PrimitiveBuilder, StringViewBuilder, Time32MillisecondBuilder,
    TimestampMillisecondBuilder,
};
use arrow::datatypes::{ArrowNativeType, ArrowPrimitiveType, DecimalType};
use rusqlite::types::ValueRef;
use velo_data::time::{TimeFormat, parse_date, parse_time};
use velo_data::{DECIMAL128_PRECISION_MAX, SqlType};
use velo_formats::parse_exact_decimal;

/// Characters of a value that a message shows.
const SHOWN_CHARACTERS: usize = 40;

/// Whole numbers that a double holds exactly lie within this.
const EXACT_DOUBLE_MAX: u64 = 1 << 53;

/// Collects the values of one column.
pub(super) enum ColumnBuilder {
    Boolean(BooleanBuilder),
    BigInt(Int64Builder),
    Double(Float64Builder),
    Decimal128(Decimal128Builder, (u8, i8)),
    Decimal256(Decimal256Builder, (u8, i8)),
    String(StringViewBuilder),
    Bytes(BinaryViewBuilder),
    Date(Date32Builder),
    Time(Time32MillisecondBuilder),
    Timestamp(TimestampMillisecondBuilder),
}

impl ColumnBuilder {
    /// For the types that columns of SQLite are read as; text for any other.
    pub(super) fn new(read_as: &SqlType) -> Self {
        match *read_as {
            SqlType::Boolean => Self::Boolean(BooleanBuilder::new()),
            SqlType::BigInt => Self::BigInt(Int64Builder::new()),
            SqlType::Double => Self::Double(Float64Builder::new()),
            SqlType::Decimal { precision, scale } if precision <= DECIMAL128_PRECISION_MAX => Self::Decimal128(
                Decimal128Builder::new().with_data_type(read_as.arrow()),
                (precision, scale),
            ),
            SqlType::Decimal { precision, scale } => Self::Decimal256(
                Decimal256Builder::new().with_data_type(read_as.arrow()),
                (precision, scale),
            ),
            SqlType::Bytes => Self::Bytes(BinaryViewBuilder::new()),
            SqlType::Date => Self::Date(Date32Builder::new()),
            SqlType::Time => Self::Time(Time32MillisecondBuilder::new()),
            SqlType::Timestamp => Self::Timestamp(TimestampMillisecondBuilder::new()),
            _ => Self::String(StringViewBuilder::new()),
        }
    }

    /// Adds a value, or NULL and a message if it is none of the column's type.
    pub(super) fn push(&mut self, value: ValueRef<'_>) -> Result<(), String> {
        match self {
            Self::Boolean(builder) => {
                let read = match value {
                    ValueRef::Integer(value @ (0 | 1)) => Some(value == 1),
                    _ => None,
                };
                builder.append_option(read);
                checked(read.is_some(), value, "BOOLEAN, which is 0 or 1")
            }
            Self::BigInt(builder) => {
                let read = match value {
                    ValueRef::Integer(value) => Some(value),
                    _ => None,
                };
                append(builder, read, value, "BIGINT")
            }
            Self::Double(builder) => append(builder, double(value), value, "DOUBLE"),
            Self::Decimal128(builder, (precision, scale)) => append_decimal(builder, value, *precision, *scale),
            Self::Decimal256(builder, (precision, scale)) => append_decimal(builder, value, *precision, *scale),
            Self::String(builder) => {
                let text = text(value);
                builder.append_option(text);
                checked(text.is_some(), value, "STRING")
            }
            Self::Bytes(builder) => {
                let bytes = match value {
                    ValueRef::Blob(bytes) => Some(bytes),
                    _ => None,
                };
                builder.append_option(bytes);
                checked(bytes.is_some(), value, "BYTES")
            }
            Self::Date(builder) => append(builder, text(value).and_then(parse_date), value, "DATE"),
            Self::Time(builder) => append(builder, text(value).and_then(parse_time), value, "TIME"),
            Self::Timestamp(builder) => append(builder, timestamp(value), value, "TIMESTAMP"),
        }
    }

    /// What was collected; the builder is empty afterwards.
    pub(super) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::BigInt(builder) => Arc::new(builder.finish()),
            Self::Double(builder) => Arc::new(builder.finish()),
            Self::Decimal128(builder, _) => Arc::new(builder.finish()),
            Self::Decimal256(builder, _) => Arc::new(builder.finish()),
            Self::String(builder) => Arc::new(builder.finish()),
            Self::Bytes(builder) => Arc::new(builder.finish()),
            Self::Date(builder) => Arc::new(builder.finish()),
            Self::Time(builder) => Arc::new(builder.finish()),
            Self::Timestamp(builder) => Arc::new(builder.finish()),
        }
    }
}

/// Bytes that a value takes up.
pub(super) fn bytes_of(value: ValueRef<'_>) -> u64 {
    match value {
        ValueRef::Null => 0,
        ValueRef::Integer(_) | ValueRef::Real(_) => 8,
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len() as u64,
    }
}

fn append<T: ArrowPrimitiveType>(
    builder: &mut PrimitiveBuilder<T>,
    read: Option<T::Native>,
    value: ValueRef<'_>,
    wanted: &str,
) -> Result<(), String> {
    builder.append_option(read);
    checked(read.is_some(), value, wanted)
}

fn append_decimal<T: DecimalType + ArrowPrimitiveType>(
    builder: &mut PrimitiveBuilder<T>,
    value: ValueRef<'_>,
    precision: u8,
    scale: i8,
) -> Result<(), String> {
    let read = decimal::<T>(value, precision, scale);
    builder.append_option(read);
    if read.is_some() || value == ValueRef::Null {
        return Ok(());
    }
    Err(format!("{} is no DECIMAL({precision}, {scale})", shown(value)))
}

/// A REAL stands for the shortest number that reads back as it: what SQLite was given, if that had up to 15 digits.
fn decimal<T: DecimalType>(value: ValueRef<'_>, precision: u8, scale: i8) -> Option<T::Native> {
    match value {
        ValueRef::Integer(value) => {
            let factor = T::Native::usize_as(10)
                .pow_checked(u32::from(scale.unsigned_abs()))
                .ok()?;
            let digits = T::Native::from_usize(usize::try_from(value.unsigned_abs()).ok()?)?;
            let scaled = digits.mul_checked(factor).ok()?;
            let fits = T::is_valid_decimal_precision(scaled, precision);
            fits.then(|| if value < 0 { scaled.neg_wrapping() } else { scaled })
        }
        ValueRef::Real(value) => parse_exact_decimal::<T>(&value.to_string(), precision, scale),
        ValueRef::Text(_) => parse_exact_decimal::<T>(text(value)?, precision, scale),
        ValueRef::Null | ValueRef::Blob(_) => None,
    }
}

fn double(value: ValueRef<'_>) -> Option<f64> {
    match value {
        ValueRef::Real(value) => Some(value),
        // The same number, if a double holds it.
        ValueRef::Integer(value) if value.unsigned_abs() <= EXACT_DOUBLE_MAX => Some(value as f64),
        _ => None,
    }
}

fn timestamp(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Integer(value) => TimeFormat::Auto.read_integer(value).ok(),
        _ => TimeFormat::Auto.read_text(text(value)?).ok(),
    }
}

fn text(value: ValueRef<'_>) -> Option<&str> {
    match value {
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

fn checked(is_read: bool, value: ValueRef<'_>, wanted: &str) -> Result<(), String> {
    if is_read || value == ValueRef::Null {
        return Ok(());
    }
    Err(format!("{} is no {wanted}", shown(value)))
}

/// A value with its storage class, for a message.
fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(value) => format!("the INTEGER {value}"),
        ValueRef::Real(value) => format!("the REAL {value}"),
        ValueRef::Text(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            let shown: String = text.chars().take(SHOWN_CHARACTERS).collect();
            let more = if shown.len() < text.len() { "…" } else { "" };
            format!("the TEXT `{shown}{more}`")
        }
        ValueRef::Blob(bytes) => format!("a BLOB of {} bytes", bytes.len()),
    }
}
