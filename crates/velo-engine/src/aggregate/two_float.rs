/// An unevaluated sum of two floats: about 106 bits of a sum.
///
/// Sums of measurements come out exact, and so do not depend on the order in which the values came; only values
/// that are many orders of magnitude apart leave an error, far below the last digit of a DOUBLE.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TwoFloat {
    pub(super) high: f64,
    pub(super) low: f64,
}

impl TwoFloat {
    /// Adds `value`; what rounding takes from the high part goes to the low one (Knuth's two-sum).
    #[inline]
    pub(super) fn add(&mut self, value: f64) {
        let sum = self.high + value;
        let rounded = sum - self.high;
        self.low += (self.high - (sum - rounded)) + (value - rounded);
        self.high = sum;
    }

    /// Adds `left * right`.
    #[inline]
    pub(super) fn add_product(&mut self, left: f64, right: f64) {
        let product = left * right;
        self.low += left.mul_add(right, -product);
        self.add(product);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.add(other.high);
        self.low += other.low;
    }

    /// The sum as one float. Infinities and NaN are in the high part alone.
    #[inline]
    pub(super) fn value(self) -> f64 {
        if self.high.is_finite() {
            self.high + self.low
        } else {
            self.high
        }
    }

    /// The sum with the low part below the last digit of the high one, as products need it.
    fn normalized(self) -> Self {
        let mut normalized = Self {
            high: self.high,
            low: 0.0,
        };
        normalized.add(self.low);
        normalized
    }

    /// `factor * self`
    pub(super) fn times(self, factor: f64) -> Self {
        let own = self.normalized();
        let high = own.high * factor;
        Self {
            high,
            low: own.high.mul_add(factor, -high) + own.low * factor,
        }
    }

    /// `self * other`
    pub(super) fn product(self, other: Self) -> Self {
        let (left, right) = (self.normalized(), other.normalized());
        let high = left.high * right.high;
        Self {
            high,
            low: left.high.mul_add(right.high, -high) + left.high * right.low + left.low * right.high,
        }
    }

    /// `self - other`
    pub(super) fn minus(mut self, other: Self) -> Self {
        self.merge(&Self {
            high: -other.high,
            low: -other.low,
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_values_does_not_matter() {
        let values: Vec<f64> = (0..10_000).map(|n| f64::from(n) * 0.1 - 333.3).collect();
        let sum = |values: &mut dyn Iterator<Item = &f64>| {
            let mut sum = TwoFloat::default();
            values.for_each(|value| sum.add(*value));
            sum.value()
        };
        assert_eq!(
            sum(&mut values.iter()).to_bits(),
            sum(&mut values.iter().rev()).to_bits()
        );
        let mut ten_tenths = TwoFloat::default();
        (0..10).for_each(|_| ten_tenths.add(0.1));
        assert_eq!(ten_tenths.value().to_bits(), 1.0_f64.to_bits());
    }

    #[test]
    fn infinity_and_nan_survive() {
        let mut sum = TwoFloat::default();
        sum.add(1.0);
        sum.add(f64::INFINITY);
        sum.add(2.0);
        assert!(sum.value().is_infinite());
        sum.add(f64::NEG_INFINITY);
        assert!(sum.value().is_nan());
    }
}
