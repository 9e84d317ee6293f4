use super::word::{chunk, leading_digits, load};

/// Powers of ten that 64 bits hold.
const POWERS: [u64; 20] = {
    let mut powers = [1; 20];
    let mut exponent = 1;
    while exponent < powers.len() {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
};

/// Whole numbers up to this one are doubles.
const DOUBLE_INTEGER_MAX: u64 = 1 << 53;

/// A number of at most eighteen digits without an exponent, as JSON writes it: what nearly all numbers are.
///
/// It is read while it is passed over, and kept as its digits, from which columns of any numeric type are built
/// without another look at the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShortNumber {
    /// The digits before and behind the point.
    digits: u64,
    /// How many of them are behind the point.
    fraction_digits: u8,
    is_negative: bool,
}

impl ShortNumber {
    const DIGITS_MAX: u32 = 18;

    /// Whether it has no digits behind a point.
    pub(crate) fn is_whole(self) -> bool {
        self.fraction_digits == 0
    }

    /// The JSON number that `text` begins with, and its length. `None` for a longer number and for what is no number.
    #[inline]
    pub(crate) fn scan(text: &[u8]) -> Option<(Self, usize)> {
        let (number, length) = Self::scan_digits(text)?;
        match text.get(length) {
            None | Some(b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n') => Some((number, length)),
            Some(_) => None,
        }
    }

    /// The same, whatever comes behind its digits.
    ///
    /// The more of it is there the better: eight bytes are looked at as one, and fewer are put together one by one.
    #[inline]
    pub(crate) fn scan_digits(text: &[u8]) -> Option<(Self, usize)> {
        let is_negative = text.first() == Some(&b'-');
        let mut at = usize::from(is_negative);
        let (mut digits, whole_digits) = long_run(text, at);
        if whole_digits == 0 || (whole_digits > 1 && text.get(at) == Some(&b'0')) {
            return None;
        }
        at += whole_digits as usize;
        let mut fraction_digits = 0;
        if text.get(at) == Some(&b'.') {
            let fraction;
            (fraction, fraction_digits) = run(text, at + 1);
            if fraction_digits == 0 || whole_digits + fraction_digits > Self::DIGITS_MAX {
                return None;
            }
            digits = digits * POWERS[fraction_digits as usize] + fraction;
            at += 1 + fraction_digits as usize;
        }
        let number = Self {
            digits,
            fraction_digits: fraction_digits as u8,
            is_negative,
        };
        Some((number, at))
    }

    /// The number, if it is written as a whole one.
    #[inline]
    pub(crate) fn to_integer(self) -> Option<i64> {
        (self.fraction_digits == 0).then(|| self.signed(self.digits as i64))
    }

    /// The double nearest to the number, if one exact operation gives it.
    #[inline]
    pub(crate) fn to_double(self) -> Option<f64> {
        // Both operands are doubles, so that the quotient is rounded but once.
        let quotient = || self.digits as f64 / POWERS[usize::from(self.fraction_digits)] as f64;
        (self.digits <= DOUBLE_INTEGER_MAX).then(|| self.signed(quotient()))
    }

    /// The number in units of `10^-scale`, if that takes no rounding.
    #[inline]
    pub(crate) fn to_decimal(self, scale: i8) -> Option<i128> {
        let zeros = i32::from(scale) - i32::from(self.fraction_digits);
        let power = POWERS.get(usize::try_from(zeros).ok()?)?;
        Some(self.signed(i128::from(self.digits) * i128::from(*power)))
    }

    #[inline]
    fn signed<T: std::ops::Neg<Output = T>>(self, magnitude: T) -> T {
        if self.is_negative { -magnitude } else { magnitude }
    }
}

/// Up to eight digits at a place, and how many they are.
#[inline]
fn run(text: &[u8], at: usize) -> (u64, u32) {
    let word = match chunk(text, at) {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => load(text.get(at..).unwrap_or_default()),
    };
    leading_digits(word)
}

/// Up to sixteen digits at a place, and how many they are.
#[inline]
fn long_run(text: &[u8], at: usize) -> (u64, u32) {
    let (digits, length) = run(text, at);
    if length < 8 {
        return (digits, length);
    }
    let (more, more_length) = run(text, at + 8);
    (digits * POWERS[more_length as usize] + more, length + more_length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(digits: u64, fraction_digits: u8, is_negative: bool) -> ShortNumber {
        ShortNumber {
            digits,
            fraction_digits,
            is_negative,
        }
    }

    #[test]
    fn short_numbers_are_read_and_others_are_left() {
        let cases = [
            ("0", Some((number(0, 0, false), 1))),
            ("-0,", Some((number(0, 0, true), 2))),
            ("12}", Some((number(12, 0, false), 2))),
            ("1704103200123 ", Some((number(1_704_103_200_123, 0, false), 13))),
            ("-123.4500]", Some((number(1_234_500, 4, true), 9))),
            ("0.00000001\n", Some((number(1, 8, false), 10))),
            (
                "1234567890.12345678,",
                Some((number(123_456_789_012_345_678, 8, false), 19)),
            ),
            ("999999999999999,", Some((number(999_999_999_999_999, 0, false), 15))),
            ("9999999999999999,", Some((number(9_999_999_999_999_999, 0, false), 16))),
            ("99999999999999999,", None),
            ("12345678901.12345678,", None),
            ("0.123456789,", None),
            ("1e3", None),
            ("1.5E3", None),
            ("01", None),
            ("-01", None),
            ("1.", None),
            ("1.,", None),
            (".5", None),
            ("-", None),
            ("+1", None),
            ("--1", None),
            ("1-", None),
            ("1a", None),
            ("1.2.3", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(ShortNumber::scan(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn values_are_exact_or_left() {
        assert_eq!(number(12, 0, true).to_integer(), Some(-12));
        assert_eq!(number(120, 1, false).to_integer(), None);
        assert_eq!(number(1, 1, false).to_double(), Some(0.1));
        assert_eq!(number(1_234_567, 4, true).to_double(), Some(-123.4567));
        assert_eq!(
            number(0, 0, true).to_double().map(f64::to_bits),
            Some((-0.0f64).to_bits())
        );
        assert_eq!(number(DOUBLE_INTEGER_MAX + 1, 0, false).to_double(), None);
        assert_eq!(number(1_234_567, 4, true).to_decimal(4), Some(-1_234_567));
        assert_eq!(number(12, 0, false).to_decimal(4), Some(120_000));
        assert_eq!(number(12_345, 3, false).to_decimal(2), None);
        assert_eq!(number(1, 0, false).to_decimal(-1), None);
        assert_eq!(number(1, 0, false).to_decimal(20), None);
    }
}
