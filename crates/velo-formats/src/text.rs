//! Values of sources whose own formats leave them as text.

use arrow::datatypes::DecimalType;

use crate::value::number::NumberText;

/// A number as a decimal, in units of `10^-scale`; `None` if it is none, or is not exactly one of this precision and scale.
pub fn parse_exact_decimal<T: DecimalType>(text: &str, precision: u8, scale: i8) -> Option<T::Native> {
    match NumberText::parse(text)?.to_decimal::<T>(precision, scale) {
        Ok((value, false)) => Some(value),
        Ok((_, true)) | Err(_) => None,
    }
}
