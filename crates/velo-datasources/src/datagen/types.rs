//! What the types of columns allow, and what they get where nothing is said.

use velo_data::{DECIMAL128_PRECISION_MAX, SqlType};

use crate::FieldKind;

/// The first time of columns of which nothing else is said.
pub(super) const FIRST_TIME: &str = "2024-01-01T00:00:00Z";

/// The kinds that a column of a type may have.
pub(super) fn kinds_of(sql_type: &SqlType) -> &'static [FieldKind] {
    use FieldKind::{Choice, Random, Sequence, Text, Timestamp};
    match sql_type {
        SqlType::Boolean | SqlType::Double | SqlType::Date | SqlType::Time => &[Random, Choice],
        SqlType::TinyInt | SqlType::SmallInt => &[Sequence, Random, Choice],
        SqlType::BigInt => &[Sequence, Random, Choice, Timestamp],
        SqlType::Timestamp => &[Timestamp, Random, Choice],
        SqlType::Decimal { precision, .. } if *precision <= DECIMAL128_PRECISION_MAX => &[Random, Choice],
        SqlType::Decimal { .. } | SqlType::Json => &[Choice],
        SqlType::String => &[Text, Choice, Sequence],
        SqlType::Bytes => &[Text, Choice],
        SqlType::Null | SqlType::Interval | SqlType::Array(_) | SqlType::Map(_, _) | SqlType::Struct(_) => &[],
    }
}

/// The lowest and the highest random value where nothing is said of them: small enough for sums.
pub(super) fn usual_range(sql_type: &SqlType) -> (String, String) {
    let (min, max) = match sql_type {
        SqlType::TinyInt => ("0", "99"),
        SqlType::SmallInt => ("0", "9999"),
        SqlType::Double => ("0", "1"),
        SqlType::Date => ("2024-01-01", "2024-12-31"),
        SqlType::Time => ("00:00:00", "23:59:59.999"),
        SqlType::Timestamp => (FIRST_TIME, "2024-12-31T23:59:59.999Z"),
        SqlType::Decimal { precision, scale } => return ("0".to_owned(), highest_decimal(*precision, *scale)),
        _ => ("0", "999999"),
    };
    (min.to_owned(), max.to_owned())
}

/// The highest decimal with at most three digits before the point.
fn highest_decimal(precision: u8, scale: i8) -> String {
    let behind = usize::try_from(scale).unwrap_or(0);
    let digits = usize::from(precision).min(behind + 3);
    let before = "9".repeat(digits.saturating_sub(behind));
    let before = if before.is_empty() { "0" } else { &before };
    match behind {
        // Digits before the point that are not stored are zeros.
        0 => format!("{before}{}", "0".repeat(usize::from(scale.unsigned_abs()))),
        behind => format!("{before}.{:0>behind$}", "9".repeat(digits.min(behind))),
    }
}
