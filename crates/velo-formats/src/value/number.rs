//! Numbers from their text, exactly: nothing goes through a double that is not one.

use arrow::array::ArrowNativeTypeOp;
use arrow::datatypes::{ArrowNativeType, DecimalType};

/// Why a text is not a number of the wanted type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberProblem {
    /// It is no number at all.
    NotANumber,
    /// A whole number was wanted.
    HasFraction,
    /// It has more digits than the type holds.
    OutOfRange,
}

/// The parts of a number's text: `[+-] whole [. fraction] [e exponent]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NumberText<'a> {
    is_negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
}

/// Exponents beyond this are as good as infinite; it keeps sums of lengths and exponents in range.
const EXPONENT_MAX: i64 = 1 << 40;

impl<'a> NumberText<'a> {
    /// Takes a number apart. Leading zeros and a plus sign are allowed, since CSV files have them.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (is_negative, unsigned) = split_sign(text.as_bytes());
        let (whole, rest) = split_digits(unsigned);
        let (fraction, rest) = match rest.split_first() {
            Some((b'.', rest)) => split_digits(rest),
            _ => (&[][..], rest),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let exponent = match rest.split_first() {
            None => 0,
            Some((b'e' | b'E', rest)) => parse_exponent(rest)?,
            Some(_) => return None,
        };
        Some(Self {
            is_negative,
            whole,
            fraction,
            exponent,
        })
    }

    /// Whether it is written as a whole number: without a point and an exponent.
    pub(crate) fn is_integer_text(&self) -> bool {
        self.fraction.is_empty() && self.exponent == 0
    }

    /// Whether it has leading zeros, which identifiers have and numbers do not.
    pub(crate) fn has_leading_zeros(&self) -> bool {
        self.whole.len() > 1 && self.whole.first() == Some(&b'0')
    }

    /// The value in units of `10^-scale`, rounded half away from zero, and whether digits were rounded away.
    pub(crate) fn to_decimal<T: DecimalType>(
        self,
        precision: u8,
        scale: i8,
    ) -> Result<(T::Native, bool), NumberProblem> {
        let leading_zeros = self.digits().take_while(|digit| *digit == b'0').count();
        let significant = (self.whole.len() + self.fraction.len() - leading_zeros) as i64;
        let mut digits = self.digits().skip(leading_zeros);
        let shift = i64::from(scale) + self.exponent - self.fraction.len() as i64;
        let kept = significant + shift.min(0);
        if significant > 0 && kept + shift.max(0) > i64::from(precision) {
            return Err(NumberProblem::OutOfRange);
        }
        let mut value = accumulate::<T>(digits.by_ref().take(kept.max(0) as usize));
        if significant > 0 {
            value = append_zeros::<T>(value, shift.max(0));
        }
        // With more digits dropped than there are, the first dropped one is a zero that is not written.
        let first_dropped = if kept >= 0 { digits.next() } else { None };
        let is_inexact = first_dropped.is_some_and(|digit| digit != b'0')
            || digits.any(|digit| digit != b'0')
            || (kept < 0 && significant > 0);
        if first_dropped.is_some_and(|digit| digit >= b'5') {
            value = value.add_wrapping(T::Native::ONE);
        }
        if !T::is_valid_decimal_precision(value, precision) {
            return Err(NumberProblem::OutOfRange);
        }
        let signed = if self.is_negative { value.neg_wrapping() } else { value };
        Ok((signed, is_inexact))
    }

    fn digits(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.whole.iter().chain(self.fraction).copied()
    }
}

/// A whole number of 64 bits; `1.0` and `1e3` are whole.
pub(crate) fn parse_bigint(text: &str) -> Result<i64, NumberProblem> {
    if let Some(value) = parse_short_integer(text.as_bytes()) {
        return Ok(value);
    }
    let number = NumberText::parse(text).ok_or(NumberProblem::NotANumber)?;
    let (value, is_inexact) = number.to_decimal::<arrow::datatypes::Decimal128Type>(38, 0)?;
    if is_inexact {
        return Err(NumberProblem::HasFraction);
    }
    i64::try_from(value).map_err(|_| NumberProblem::OutOfRange)
}

/// A double; also `NaN` and infinities by name, which CSV files may hold.
pub(crate) fn parse_double(text: &str) -> Result<f64, NumberProblem> {
    let value: f64 = text.parse().map_err(|_| NumberProblem::NotANumber)?;
    if value.is_infinite() && text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(NumberProblem::OutOfRange);
    }
    Ok(value)
}

/// An optional minus and one to eighteen digits: what nearly all integers are.
#[inline]
fn parse_short_integer(bytes: &[u8]) -> Option<i64> {
    let (is_negative, digits) = split_sign(bytes);
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut value = 0i64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if is_negative { -value } else { value })
}

fn accumulate<T: DecimalType>(digits: impl Iterator<Item = u8>) -> T::Native {
    // Nine digits at a time fit a machine word, whose arithmetic is many times cheaper.
    const CHUNK: u32 = 9;
    let append = |value: T::Native, chunk: u32, digits: u32| {
        let power = T::Native::usize_as(10usize.pow(digits));
        value
            .mul_wrapping(power)
            .add_wrapping(T::Native::usize_as(chunk as usize))
    };
    let (mut value, mut chunk, mut length) = (T::Native::ZERO, 0u32, 0u32);
    for digit in digits {
        chunk = chunk * 10 + u32::from(digit - b'0');
        length += 1;
        if length == CHUNK {
            value = append(value, chunk, length);
            (chunk, length) = (0, 0);
        }
    }
    append(value, chunk, length)
}

