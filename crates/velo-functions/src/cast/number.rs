//! Numbers from text, and numbers with fewer digits than before.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray, StringViewArray};
use arrow::compute::cast_with_options;
use arrow::datatypes::{
    ArrowNativeType, ArrowNativeTypeOp, DataType, Decimal128Type, Decimal256Type, DecimalType, Float64Type, Int8Type,
    Int16Type, Int64Type, i256,
};
use datafusion_common::{Result, exec_datafusion_err, exec_err};
use velo_data::SqlType;

use super::function::convert;
use crate::kernel::CHECKED;

/// Reads each text as a number or truth value.
pub(super) fn from_text(array: &ArrayRef, to: &SqlType, or_null: bool) -> Result<ArrayRef> {
    let text = array.as_string_view();
    Ok(match to {
        SqlType::TinyInt => Arc::new(parse_each::<Int8Type>(text, to, or_null, |text| {
            parse_integer(text)?.try_into().ok()
        })?),
        SqlType::SmallInt => Arc::new(parse_each::<Int16Type>(text, to, or_null, |text| {
            parse_integer(text)?.try_into().ok()
        })?),
        SqlType::BigInt => Arc::new(parse_each::<Int64Type>(text, to, or_null, parse_integer)?),
        SqlType::Double => Arc::new(parse_each::<Float64Type>(text, to, or_null, |text| {
            text.trim().parse().ok()
        })?),
        SqlType::Decimal { precision, scale } => decimals(text, (*precision, *scale), to, or_null)?,
        _ => Arc::new(booleans(text, or_null)?),
    })
}

/// Applies `parse` to each text that is not NULL.
pub(super) fn parse_each<T: ArrowPrimitiveType>(
    text: &StringViewArray,
    to: &SqlType,
    or_null: bool,
    parse: impl Fn(&str) -> Option<T::Native>,
) -> Result<PrimitiveArray<T>> {
    let mut values = PrimitiveArray::<T>::builder(text.len());
    for value in text {
        match value.map(|text| (text, parse(text))) {
            Some((_, Some(parsed))) => values.append_value(parsed),
            Some((text, None)) if !or_null => return exec_err!("cannot read '{text}' as {to}"),
            _ => values.append_null(),
        }
    }
    Ok(values.finish())
}

fn booleans(text: &StringViewArray, or_null: bool) -> Result<BooleanArray> {
    let parse = |text: &str| {
        let is_any = |words: [&str; 5]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
        if is_any(["true", "t", "yes", "y", "1"]) {
            Some(true)
        } else if is_any(["false", "f", "no", "n", "0"]) {
            Some(false)
        } else {
            None
        }
    };
    text.iter()
        .map(|value| match value.map(|text| (text, parse(text))) {
            Some((text, None)) if !or_null => exec_err!("cannot read '{text}' as BOOLEAN"),
            Some((_, parsed)) => Ok(parsed),
            None => Ok(None),
        })
        .collect()
}

fn decimals(text: &StringViewArray, (precision, scale): (u8, i8), to: &SqlType, or_null: bool) -> Result<ArrayRef> {
    let parse = |text: &str| parse_decimal(text, precision, scale);
    Ok(match to.arrow() {
        DataType::Decimal256(_, _) => Arc::new(
            parse_each::<Decimal256Type>(text, to, or_null, parse)?.with_precision_and_scale(precision, scale)?,
        ),
        _ => Arc::new(
            parse_each::<Decimal128Type>(text, to, or_null, |text| parse(text)?.to_i128())?
                .with_precision_and_scale(precision, scale)?,
        ),
    })
}

/// A whole number, or the nearest one to a fraction (half away from zero).
fn parse_integer(text: &str) -> Option<i64> {
    let text = text.trim();
    text.parse()
        .ok()
        .or_else(|| parse_decimal(text, 19, 0)?.to_i128()?.try_into().ok())
}

