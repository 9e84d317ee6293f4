use tokio_postgres::Column as FoundInStatement;
use tokio_postgres::types::{Kind, Type};
use velo_data::{DECIMAL256_PRECISION_MAX, SqlType};

use crate::database::columns::{FoundColumn, FoundValues};

/// Digits of a `numeric` that does not say how many it has.
pub(in crate::database) const UNBOUNDED_DECIMAL: SqlType = SqlType::Decimal {
    precision: 38,
    scale: 18,
};

const DECIMAL_PRECISION_MAX: u8 = DECIMAL256_PRECISION_MAX;

/// What values are cast to for which no type here is better.
const TEXT: &str = "text";
const TEXTS: &str = "text[]";

/// What the type modifier of `numeric` counts from.
const MODIFIER_OFFSET: i32 = 4;

/// Forms in which values come over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::database) enum WireType {
    Boolean,
    Int2,
    Int4,
    Int8,
    /// Numbers of objects: unsigned, of 32 bits.
    Oid,
    Float4,
    Float8,
    Numeric,
    /// Text as it is: character types, enumerations, `json`.
    Text,
    /// Text behind a byte for its version.
    Jsonb,
    Uuid,
    Bytea,
    Date,
    Time,
    Timestamp,
    Interval,
    /// Elements of one of the others.
    Array(Box<WireType>),
}

/// A column of a statement's result.
pub(super) fn found_column(column: &FoundInStatement) -> FoundColumn<WireType> {
    let found = column.type_();
    FoundColumn {
        name: column.name().to_owned(),
        type_name: type_name(found),
        values: Some(values_of(found, column.type_modifier())),
    }
}

/// Arrays are `_int4` to the server and `int4[]` to people.
fn type_name(found: &Type) -> String {
    match found.kind() {
        Kind::Array(element) => format!("{}[]", element.name()),
        _ => found.name().to_owned(),
    }
}

fn plain(from: WireType, natural: SqlType) -> FoundValues<WireType> {
    FoundValues {
        from,
        cast: None,
        natural,
        integer_digits: None,
        is_bounded: true,
    }
}

fn values_of(found: &Type, modifier: i32) -> FoundValues<WireType> {
    let integer = |from: WireType, natural: SqlType, digits: u8| FoundValues {
        integer_digits: Some(digits),
        ..plain(from, natural)
    };
    match *found {
        Type::BOOL => plain(WireType::Boolean, SqlType::Boolean),
        Type::INT2 => integer(WireType::Int2, SqlType::SmallInt, 5),
        Type::INT4 => integer(WireType::Int4, SqlType::BigInt, 10),
        Type::INT8 => integer(WireType::Int8, SqlType::BigInt, 19),
        Type::OID => integer(WireType::Oid, SqlType::BigInt, 10),
        Type::FLOAT4 => plain(WireType::Float4, SqlType::Double),
        Type::FLOAT8 => plain(WireType::Float8, SqlType::Double),
        Type::NUMERIC => numeric(modifier),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::JSON | Type::XML => {
            plain(WireType::Text, SqlType::String)
        }
        Type::JSONB => plain(WireType::Jsonb, SqlType::String),
        Type::UUID => plain(WireType::Uuid, SqlType::String),
        Type::BYTEA => plain(WireType::Bytea, SqlType::Bytes),
        Type::DATE => plain(WireType::Date, SqlType::Date),
        Type::TIME => plain(WireType::Time, SqlType::Time),
        Type::TIMESTAMP | Type::TIMESTAMPTZ => plain(WireType::Timestamp, SqlType::Timestamp),
        Type::INTERVAL => plain(WireType::Interval, SqlType::Interval),
        _ => composed(found, modifier),
    }
}

/// Types that are made of others; any other has a text, for which the server is asked.
fn composed(found: &Type, modifier: i32) -> FoundValues<WireType> {
    match found.kind() {
        Kind::Enum(_) => plain(WireType::Text, SqlType::String),
        Kind::Domain(of) => values_of(of, modifier),
        // The modifier of an array is that of its elements.
        Kind::Array(element) => array_of(values_of(element, modifier)),
        _ if found.name() == "citext" => plain(WireType::Text, SqlType::String),
        _ => FoundValues {
            cast: Some(TEXT),
            ..plain(WireType::Text, SqlType::String)
        },
    }
}

fn array_of(element: FoundValues<WireType>) -> FoundValues<WireType> {
    FoundValues {
        cast: element.cast.map(|_| TEXTS),
        ..plain(
            WireType::Array(Box::new(element.from)),
            SqlType::Array(Box::new(element.natural)),
        )
    }
}

/// `numeric(precision, scale)`, whose scale may be negative or beyond its precision. Where that is more digits than a
/// DECIMAL has, it is checked value by value.
fn numeric(modifier: i32) -> FoundValues<WireType> {
    let (natural, is_bounded) = if modifier < MODIFIER_OFFSET {
        (UNBOUNDED_DECIMAL, false)
    } else {
        let precision = ((modifier - MODIFIER_OFFSET) >> 16) & 0xFFFF;
        let scale = (((modifier - MODIFIER_OFFSET) & 0x7FF) ^ 1024) - 1024;
        let precision = if scale < 0 {
            precision - scale
        } else {
            precision.max(scale)
        };
        let most = i32::from(DECIMAL_PRECISION_MAX);
        let natural = SqlType::Decimal {
            precision: precision.min(most) as u8,
            scale: scale.clamp(0, most) as i8,
        };
        (natural, precision <= most)
    };
    FoundValues {
        is_bounded,
        ..plain(WireType::Numeric, natural)
    }
}
