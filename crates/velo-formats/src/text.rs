//! Values of sources whose own formats leave them as text.

use arrow::datatypes::DecimalType;

use crate::value::number::NumberText;
use crate::value::time;

/// A number as a decimal, in units of `10^-scale`; `None` if it is none, or is not exactly one of this precision and scale.
pub fn parse_exact_decimal<T: DecimalType>(text: &str, precision: u8, scale: i8) -> Option<T::Native> {
    match NumberText::parse(text)?.to_decimal::<T>(precision, scale) {
        Ok((value, false)) => Some(value),
        Ok((_, true)) | Err(_) => None,
    }
}

/// Days since the epoch of `YYYY-MM-DD`.
pub fn parse_date(text: &str) -> Option<i32> {
    time::parse_date(text)
}

/// Milliseconds of the day of `HH:MM[:SS[.fff…]]`; digits behind the milliseconds are cut off.
pub fn parse_time(text: &str) -> Option<i32> {
    time::parse_time(text)
}

/// Milliseconds since the epoch of a date, `T` or a space, a time, and `Z` or an offset. Without a time it is midnight,
/// without an offset UTC; digits behind the milliseconds are cut off.
pub fn parse_timestamp(text: &str) -> Option<i64> {
    time::parse_timestamp(text)
}
