use arrow::array::ArrowNativeTypeOp;
use arrow::datatypes::{ArrowNativeType, DecimalType};

/// Powers of ten within a group of four digits.
const POWERS: [usize; 5] = [1, 10, 100, 1000, 10_000];

/// Groups of four decimal digits, of which the first stands for `group * 10000^weight`: PostgreSQL's form of a number.
#[derive(Debug, Clone, Copy)]
pub(super) struct DigitGroups<'a> {
    /// Two bytes a group.
    pub(super) groups: &'a [u8],
    pub(super) weight: i16,
    pub(super) is_negative: bool,
}

impl DigitGroups<'_> {
    /// The value in units of `10^-scale`; `None` if it has digits beyond them or is too large.
    pub(super) fn to_decimal<T: DecimalType>(self, precision: u8, scale: i8) -> Option<T::Native> {
        let mut value = T::Native::ZERO;
        // Power of ten, in units of the result, of the lowest digit of a group.
        let mut power = 4 * i32::from(self.weight) + i32::from(scale);
        for group in self.groups.chunks_exact(2) {
            let group = usize::from(u16::from_be_bytes([group[0], group[1]]));
            let dropped = power.min(0).unsigned_abs().min(4) as usize;
            if group % POWERS[dropped] != 0 {
                return None;
            }
            value = value.mul_checked(T::Native::usize_as(POWERS[4 - dropped])).ok()?;
            value = value.add_checked(T::Native::usize_as(group / POWERS[dropped])).ok()?;
            power -= 4;
        }
        let missing = power + 4; // The power of the last group that there is.
        if missing > 0 && value != T::Native::ZERO {
            let factor = T::Native::usize_as(10).pow_checked(missing.unsigned_abs()).ok()?;
            value = value.mul_checked(factor).ok()?;
        }
        if !T::is_valid_decimal_precision(value, precision) {
            return None;
        }
        Some(if self.is_negative { value.neg_wrapping() } else { value })
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{Decimal128Type, Decimal256Type};

    use super::*;

    fn groups(groups: &[u16]) -> Vec<u8> {
        groups.iter().flat_map(|group| group.to_be_bytes()).collect()
    }

    /// Groups, weight, precision, scale, and what they come to.
    type Case = (&'static [u16], i16, u8, i8, Option<i128>);

    #[test]
    fn groups_are_read_to_the_digit() {
        // The groups of each number are worked out by hand: digits in fours from the point outwards.
        let cases: [Case; 11] = [
            (&[], 0, 5, 2, Some(0)),
            (&[1], 0, 5, 2, Some(100)),
            (&[12, 3456], 0, 10, 4, Some(123_456)),
            (&[12, 3400], 0, 10, 2, Some(1_234)),
            (&[12, 3456], 0, 10, 3, None),
            (&[1], 2, 11, 0, Some(100_000_000)),
            (&[1], 2, 8, 0, None),
            (&[5], -2, 8, 8, Some(5)),
            (&[5], -2, 8, 7, None),
            (&[9999, 9999], 0, 8, 4, Some(99_999_999)),
            (&[1], 100, 38, 0, None),
        ];
        for (digits, weight, precision, scale, expected) in cases {
            let bytes = groups(digits);
            let number = |is_negative| DigitGroups {
                groups: &bytes,
                weight,
                is_negative,
            };
            let read = number(false).to_decimal::<Decimal128Type>(precision, scale);
            assert_eq!(read, expected, "{digits:?} at {weight}");
            let read = number(true).to_decimal::<Decimal128Type>(precision, scale);
            assert_eq!(read, expected.map(|value| -value), "-{digits:?} at {weight}");
        }
    }

    #[test]
    fn all_digits_of_the_widest_types_are_kept() {
        let nines = [vec![99u16], vec![9999; 9]].concat();
        let bytes = groups(&nines);
        let number = DigitGroups {
            groups: &bytes,
            weight: 4,
            is_negative: false,
        };
        // 38 nines, 18 of them before the point: the last group is 9999, so that none is half used.
        assert_eq!(number.to_decimal::<Decimal128Type>(38, 20), Some(10i128.pow(38) - 1));
        assert_eq!(
            number
                .to_decimal::<Decimal256Type>(76, 20)
                .map(|value| value.to_string()),
            Some("9".repeat(38))
        );
    }
}
