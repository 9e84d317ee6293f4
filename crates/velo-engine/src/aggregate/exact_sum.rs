use super::two_float::TwoFloat;

/// The exact sum of floats, out of which each can be taken again without a trace.
///
/// [`TwoFloat`] has 106 bits: a value that is large enough takes bits of the others with it, and they stay lost when it
/// is taken away. Here the sum is a number with as many digits as the values need, to the base 2^32: `digits[i]` counts
/// for `2^(32 * (first + i))`. Infinities and NaN are counted beside it.
#[derive(Debug, Clone, Default)]
pub(super) struct ExactSum {
    /// Digits may be of either sign and exceed the base; carries are settled when somebody reads the sum.
    digits: Vec<i64>,
    first: i32,
    /// Words added since carries were settled.
    unsettled: u32,
    nans: u32,
    infinities: u32,
    negative_infinities: u32,
}

const DIGIT_BITS: u32 = 32;
const DIGIT_MASK: i64 = (1 << DIGIT_BITS) - 1;
/// Digits that a word of 64 bits touches.
const WORD_DIGITS: usize = 3;
/// Most words that may be added before carries are settled: each is below 2^32 in a digit of 63 bits.
const UNSETTLED_MAX: u32 = 1 << 30;
/// Digits of the longest sum: squares reach from 2^-2148 to 2^2048, and counts add 64 bits.
const DIGITS_MAX: usize = 144;
/// Digits that a [`TwoFloat`] can tell apart, the first of which may be a single bit.
const READ_DIGITS: usize = 5;

impl ExactSum {
    pub(super) fn add(&mut self, value: f64) {
        self.change(value, false);
    }

    pub(super) fn remove(&mut self, value: f64) {
        self.change(value, true);
    }

    pub(super) fn add_square(&mut self, value: f64) {
        self.change_square(value, false);
    }

    pub(super) fn remove_square(&mut self, value: f64) {
        self.change_square(value, true);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let mut other = other.clone();
        other.settle();
        self.settle();
        self.nans += other.nans;
        self.infinities += other.infinities;
        self.negative_infinities += other.negative_infinities;
        if let Some(last) = other.digits.len().checked_sub(1) {
            self.place_of(other.first + last as i32);
            let start = self.place_of(other.first);
            for (digit, added) in self.digits[start..].iter_mut().zip(&other.digits) {
                *digit += added;
            }
        }
    }

    /// The sum in 106 bits.
    pub(super) fn total(&self) -> TwoFloat {
        let special = match (self.nans, self.infinities, self.negative_infinities) {
            (0, 0, 0) => None,
            (0, _, 0) => Some(f64::INFINITY),
            (0, 0, _) => Some(f64::NEG_INFINITY),
            _ => Some(f64::NAN),
        };
        if let Some(high) = special {
            return TwoFloat { high, low: 0.0 };
        }
        let mut settled = [0; DIGITS_MAX + 1];
        let length = self.digits.len().min(DIGITS_MAX);
        settled[..length].copy_from_slice(&self.digits[..length]);
        carry(&mut settled[..=length]);
        let is_negative = settled[length] < 0;
        if is_negative {
            settled[..=length].iter_mut().for_each(|digit| *digit = -*digit);
            carry(&mut settled[..=length]);
        }
        let mut total = TwoFloat::default();
        let digits = settled[..=length].iter().enumerate().rev();
        for (place, digit) in digits.skip_while(|(_, digit)| **digit == 0).take(READ_DIGITS) {
            let exponent = (self.first + place as i32) * DIGIT_BITS as i32;
            total.add(scaled(*digit as f64, exponent));
        }
        if is_negative {
            total = TwoFloat::default().minus(total);
        }
        total
    }

    /// Bytes from which [`ExactSum::of_bytes`] gets the same sum.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut settled = self.clone();
        settled.settle();
        let counts = [settled.nans, settled.infinities, settled.negative_infinities];
        let mut bytes = settled.first.to_le_bytes().to_vec();
        bytes.extend(counts.iter().flat_map(|count| count.to_le_bytes()));
        bytes.extend(settled.digits.iter().flat_map(|digit| digit.to_le_bytes()));
        bytes
    }

    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        let Some((head, digits)) = bytes.split_first_chunk::<16>() else {
            return Self::default();
        };
        let (words, _) = head.as_chunks::<4>();
        let (digits, _) = digits.as_chunks::<8>();
        Self {
            digits: digits.iter().map(|digit| i64::from_le_bytes(*digit)).collect(),
            first: i32::from_le_bytes(words[0]),
            unsettled: 0,
            nans: u32::from_le_bytes(words[1]),
            infinities: u32::from_le_bytes(words[2]),
            negative_infinities: u32::from_le_bytes(words[3]),
        }
    }

    fn change(&mut self, value: f64, removes: bool) {
        if value.is_finite() {
            let (mantissa, exponent) = parts(value);
            self.change_word(mantissa, exponent, value.is_sign_negative() != removes);
        } else {
            self.change_special(value, removes);
        }
    }

    fn change_square(&mut self, value: f64, removes: bool) {
        if value.is_finite() {
            let (mantissa, exponent) = parts(value);
            let square = u128::from(mantissa) * u128::from(mantissa);
            self.change_word(square as u64, 2 * exponent, removes);
            self.change_word((square >> 64) as u64, 2 * exponent + 64, removes);
        } else {
            self.change_special(value.abs(), removes);
        }
    }

    #[cold]
    fn change_special(&mut self, value: f64, removes: bool) {
        let count = if value.is_nan() {
            &mut self.nans
        } else if value > 0.0 {
            &mut self.infinities
        } else {
            &mut self.negative_infinities
        };
        *count = if removes {
            count.saturating_sub(1)
        } else {
            count.saturating_add(1)
        };
    }

    /// Adds or takes away `word * 2^exponent`.
    #[inline]
    fn change_word(&mut self, word: u64, exponent: i32, is_negative: bool) {
        if word == 0 {
            return;
        }
        let start = self.place_of(exponent.div_euclid(DIGIT_BITS as i32));
        let shifted = u128::from(word) << exponent.rem_euclid(DIGIT_BITS as i32);
        let parts = [0, 1, 2].map(|digit| i64::from((shifted >> (digit * DIGIT_BITS)) as u32));
        for (digit, part) in self.digits[start..start + WORD_DIGITS].iter_mut().zip(parts) {
            *digit += if is_negative { -part } else { part };
        }
        self.unsettled += 1;
        if self.unsettled == UNSETTLED_MAX {
            self.settle();
        }
    }

    /// Where the digit of this weight stands, with room for a word from it on.
    #[inline]
    fn place_of(&mut self, weight: i32) -> usize {
        if self.digits.is_empty() {
            self.first = weight;
        } else if weight < self.first {
            let missing = (self.first - weight) as usize;
            self.digits.splice(0..0, std::iter::repeat_n(0, missing));
            self.first = weight;
        }
        let start = (weight - self.first) as usize;
        if self.digits.len() < start + WORD_DIGITS {
            self.digits.resize(start + WORD_DIGITS, 0);
        }
        start
    }

    /// Brings every digit but the highest between 0 and the base, and drops zeros at both ends.
    fn settle(&mut self) {
        self.unsettled = 0;
        self.digits.push(0);
        carry(&mut self.digits);
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
        let zeros = self.digits.iter().take_while(|digit| **digit == 0).count();
        self.digits.drain(..zeros);
        self.first = if self.digits.is_empty() {
            0
        } else {
            self.first + zeros as i32
        };
    }
}

