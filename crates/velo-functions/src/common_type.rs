use velo_data::{SqlType, StructField};

use crate::arithmetic::{capped_decimal, decimal_digits, wider_integer};
use crate::cast::struct_sources;

/// The type to which both sides of a comparison, and all branches of CASE, COALESCE, IN and UNION, are brought.
///
/// `None` where the two have nothing in common, such as a number and a text: the dialect asks for a CAST then.
/// Text beside a point in time or an interval is read as one, and an integer beside a TIMESTAMP as epoch
/// milliseconds.
pub fn common_type(left: &SqlType, right: &SqlType) -> Option<SqlType> {
    use SqlType::{Array, Date, Interval, Json, Map, Null, String, Struct, Time, Timestamp};
    Some(match (left, right) {
        (left, right) if left == right => left.clone(),
        (Null, other) | (other, Null) => other.clone(),
        (left, right) if left.is_numeric() && right.is_numeric() => return common_number(left, right),
        (Json, String) | (String, Json) => String,
        (Date, Timestamp) | (Timestamp, Date) => Timestamp,
        (String, temporal @ (Date | Time | Timestamp | Interval))
        | (temporal @ (Date | Time | Timestamp | Interval), String) => temporal.clone(),
        (Timestamp, integer) | (integer, Timestamp) if integer.is_integer() => Timestamp,
        (Array(left), Array(right)) => Array(Box::new(common_type(left, right)?)),
        (Map(left_key, left_value), Map(right_key, right_value)) => Map(
            Box::new(common_type(left_key, right_key)?),
            Box::new(common_type(left_value, right_value)?),
        ),
        (Struct(left), Struct(right)) => Struct(common_fields(left, right)?),
        _ => return None,
    })
}

/// Folds [`common_type`] over any number of types; `None` also when there are none.
pub fn common_type_of<'a>(types: impl IntoIterator<Item = &'a SqlType>) -> Option<SqlType> {
    let mut types = types.into_iter();
    let first = types.next()?.clone();
    types.try_fold(first, |common, next| common_type(&common, next))
}

fn common_number(left: &SqlType, right: &SqlType) -> Option<SqlType> {
    if matches!((left, right), (SqlType::Double, _) | (_, SqlType::Double)) {
        return Some(SqlType::Double);
    }
    if left.is_integer() && right.is_integer() {
        return Some(wider_integer(left, right));
    }
    let (left_precision, left_scale) = decimal_digits(left)?;
    let (right_precision, right_scale) = decimal_digits(right)?;
    let whole = |precision: u8, scale: i8| i16::from(precision) - i16::from(scale);
    let scale = i16::from(left_scale.max(right_scale));
    let digits = whole(left_precision, left_scale).max(whole(right_precision, right_scale));
    capped_decimal(digits + scale, scale)
}

fn common_fields(left: &[StructField], right: &[StructField]) -> Option<Vec<StructField>> {
    if left.len() != right.len() {
        return None;
    }
    // In the order of the left one.
    left.iter()
        .zip(struct_sources(right, left))
        .map(|(left, source)| {
            Some(StructField {
                name: left.name.clone(),
                sql_type: common_type(&left.sql_type, &right[source?].sql_type)?,
            })
        })
        .collect()
}
