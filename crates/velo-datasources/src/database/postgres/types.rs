use tokio_postgres::Column as FoundInStatement;
use tokio_postgres::types::{Kind, Type};
use velo_data::SqlType;

use crate::database::columns::{FoundColumn, FoundValues};

/// Digits of a `numeric` that does not say how many it has.
pub(in crate::database) const UNBOUNDED_DECIMAL: SqlType = SqlType::Decimal {
    precision: 38,
    scale: 18,
};

const DECIMAL_PRECISION_MAX: i32 = 76;

/// What the type modifier of `numeric` counts from.
const MODIFIER_OFFSET: i32 = 4;

/// Forms in which values come over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::database) enum WireType {
    Boolean,
    Int2,
    Int4,
    Int8,
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
    /// Elements of one of the others.
    Array(Box<WireType>),
}

/// A column of a statement's result.
pub(super) fn found_column(column: &FoundInStatement) -> FoundColumn<WireType> {
    let found = column.type_();
    FoundColumn {
        name: column.name().to_owned(),
        type_name: type_name(found),
        values: values_of(found, column.type_modifier()),
    }
}

/// Arrays are `_int4` to the server and `int4[]` to people.
fn type_name(found: &Type) -> String {
    match found.kind() {
        Kind::Array(element) => format!("{}[]", element.name()),
        _ => found.name().to_owned(),
    }
}

fn values_of(found: &Type, modifier: i32) -> Option<FoundValues<WireType>> {
    let plain = |from: WireType, natural: SqlType| FoundValues {
        from,
        natural,
        integer_digits: None,
        is_bounded: true,
    };
    let integer = |from: WireType, natural: SqlType, digits: u8| FoundValues {
        integer_digits: Some(digits),
        ..plain(from, natural)
    };
    Some(match *found {
        Type::BOOL => plain(WireType::Boolean, SqlType::Boolean),
        Type::INT2 => integer(WireType::Int2, SqlType::SmallInt, 5),
        Type::INT4 => integer(WireType::Int4, SqlType::BigInt, 10),
        Type::INT8 => integer(WireType::Int8, SqlType::BigInt, 19),
        Type::FLOAT4 => plain(WireType::Float4, SqlType::Double),
        Type::FLOAT8 => plain(WireType::Float8, SqlType::Double),
        Type::NUMERIC => return numeric(modifier),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::JSON | Type::XML => {
            plain(WireType::Text, SqlType::String)
        }
        Type::JSONB => plain(WireType::Jsonb, SqlType::String),
        Type::UUID => plain(WireType::Uuid, SqlType::String),
        Type::BYTEA => plain(WireType::Bytea, SqlType::Bytes),
        Type::DATE => plain(WireType::Date, SqlType::Date),
        Type::TIME => plain(WireType::Time, SqlType::Time),
        Type::TIMESTAMP | Type::TIMESTAMPTZ => plain(WireType::Timestamp, SqlType::Timestamp),
        _ => return composed(found, modifier),
    })
}

/// Types that are made of others.
fn composed(found: &Type, modifier: i32) -> Option<FoundValues<WireType>> {
    match found.kind() {
        Kind::Enum(_) => values_of(&Type::TEXT, modifier),
        Kind::Domain(of) => values_of(of, modifier),
        // The modifier of an array is that of its elements.
        Kind::Array(element) => values_of(element, modifier).map(|element| FoundValues {
            from: WireType::Array(Box::new(element.from)),
            natural: SqlType::Array(Box::new(element.natural)),
            integer_digits: None,
            is_bounded: true,
        }),
        _ if found.name() == "citext" => values_of(&Type::TEXT, modifier),
        _ => None,
    }
}

/// `numeric(precision, scale)`, whose scale may be negative or beyond its precision; `None` for more digits than there are.
fn numeric(modifier: i32) -> Option<FoundValues<WireType>> {
    let natural = if modifier < MODIFIER_OFFSET {
        UNBOUNDED_DECIMAL
    } else {
        let precision = ((modifier - MODIFIER_OFFSET) >> 16) & 0xFFFF;
        let scale = (((modifier - MODIFIER_OFFSET) & 0x7FF) ^ 1024) - 1024;
        let precision = if scale < 0 {
            precision - scale
        } else {
            precision.max(scale)
        };
        if precision > DECIMAL_PRECISION_MAX {
            return None;
        }
        SqlType::Decimal {
            precision: precision as u8,
            scale: scale.max(0) as i8,
        }
    };
    Some(FoundValues {
        from: WireType::Numeric,
        natural,
        integer_digits: None,
        is_bounded: modifier >= MODIFIER_OFFSET,
    })
}