/// Brings every digit but the last between 0 and the base.
fn carry(digits: &mut [i64]) {
    let Some((last, others)) = digits.split_last_mut() else {
        return;
    };
    let mut carried = 0;
    for digit in others {
        let sum = *digit + carried;
        *digit = sum & DIGIT_MASK;
        carried = sum >> DIGIT_BITS;
    }
    *last += carried;
}

/// Mantissa and exponent of a finite float, without its sign.
fn parts(value: f64) -> (u64, i32) {
    const FRACTION_BITS: u32 = f64::MANTISSA_DIGITS - 1;
    let bits = value.abs().to_bits();
    let fraction = bits & ((1 << FRACTION_BITS) - 1);
    match (bits >> FRACTION_BITS) as i32 {
        0 => (fraction, -1074),
        exponent => (fraction | 1 << FRACTION_BITS, exponent - 1075),
    }
}

/// `value * 2^exponent`, in steps that a float can hold.
fn scaled(value: f64, exponent: i32) -> f64 {
    let power = |exponent: i32| f64::from_bits(((exponent + 1023) as u64) << 52);
    let third = exponent / 3;
    value * power(third) * power(third) * power(exponent - 2 * third)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum_of(values: &[f64]) -> ExactSum {
        let mut sum = ExactSum::default();
        for value in values {
            sum.add(*value);
        }
        sum
    }

    #[test]
    fn what_is_taken_away_leaves_nothing_behind() {
        for large in [1e16, 1e40, 1e300, f64::MAX, -f64::MAX, f64::INFINITY, f64::NAN] {
            let mut sum = sum_of(&[0.1, large, 0.2, large, 0.3]);
            let mut squares = ExactSum::default();
            for value in [0.5, large, large] {
                squares.add_square(value);
            }
            for _ in 0..2 {
                sum.remove(large);
                squares.remove_square(large);
            }
            assert_eq!(sum.total().value().to_bits(), 0.6_f64.to_bits(), "{large}");
            assert_eq!(squares.total().value().to_bits(), 0.25_f64.to_bits(), "{large}");
            for value in [0.1, 0.2, 0.3] {
                sum.remove(value);
            }
            assert_eq!(sum.total().value().to_bits(), 0.0_f64.to_bits(), "{large}");
        }
    }

    /// By Python's `math.fsum`, whose sums are exact too.
    #[test]
    fn sums_are_rounded_once() {
        let cases: [(&[f64], f64); 7] = [
            (&[0.1; 10], 1.0),
            (&[1e16, 1.0, -1e16], 1.0),
            (&[1e308, 1e308, -1e308], 1e308),
            (&[-1e-320, 3e-320], 2e-320),
            (&[-0.1, -0.2, -0.3], -0.6),
            (&[1.0, 1e100, 1.0, -1e100], 2.0),
            (&[4_294_967_296.0, -1.0], 4_294_967_295.0),
        ];
        for (values, expected) in cases {
            let sum = sum_of(values);
            assert_eq!(sum.total().value().to_bits(), expected.to_bits(), "{values:?}");
            let mut merged = sum_of(&values[..1]);
            merged.merge(&ExactSum::of_bytes(&sum_of(&values[1..]).to_bytes()));
            assert_eq!(
                merged.total().value().to_bits(),
                expected.to_bits(),
                "{values:?} in two parts"
            );
        }
    }

    #[test]
    fn infinities_and_nan_are_counted() {
        let mut sum = sum_of(&[1.0, f64::INFINITY, f64::NEG_INFINITY]);
        assert!(sum.total().value().is_nan());
        sum.remove(f64::NEG_INFINITY);
        assert!(sum.total().value() > 0.0 && sum.total().value().is_infinite());
    }
}
