use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, IntervalUnit, TimeUnit};

use crate::time::TimeFormat;

/// Most digits that a 128-bit decimal holds.
pub const DECIMAL128_PRECISION_MAX: u8 = 38;
/// Most digits that a 256-bit decimal holds.
pub const DECIMAL256_PRECISION_MAX: u8 = 76;

/// A type of the dialect.
///
/// Each has exactly one Arrow type ([`SqlType::arrow`]): the engine never meets a `Utf8` where it expects a
/// `Utf8View`. Strings and bytes are views, so that a decoder can point into the bytes it read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SqlType {
    /// The type of a bare `NULL`.
    Null,
    /// `BOOLEAN`
    Boolean,
    /// `TINYINT`, 8 bits.
    TinyInt,
    /// `SMALLINT`, 16 bits.
    SmallInt,
    /// `BIGINT` = `INT` = `INTEGER`, 64 bits.
    BigInt,
    /// `DOUBLE` = `FLOAT` = `REAL`, 64 bits.
    Double,
    /// `DECIMAL(precision, scale)`: exact; 128 bits up to 38 digits, 256 bits up to 76.
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Digits behind the point.
        scale: i8,
    },
    /// `STRING` = `VARCHAR` = `TEXT`
    String,
    /// `BYTES`
    Bytes,
    /// `DATE`: days.
    Date,
    /// `TIME`: milliseconds of the day.
    Time,
    /// `TIMESTAMP`: milliseconds since the epoch, UTC.
    Timestamp,
    /// `INTERVAL`: months, days, nanoseconds.
    Interval,
    /// `ARRAY<element>`
    Array(Box<SqlType>),
    /// `MAP<key, value>`
    Map(Box<SqlType>, Box<SqlType>),
    /// `STRUCT<name type, …>`
    Struct(Vec<StructField>),
    /// `JSON`: text that the JSON functions read.
    Json,
}

/// A field of a `STRUCT`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StructField {
    /// Its name.
    pub name: String,
    /// Its type.
    pub sql_type: SqlType,
}

impl SqlType {
    /// The Arrow type that columns of this type have.
    pub fn arrow(&self) -> DataType {
        match self {
            Self::Null => DataType::Null,
            Self::Boolean => DataType::Boolean,
            Self::TinyInt => DataType::Int8,
            Self::SmallInt => DataType::Int16,
            Self::BigInt => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Decimal { precision, scale } if *precision <= DECIMAL128_PRECISION_MAX => {
                DataType::Decimal128(*precision, *scale)
            }
            Self::Decimal { precision, scale } => DataType::Decimal256(*precision, *scale),
            Self::String | Self::Json => DataType::Utf8View,
            Self::Bytes => DataType::BinaryView,
            Self::Date => DataType::Date32,
            Self::Time => DataType::Time32(TimeUnit::Millisecond),
            Self::Timestamp => DataType::Timestamp(TimeUnit::Millisecond, None),
            Self::Interval => DataType::Interval(IntervalUnit::MonthDayNano),
            Self::Array(element) => DataType::List(Arc::new(Field::new_list_field(element.arrow(), true))),
            Self::Map(key, value) => {
                let entry: Fields = vec![
                    Field::new("key", key.arrow(), false),
                    Field::new("value", value.arrow(), true),
                ]
                .into();
                DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entry), false)), false)
            }
            Self::Struct(fields) => DataType::Struct(
                fields
                    .iter()
                    .map(|field| Field::new(&field.name, field.sql_type.arrow(), true))
                    .collect(),
            ),
        }
    }

    /// An Arrow field of this type. `JSON` is told from `STRING` by the field's metadata.
    pub fn field(&self, name: &str, nullable: bool) -> Field {
        let field = Field::new(name, self.arrow(), nullable);
        match self {
            Self::Json => field.with_metadata([(JSON_KEY.to_owned(), "json".to_owned())].into()),
            _ => field,
        }
    }

    /// The type that a field holds; see [`SqlType::from_arrow`].
    pub fn of_field(field: &Field) -> Option<Self> {
        if field.metadata().contains_key(JSON_KEY) {
            Some(Self::Json)
        } else {
            Self::from_arrow(field.data_type())
        }
    }

    /// Says in a field of DOUBLE whether its values were 32-bit floats where they were stored, so that constants are compared
    /// with them as such.
    #[must_use]
    pub fn with_single_precision(field: Field, is_single: bool) -> Field {
        if !is_single {
            return field;
        }
        let mut metadata = field.metadata().clone();
        metadata.insert(PRECISION_KEY.to_owned(), "single".to_owned());
        field.with_metadata(metadata)
    }

    /// Whether a field's doubles were 32-bit floats where they were stored.
    pub fn is_single_precision(field: &Field) -> bool {
        field.metadata().contains_key(PRECISION_KEY)
    }

    /// Says in a field how its points in time are written: as `event.time.format` says.
    #[must_use]
    pub fn with_time_format(field: Field, format: &str) -> Field {
        let mut metadata = field.metadata().clone();
        metadata.insert(TIME_FORMAT_KEY.to_owned(), format.to_owned());
        field.with_metadata(metadata)
    }

    /// How a field's points in time are written.
    pub fn time_format(field: &Field) -> TimeFormat {
        let format = field.metadata().get(TIME_FORMAT_KEY);
        // It was checked when it was set.
        TimeFormat::parse(format.map(String::as_str)).unwrap_or(TimeFormat::Auto)
    }

    /// The type that values of an Arrow type have in SQL, also for Arrow types that are not the canonical one
    /// (`Int32` is BIGINT, `Utf8` is STRING). `None` for what the dialect has no type for.
    pub fn from_arrow(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Boolean,
            DataType::Int8 => Self::TinyInt,
            DataType::Int16 | DataType::UInt8 => Self::SmallInt,
            DataType::Int32 | DataType::Int64 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => Self::BigInt,
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Self::Double,
            DataType::Decimal32(precision, scale)
            | DataType::Decimal64(precision, scale)
            | DataType::Decimal128(precision, scale)
            | DataType::Decimal256(precision, scale) => Self::Decimal {
                precision: *precision,
                scale: *scale,
            },
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::String,
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
                Self::Bytes
            }
            DataType::Date32 | DataType::Date64 => Self::Date,
            DataType::Time32(_) | DataType::Time64(_) => Self::Time,
            DataType::Timestamp(_, _) => Self::Timestamp,
            DataType::Interval(_) | DataType::Duration(_) => Self::Interval,
            DataType::List(element)
            | DataType::LargeList(element)
            | DataType::ListView(element)
            | DataType::LargeListView(element)
            | DataType::FixedSizeList(element, _) => Self::Array(Box::new(Self::of_field(element)?)),
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(fields) => match fields.as_ref() {
                    [key, value] => Self::Map(Box::new(Self::of_field(key)?), Box::new(Self::of_field(value)?)),
                    _ => return None,
                },
                _ => return None,
            },
            DataType::Struct(fields) => Self::Struct(fields.iter().map(struct_field).collect::<Option<_>>()?),
            DataType::Dictionary(_, value) => Self::from_arrow(value)?,
            DataType::RunEndEncoded(_, value) => Self::of_field(value)?,
            DataType::Union(_, _) => return None,
        })
    }

    /// Whether arithmetic applies.
    pub fn is_numeric(&self) -> bool {
        self.is_integer() || matches!(self, Self::Double | Self::Decimal { .. })
    }

    /// Whether it holds whole numbers of a fixed width.
    pub fn is_integer(&self) -> bool {
        matches!(self, Self::TinyInt | Self::SmallInt | Self::BigInt)
    }

    /// Whether it is text, JSON included.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::String | Self::Json)
    }
}

