use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, UInt64Array};
use arrow::datatypes::{Float64Type, UInt64Type};

use super::folded::{Finish, Fold, Overflow};
use super::two_float::TwoFloat;

/// Count, sum and sum of squares, both sums with about 106 bits.
///
/// With that many bits the textbook formula loses nothing that a DOUBLE could show, unlike with 53, and other than
/// Welford's running mean it does not depend on the order of the values.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moments {
    count: u64,
    sum: TwoFloat,
    squares: TwoFloat,
}

impl Fold for Moments {
    type Value = f64;

    #[inline]
    fn add(&mut self, value: f64) {
        self.count += 1;
        self.sum.add(value);
        self.squares.add_product(value, value);
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum.merge(&other.sum);
        self.squares.merge(&other.squares);
    }

    fn write<'a>(folds: impl Iterator<Item = &'a Self> + Clone) -> Vec<ArrayRef> {
        let floats =
            |part: fn(&Self) -> f64| -> ArrayRef { Arc::new(Float64Array::from_iter_values(folds.clone().map(part))) };
        vec![
            Arc::new(UInt64Array::from_iter_values(folds.clone().map(|fold| fold.count))),
            floats(|fold| fold.sum.high),
            floats(|fold| fold.sum.low),
            floats(|fold| fold.squares.high),
            floats(|fold| fold.squares.low),
        ]
    }

    fn read(columns: &[ArrayRef], row: usize) -> Self {
        let float = |index: usize| columns[index].as_primitive::<Float64Type>().value(row);
        Self {
            count: columns[0].as_primitive::<UInt64Type>().value(row),
            sum: TwoFloat {
                high: float(1),
                low: float(2),
            },
            squares: TwoFloat {
                high: float(3),
                low: float(4),
            },
        }
    }
}

/// Variance or standard deviation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spread {
    /// Of a sample, which divides by one less than the count, rather than of the whole population.
    pub(super) sample: bool,
    /// The root of the variance.
    pub(super) deviation: bool,
}

impl Spread {
    /// The value of so many numbers with this sum and sum of squares.
    pub(super) fn value(self, count: u64, sum: TwoFloat, squares: TwoFloat) -> Option<f64> {
        let degrees = count.saturating_sub(u64::from(self.sample));
        if degrees == 0 {
            return None;
        }
        let count = count as f64;
        let scaled = squares.times(count).minus(sum.product(sum)).value();
        // Rounding may leave a tiny negative number where all values are equal; NaN stays NaN.
        let variance = if scaled < 0.0 {
            0.0
        } else {
            scaled / count / degrees as f64
        };
        Some(if self.deviation { variance.sqrt() } else { variance })
    }
}

impl Finish<Moments> for Spread {
    type Output = Float64Type;

    fn finish(&self, fold: &Moments) -> Result<Option<f64>, Overflow> {
        Ok(self.value(fold.count, fold.sum, fold.squares))
    }
}
