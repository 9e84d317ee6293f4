use velo_data::{DECIMAL256_PRECISION_MAX, SqlType};

use super::ArithmeticOperator;

/// Digits of every quotient of decimals.
const QUOTIENT_PRECISION: u8 = 38;
/// Most digits behind the point of a quotient of decimals.
const QUOTIENT_SCALE_MAX: i8 = 18;

/// The type of `left operator right`, or `None` where the operator does not apply.
///
/// A bare `NULL` takes the type that fits the other side.
pub fn result_type(operator: ArithmeticOperator, left: &SqlType, right: &SqlType) -> Option<SqlType> {
    match (left, right) {
        (SqlType::Null, SqlType::Null) => result_type(operator, &SqlType::BigInt, &SqlType::BigInt),
        (SqlType::Null, other) => result_type(operator, &counterpart(operator, other), other),
        (other, SqlType::Null) => result_type(operator, other, &counterpart(operator, other)),
        (left, right) if left.is_numeric() && right.is_numeric() => numeric(operator, left, right),
        (left, right) => temporal(operator, left, right),
    }
}

/// The rule by which quotients of decimals with these scales are rounded, also AVG's.
pub(crate) fn quotient_type(scale: i8) -> SqlType {
    SqlType::Decimal {
        precision: QUOTIENT_PRECISION,
        scale: scale.saturating_add(6).min(QUOTIENT_SCALE_MAX),
    }
}

/// What a `NULL` beside a value of this type stands for.
fn counterpart(operator: ArithmeticOperator, other: &SqlType) -> SqlType {
    use ArithmeticOperator::{Divide, Multiply};
    match other {
        SqlType::Timestamp | SqlType::Date => SqlType::Interval,
        SqlType::Interval if matches!(operator, Multiply | Divide) => SqlType::BigInt,
        other => other.clone(),
    }
}

fn numeric(operator: ArithmeticOperator, left: &SqlType, right: &SqlType) -> Option<SqlType> {
    use ArithmeticOperator::{Divide, IntegerDivide};
    match operator {
        IntegerDivide => Some(SqlType::BigInt),
        _ if matches!((left, right), (SqlType::Double, _) | (_, SqlType::Double)) => Some(SqlType::Double),
        Divide if left.is_integer() && right.is_integer() => Some(SqlType::Double),
        _ => match (decimal_digits(left)?, decimal_digits(right)?) {
            _ if left.is_integer() && right.is_integer() => Some(wider_integer(left, right)),
            (left, right) => decimal(operator, left, right),
        },
    }
}

/// The wider of two integer types.
pub(crate) fn wider_integer(left: &SqlType, right: &SqlType) -> SqlType {
    let width = |sql_type: &SqlType| match sql_type {
        SqlType::TinyInt => 0,
        SqlType::SmallInt => 1,
        _ => 2,
    };
    if width(left) >= width(right) { left } else { right }.clone()
}

/// Precision and scale of a decimal, or of the decimal that holds every value of an integer type.
pub(crate) fn decimal_digits(sql_type: &SqlType) -> Option<(u8, i8)> {
    match sql_type {
        SqlType::TinyInt => Some((3, 0)),
        SqlType::SmallInt => Some((5, 0)),
        SqlType::BigInt => Some((19, 0)),
        SqlType::Decimal { precision, scale } => Some((*precision, *scale)),
        _ => None,
    }
}

fn decimal(
    operator: ArithmeticOperator,
    (left_precision, left_scale): (u8, i8),
    (right_precision, right_scale): (u8, i8),
) -> Option<SqlType> {
    let scale = i16::from(left_scale.max(right_scale));
    let left_whole = i16::from(left_precision) - i16::from(left_scale);
    let right_whole = i16::from(right_precision) - i16::from(right_scale);
    match operator {
        ArithmeticOperator::Add | ArithmeticOperator::Subtract => {
            capped_decimal(left_whole.max(right_whole) + scale + 1, scale)
        }
        ArithmeticOperator::Multiply => capped_decimal(
            i16::from(left_precision) + i16::from(right_precision),
            i16::from(left_scale) + i16::from(right_scale),
        ),
        ArithmeticOperator::Modulo => capped_decimal(left_whole.min(right_whole) + scale, scale),
        ArithmeticOperator::Divide => Some(quotient_type(left_scale.max(right_scale))),
        ArithmeticOperator::IntegerDivide => Some(SqlType::BigInt),
    }
}

/// A decimal of these digits. Digits before the point give way when there are too many, since their loss is an
/// error that is seen; digits behind the point never do, so that no result is rounded silently.
pub(crate) fn capped_decimal(precision: i16, scale: i16) -> Option<SqlType> {
    let scale_max = i16::from(DECIMAL256_PRECISION_MAX);
    let precision = precision.max(scale).clamp(1, scale_max);
    (scale <= scale_max).then_some(SqlType::Decimal {
        precision: u8::try_from(precision).ok()?,
        scale: i8::try_from(scale).ok()?,
    })
}

fn temporal(operator: ArithmeticOperator, left: &SqlType, right: &SqlType) -> Option<SqlType> {
    use ArithmeticOperator::{Add, Divide, Multiply, Subtract};
    use SqlType::{BigInt, Date, Interval, Timestamp};
    Some(match (operator, left, right) {
        (Add | Subtract, Timestamp | Date | BigInt, Interval) | (Add, Interval, Timestamp | Date | BigInt) => Timestamp,
        (Subtract, Date, Date) => BigInt,
        (Add | Subtract, Date, integer) | (Add, integer, Date) if integer.is_integer() => Date,
        (Subtract, Timestamp, Timestamp | Date)
        | (Subtract, Date, Timestamp)
        | (Add | Subtract, Interval, Interval) => Interval,
        (Multiply | Divide, Interval, number) | (Multiply, number, Interval) if number.is_numeric() => Interval,
        _ => return None,
    })
}
