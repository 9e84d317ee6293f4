use arrow::datatypes::{Decimal128Type, Decimal256Type, Float64Type, i256};

use super::folded::{Finish, Overflow};
use super::sum::{DecimalSum, DecimalTotal, FloatSum, IntegerSum, WideDecimalSum, WideDecimalTotal};

/// The mean of integers or floats as a DOUBLE, from the exact sum.
#[derive(Debug)]
pub(super) struct FloatAverage;

impl Finish<IntegerSum> for FloatAverage {
    type Output = Float64Type;

    #[inline]
    fn finish(&self, fold: &IntegerSum) -> Result<Option<f64>, Overflow> {
        Ok((fold.count > 0).then(|| fold.sum as f64 / fold.count as f64))
    }
}

impl Finish<FloatSum> for FloatAverage {
    type Output = Float64Type;

    #[inline]
    fn finish(&self, fold: &FloatSum) -> Result<Option<f64>, Overflow> {
        Ok((fold.count > 0).then(|| fold.sum.value() / fold.count as f64))
    }
}

/// The mean of decimals as a decimal, rounded half away from zero.
#[derive(Debug)]
pub(super) struct DecimalAverage<Total> {
    /// Type of the result.
    pub(super) total: Total,
    /// Digits behind the point that the result has more than the argument; negative if it has fewer.
    pub(super) scale_gain: i8,
}

impl<Total> DecimalAverage<Total> {
    /// `sum / count` at the result's scale.
    fn mean(&self, sum: i256, count: u64) -> Result<i256, Overflow> {
        let power = power_of_ten(self.scale_gain.unsigned_abs()).ok_or(Overflow)?;
        let count = i256::from_i128(i128::from(count));
        let (dividend, divisor) = if self.scale_gain >= 0 {
            (sum.checked_mul(power), Some(count))
        } else {
            (Some(sum), count.checked_mul(power))
        };
        round_half_away(dividend.ok_or(Overflow)?, divisor.ok_or(Overflow)?).ok_or(Overflow)
    }

    /// [`Self::mean`] in 128 bits, where sum and power of ten allow it.
    fn narrow_mean(&self, sum: i128, count: u64) -> Option<i128> {
        let power = 10_i128.checked_pow(u32::try_from(self.scale_gain).ok()?)?;
        let dividend = sum.checked_mul(power)?;
        let count = i128::from(count);
        let (quotient, remainder) = (dividend / count, dividend % count);
        let away = i128::from(remainder.abs() * 2 >= count) * dividend.signum();
        Some(quotient + away)
    }
}

fn power_of_ten(exponent: u8) -> Option<i256> {
    i256::from_i128(10).checked_pow(u32::from(exponent))
}

fn round_half_away(dividend: i256, divisor: i256) -> Option<i256> {
    let quotient = dividend.checked_div(divisor)?;
    let remainder = dividend.checked_rem(divisor)?;
    let twice = remainder.wrapping_abs().checked_mul(i256::from_i128(2))?;
    if twice < divisor {
        Some(quotient)
    } else if dividend.is_negative() {
        quotient.checked_sub(i256::ONE)
    } else {
        quotient.checked_add(i256::ONE)
    }
}

impl Finish<DecimalSum> for DecimalAverage<DecimalTotal> {
    type Output = Decimal128Type;

    fn finish(&self, fold: &DecimalSum) -> Result<Option<i128>, Overflow> {
        if fold.count == 0 {
            return Ok(None);
        }
        if let Some(mean) = fold.narrow().and_then(|sum| self.narrow_mean(sum, fold.count)) {
            return self.total.fitting(mean);
        }
        let mean = self.mean(fold.exact(), fold.count)?;
        self.total.fitting(mean.to_i128().ok_or(Overflow)?)
    }
}

impl Finish<WideDecimalSum> for DecimalAverage<DecimalTotal> {
    type Output = Decimal128Type;

    fn finish(&self, fold: &WideDecimalSum) -> Result<Option<i128>, Overflow> {
        if fold.count == 0 {
            return Ok(None);
        }
        let mean = self.mean(fold.exact().ok_or(Overflow)?, fold.count)?;
        self.total.fitting(mean.to_i128().ok_or(Overflow)?)
    }
}

impl Finish<WideDecimalSum> for DecimalAverage<WideDecimalTotal> {
    type Output = Decimal256Type;

    fn finish(&self, fold: &WideDecimalSum) -> Result<Option<i256>, Overflow> {
        if fold.count == 0 {
            return Ok(None);
        }
        self.total
            .fitting(self.mean(fold.exact().ok_or(Overflow)?, fold.count)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::folded::Fold;
    use super::*;

    #[test]
    fn decimal_means_round_half_away_from_zero() {
        // (values, digits gained, mean), by hand
        let cases: [(&[i128], i8, i128); 7] = [
            (&[1, 2], 0, 2),
            (&[-1, -2], 0, -2),
            (&[1, 2], 1, 15),
            (&[1, 1, 2], 2, 133),
            (&[2, 2, 1], 2, 167),
            (&[15, 15], -1, 2),
            (&[-14, -14], -1, -1),
        ];
        for (values, scale_gain, mean) in cases {
            let average = DecimalAverage {
                total: DecimalTotal { precision: 38 },
                scale_gain,
            };
            let mut fold = DecimalSum::default();
            for value in values {
                fold.add(*value);
            }
            assert_eq!(average.finish(&fold), Ok(Some(mean)), "{values:?}");
            let wide = average.mean(fold.exact(), fold.count).map(i256::to_i128);
            assert_eq!(wide, Ok(Some(mean)), "{values:?} in 256 bits");
        }
    }

    #[test]
    fn a_sum_beyond_128_bits_still_has_a_mean() {
        let largest = 10_i128.pow(38) - 1;
        let mut fold = DecimalSum::default();
        (0..5).for_each(|_| fold.add(largest));
        let total = DecimalTotal { precision: 38 };
        assert_eq!(total.finish(&fold), Err(Overflow));
        let average = DecimalAverage { total, scale_gain: 0 };
        assert_eq!(average.finish(&fold), Ok(Some(largest)));
        (0..4).for_each(|_| fold.add(-largest));
        assert_eq!(average.total.finish(&fold), Ok(Some(largest)));
    }
}
