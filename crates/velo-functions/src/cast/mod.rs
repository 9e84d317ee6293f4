//! `CAST` and `TRY_CAST`: what does not convert is an error of the row, or NULL.
//!
//! The rules are DuckDB's: doubles round half to even and decimals half away from zero on their way to fewer
//! digits; text may have blanks around numbers; nothing wraps around. Two differences: text with a UTC offset is
//! converted to UTC (a TIMESTAMP has no zone), and integers and TIMESTAMPs convert as epoch milliseconds.

mod function;
mod number;
mod text;
mod time_text;

pub use function::cast_expr;
pub(crate) use function::convert;

pub(crate) use text::to_text;
pub(crate) use time_text::read_timestamp;

use velo_data::SqlType;

/// Whether `CAST(from AS to)` exists.
pub fn can_cast(from: &SqlType, to: &SqlType) -> bool {
    use SqlType::{Array, Boolean, Date, Json, Map, Null, String, Struct, Time, Timestamp};
    match (from, to) {
        (Null, _) => true,
        (from, to) if from == to => true,
        (_, Null) => false,
        (String | Json, to) => !matches!(to, Array(_) | Map(_, _) | Struct(_)),
        (from, String) => !matches!(from, Array(_) | Map(_, _) | Struct(_)),
        (from, Json) => from.is_numeric() || *from == Boolean,
        (from, to) if from.is_numeric() && to.is_numeric() => true,
        (from, Boolean) => from.is_numeric(),
        (Boolean, to) => to.is_numeric(),
        (Timestamp, to) if to.is_numeric() => true,
        (from, Timestamp) => from.is_numeric() || *from == Date,
        (Timestamp, to) => matches!(to, Date | Time),
        (Array(from), Array(to)) => can_cast(from, to),
        (Map(from_key, from_value), Map(to_key, to_value)) => {
            can_cast(from_key, to_key) && can_cast(from_value, to_value)
        }
        (Struct(from), Struct(to)) => {
            from.len() == to.len()
                && from
                    .iter()
                    .zip(to)
                    .all(|(from, to)| can_cast(&from.sql_type, &to.sql_type))
        }
        _ => false,
    }
}
