//! `CAST` and `TRY_CAST`: what does not convert is an error of the row, or NULL.
//!
//! The rules are DuckDB's: doubles round half to even and decimals half away from zero on their way to fewer
//! digits; text may have blanks around numbers; nothing wraps around. Two differences: text with a UTC offset is
//! converted to UTC (a TIMESTAMP has no zone), and integers and TIMESTAMPs convert as epoch milliseconds. STRUCTs are cast
//! field by field, by name; a field that is missing becomes NULL.

mod function;
mod number;
mod text;
mod time_text;

pub use function::cast_expr;
pub(crate) use function::convert;

pub(crate) use text::to_text;
pub(crate) use time_text::read_timestamp;

use velo_data::{SqlType, StructField};

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
            let sources = struct_sources(from, to);
            let fits = |(to, source): (&StructField, &Option<usize>)| {
                source.is_none_or(|source| can_cast(&from[source].sql_type, &to.sql_type))
            };
            sources.iter().any(Option::is_some) && to.iter().zip(&sources).all(fits)
        }
        _ => false,
    }
}

/// For each field of a STRUCT the place of the one that it is made of, found by name: to the letter, else in any case.
pub(crate) fn struct_sources(from: &[StructField], to: &[StructField]) -> Vec<Option<usize>> {
    let source = |wanted: &StructField| {
        let exact = from.iter().position(|field| field.name == wanted.name);
        let folded = || {
            let wanted = wanted.name.to_lowercase();
            from.iter().position(|field| field.name.to_lowercase() == wanted)
        };
        exact.or_else(folded)
    };
    to.iter().map(source).collect()
}

/// The first field that a cast would have to fill with NULL, as a path such as `address.zip`; `None` if every field has its
/// counterpart.
pub fn missing_field(from: &SqlType, to: &SqlType) -> Option<String> {
    use SqlType::{Array, Map, Struct};
    match (from, to) {
        (Array(from), Array(to)) => missing_field(from, to),
        (Map(from_key, from_value), Map(to_key, to_value)) => {
            missing_field(from_key, to_key).or_else(|| missing_field(from_value, to_value))
        }
        (Struct(from), Struct(to)) => to.iter().zip(struct_sources(from, to)).find_map(|(field, source)| {
            let Some(source) = source else {
                return Some(field.name.clone());
            };
            let below = missing_field(&from[source].sql_type, &field.sql_type)?;
            Some(format!("{}.{below}", field.name))
        }),
        _ => None,
    }
}