fn append_zeros<T: DecimalType>(value: T::Native, zeros: i64) -> T::Native {
    let ten = T::Native::usize_as(10);
    (0..zeros).fold(value, |value, _| value.mul_wrapping(ten))
}

fn split_sign(bytes: &[u8]) -> (bool, &[u8]) {
    match bytes.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, bytes),
    }
}

fn split_digits(bytes: &[u8]) -> (&[u8], &[u8]) {
    let length = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    bytes.split_at(length)
}

fn parse_exponent(bytes: &[u8]) -> Option<i64> {
    let (is_negative, digits) = split_sign(bytes);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let magnitude = digits.iter().fold(0i64, |value, digit| {
        (value * 10 + i64::from(digit - b'0')).min(EXPONENT_MAX)
    });
    Some(if is_negative { -magnitude } else { magnitude })
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{Decimal128Type, Decimal256Type, i256};

    use super::*;

    #[test]
    fn integers() {
        let cases = [
            ("0", Ok(0)),
            ("-0", Ok(0)),
            ("-12", Ok(-12)),
            ("+7", Ok(7)),
            ("007", Ok(7)),
            ("9223372036854775807", Ok(i64::MAX)),
            ("-9223372036854775808", Ok(i64::MIN)),
            ("9223372036854775808", Err(NumberProblem::OutOfRange)),
            ("1e3", Ok(1000)),
            ("1.0", Ok(1)),
            ("120e-1", Ok(12)),
            ("12.5", Err(NumberProblem::HasFraction)),
            ("1e-9", Err(NumberProblem::HasFraction)),
            ("0e99999999999999999999", Ok(0)),
            ("1e99999999999999999999", Err(NumberProblem::OutOfRange)),
            ("1e-99999999999999999999", Err(NumberProblem::HasFraction)),
            ("", Err(NumberProblem::NotANumber)),
            ("-", Err(NumberProblem::NotANumber)),
            (".", Err(NumberProblem::NotANumber)),
            ("1e", Err(NumberProblem::NotANumber)),
            ("12a", Err(NumberProblem::NotANumber)),
            (" 1", Err(NumberProblem::NotANumber)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_bigint(text), expected, "{text}");
        }
    }

    #[test]
    fn decimals_round_half_away_from_zero() {
        let cases = [
            ("175.23", 10, 2, Ok((17523, false))),
            ("-175.235", 10, 2, Ok((-17524, true))),
            ("175.2349", 10, 2, Ok((17523, true))),
            ("0.005", 10, 2, Ok((1, true))),
            ("0.0049999", 10, 2, Ok((0, true))),
            ("1.2e2", 10, 2, Ok((12000, false))),
            ("12e-1", 10, 2, Ok((120, false))),
            ("99.99", 4, 2, Ok((9999, false))),
            ("99.994", 4, 2, Ok((9999, true))),
            ("99.995", 4, 2, Err(NumberProblem::OutOfRange)),
            ("100", 4, 2, Err(NumberProblem::OutOfRange)),
            ("000100.00", 5, 2, Ok((10000, false))),
            ("1e-400", 5, 2, Ok((0, true))),
            ("0.00", 5, 2, Ok((0, false))),
            ("5", 5, 0, Ok((5, false))),
            (".5", 5, 1, Ok((5, false))),
            ("6", 5, -1, Ok((1, true))),
        ];
        for (text, precision, scale, expected) in cases {
            let number = NumberText::parse(text).unwrap();
            assert_eq!(
                number.to_decimal::<Decimal128Type>(precision, scale),
                expected,
                "{text}"
            );
            let expected = expected.map(|(value, is_inexact)| (i256::from_i128(value), is_inexact));
            assert_eq!(
                number.to_decimal::<Decimal256Type>(precision, scale),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn all_the_digits_count() {
        let digits = "12345678901234567890123456789012345678";
        let number = NumberText::parse(digits).unwrap();
        let expected: i128 = digits.parse().unwrap();
        assert_eq!(number.to_decimal::<Decimal128Type>(38, 0), Ok((expected, false)));
        let digits = "1234567890123456789012345678901234567890123456789012345678901234567890123456";
        let number = NumberText::parse(digits).unwrap();
        let expected = i256::from_string(digits).unwrap();
        assert_eq!(number.to_decimal::<Decimal256Type>(76, 0), Ok((expected, false)));
    }

    #[test]
    fn doubles() {
        assert_eq!(parse_double("0.1"), Ok(0.1));
        assert_eq!(parse_double("-1e308"), Ok(-1e308));
        assert_eq!(parse_double("1e309"), Err(NumberProblem::OutOfRange));
        assert_eq!(parse_double("-inf"), Ok(f64::NEG_INFINITY));
        assert!(parse_double("NaN").unwrap().is_nan());
        assert_eq!(parse_double("one"), Err(NumberProblem::NotANumber));
    }
}