const JSON_KEY: &str = "velo.type";
const PRECISION_KEY: &str = "velo.precision";
const TIME_FORMAT_KEY: &str = "velo.time.format";

fn struct_field(field: &FieldRef) -> Option<StructField> {
    Some(StructField {
        name: field.name().clone(),
        sql_type: SqlType::of_field(field)?,
    })
}

impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Boolean => f.write_str("BOOLEAN"),
            Self::TinyInt => f.write_str("TINYINT"),
            Self::SmallInt => f.write_str("SMALLINT"),
            Self::BigInt => f.write_str("BIGINT"),
            Self::Double => f.write_str("DOUBLE"),
            Self::Decimal { precision, scale } => write!(f, "DECIMAL({precision}, {scale})"),
            Self::String => f.write_str("STRING"),
            Self::Bytes => f.write_str("BYTES"),
            Self::Date => f.write_str("DATE"),
            Self::Time => f.write_str("TIME"),
            Self::Timestamp => f.write_str("TIMESTAMP"),
            Self::Interval => f.write_str("INTERVAL"),
            Self::Array(element) => write!(f, "ARRAY<{element}>"),
            Self::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            Self::Struct(fields) => {
                f.write_str("STRUCT<")?;
                for (index, field) in fields.iter().enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    write!(f, "{separator}{} {}", field.name, field.sql_type)?;
                }
                f.write_str(">")
            }
            Self::Json => f.write_str("JSON"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_survives_arrow() {
        let types = [
            SqlType::Boolean,
            SqlType::TinyInt,
            SqlType::SmallInt,
            SqlType::BigInt,
            SqlType::Double,
            SqlType::Decimal {
                precision: 10,
                scale: 2,
            },
            SqlType::Decimal {
                precision: 60,
                scale: 4,
            },
            SqlType::String,
            SqlType::Json,
            SqlType::Bytes,
            SqlType::Date,
            SqlType::Time,
            SqlType::Timestamp,
            SqlType::Interval,
            SqlType::Array(Box::new(SqlType::Decimal { precision: 5, scale: 1 })),
            SqlType::Map(Box::new(SqlType::String), Box::new(SqlType::Bytes)),
            SqlType::Struct(vec![StructField {
                name: "a".into(),
                sql_type: SqlType::BigInt,
            }]),
        ];
        for sql_type in types {
            assert_eq!(
                SqlType::of_field(&sql_type.field("c", true)),
                Some(sql_type.clone()),
                "{sql_type}"
            );
        }
    }
}