/// The unscaled value of a number in text, rounded half away from zero to `scale`.
///
/// `None` if the text is not a number, or has more than `precision` digits.
fn parse_decimal(text: &str, precision: u8, scale: i8) -> Option<i256> {
    let text = text.trim();
    let (is_negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (digits, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    // Digits that are kept; the next one decides the rounding.
    let kept = i32::try_from(whole.len())
        .ok()?
        .checked_add(exponent)?
        .checked_add(i32::from(scale))?;
    let unsigned = scaled_digits(whole.bytes().chain(fraction.bytes()), kept, precision)?;
    Some(if is_negative { unsigned.wrapping_neg() } else { unsigned })
}

fn scaled_digits(digits: impl Iterator<Item = u8>, kept: i32, precision: u8) -> Option<i256> {
    let ten = i256::from_i128(10);
    let limit = ten.checked_pow(u32::from(precision))?;
    let mut value = i256::ZERO;
    let mut position = 0;
    for digit in digits {
        let digit = digit.is_ascii_digit().then(|| digit - b'0')?;
        if position < kept {
            value = value
                .checked_mul(ten)?
                .checked_add(i256::from_i128(i128::from(digit)))?;
        } else if position == kept && digit >= 5 {
            value = value.checked_add(i256::ONE)?;
        }
        position += 1;
    }
    if value != i256::ZERO && position < kept {
        value = value.checked_mul(ten.checked_pow(u32::try_from(kept - position).ok()?)?)?;
    }
    (value < limit).then_some(value)
}

/// Integers of another width.
pub(super) fn narrow_integers(array: &ArrayRef, to: &SqlType, or_null: bool) -> Result<ArrayRef> {
    let wide = cast_with_options(array, &DataType::Int64, &CHECKED)?;
    let wide = wide.as_primitive::<Int64Type>();
    Ok(match to {
        SqlType::TinyInt => Arc::new(narrow::<Int8Type>(wide, to, or_null)?),
        SqlType::SmallInt => Arc::new(narrow::<Int16Type>(wide, to, or_null)?),
        _ => Arc::new(wide.clone()),
    })
}

fn narrow<T: ArrowPrimitiveType>(
    wide: &PrimitiveArray<Int64Type>,
    to: &SqlType,
    or_null: bool,
) -> Result<PrimitiveArray<T>>
where
    T::Native: TryFrom<i64>,
{
    if or_null {
        return Ok(wide.unary_opt(|value| value.try_into().ok()));
    }
    wide.try_unary(|value| {
        value
            .try_into()
            .map_err(|_| exec_datafusion_err!("{value} is outside the range of {to}"))
    })
}

/// Rounds half to even.
pub(super) fn round_double(array: &ArrayRef, to: &SqlType, or_null: bool) -> Result<ArrayRef> {
    let rounded = |value: f64| {
        let rounded = value.round_ties_even();
        (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0)
            .contains(&rounded)
            .then_some(rounded as i64)
    };
    let doubles = array.as_primitive::<Float64Type>();
    let integers: PrimitiveArray<Int64Type> = if or_null {
        doubles.unary_opt(rounded)
    } else {
        doubles.try_unary(|value| {
            rounded(value).ok_or_else(|| exec_datafusion_err!("{value} is outside the range of {to}"))
        })?
    };
    convert(&(Arc::new(integers) as ArrayRef), to, or_null)
}

/// Rounds half away from zero.
pub(super) fn round_decimal(array: &ArrayRef, to: &SqlType, or_null: bool) -> Result<ArrayRef> {
    Ok(match array.data_type() {
        DataType::Decimal256(_, scale) => {
            let divisor = power_of_ten::<Decimal256Type>(*scale);
            round_each::<Decimal256Type>(array, to, or_null, |value| {
                let half = divisor.wrapping_div(i256::from_i128(2));
                let shift = if value.is_negative() { half.wrapping_neg() } else { half };
                value.checked_add(shift)?.checked_div(divisor)?.to_i128()
            })?
        }
        DataType::Decimal128(_, scale) => {
            let divisor = power_of_ten::<Decimal128Type>(*scale);
            round_each::<Decimal128Type>(array, to, or_null, |value| {
                value
                    .checked_add(if value < 0 { -(divisor / 2) } else { divisor / 2 })?
                    .checked_div(divisor)
            })?
        }
        other => return exec_err!("{other} is not a decimal"),
    })
}

fn power_of_ten<T: DecimalType>(scale: i8) -> T::Native {
    T::Native::usize_as(10).pow_wrapping(u32::from(scale.unsigned_abs()))
}

fn round_each<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    to: &SqlType,
    or_null: bool,
    round: impl Fn(T::Native) -> Option<i128>,
) -> Result<ArrayRef> {
    let rounded = |value| round(value).and_then(|rounded| i64::try_from(rounded).ok());
    let decimals = array.as_primitive::<T>();
    let integers: PrimitiveArray<Int64Type> = if or_null {
        decimals.unary_opt(rounded)
    } else {
        decimals.try_unary(|value| {
            rounded(value).ok_or_else(|| exec_datafusion_err!("a decimal is outside the range of {to}"))
        })?
    };
    convert(&(Arc::new(integers) as ArrayRef), to, or_null)
}
