//! What aggregates over floats keep where the input retracts rows.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BinaryViewArray, UInt64Array};
use arrow::datatypes::{Float64Type, UInt64Type};

use super::average::FloatAverage;
use super::exact_sum::ExactSum;
use super::folded::{Finish, Fold, Overflow};
use super::sum::FloatTotal;
use super::variance::Spread;

/// Sum and count of floats.
#[derive(Debug, Clone, Default)]
pub(super) struct ExactFloatSum {
    sum: ExactSum,
    count: u64,
}

impl Fold for ExactFloatSum {
    type Value = f64;

    #[inline]
    fn add(&mut self, value: f64) {
        self.sum.add(value);
        self.count += 1;
    }

    #[inline]
    fn remove(&mut self, value: f64) {
        if self.count > 0 {
            self.sum.remove(value);
            self.count -= 1;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.sum.merge(&other.sum);
        self.count += other.count;
    }

    fn write<'a>(folds: impl Iterator<Item = &'a Self> + Clone) -> Vec<ArrayRef> {
        vec![
            sums(folds.clone().map(|fold| &fold.sum)),
            Arc::new(UInt64Array::from_iter_values(folds.map(|fold| fold.count))),
        ]
    }

    fn read(columns: &[ArrayRef], row: usize) -> Self {
        Self {
            sum: sum(&columns[0], row),
            count: columns[1].as_primitive::<UInt64Type>().value(row),
        }
    }
}

impl Finish<ExactFloatSum> for FloatTotal {
    type Output = Float64Type;

    #[inline]
    fn finish(&self, fold: &ExactFloatSum) -> Result<Option<f64>, Overflow> {
        Ok((fold.count > 0).then(|| fold.sum.total().value()))
    }
}

impl Finish<ExactFloatSum> for FloatAverage {
    type Output = Float64Type;

    #[inline]
    fn finish(&self, fold: &ExactFloatSum) -> Result<Option<f64>, Overflow> {
        Ok((fold.count > 0).then(|| fold.sum.total().value() / fold.count as f64))
    }
}

/// Count, sum and sum of squares.
#[derive(Debug, Clone, Default)]
pub(super) struct ExactMoments {
    count: u64,
    sum: ExactSum,
    squares: ExactSum,
}

impl Fold for ExactMoments {
    type Value = f64;

    #[inline]
    fn add(&mut self, value: f64) {
        self.count += 1;
        self.sum.add(value);
        self.squares.add_square(value);
    }

    #[inline]
    fn remove(&mut self, value: f64) {
        if self.count > 0 {
            self.count -= 1;
            self.sum.remove(value);
            self.squares.remove_square(value);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum.merge(&other.sum);
        self.squares.merge(&other.squares);
    }

    fn write<'a>(folds: impl Iterator<Item = &'a Self> + Clone) -> Vec<ArrayRef> {
        vec![
            Arc::new(UInt64Array::from_iter_values(folds.clone().map(|fold| fold.count))),
            sums(folds.clone().map(|fold| &fold.sum)),
            sums(folds.map(|fold| &fold.squares)),
        ]
    }

    fn read(columns: &[ArrayRef], row: usize) -> Self {
        Self {
            count: columns[0].as_primitive::<UInt64Type>().value(row),
            sum: sum(&columns[1], row),
            squares: sum(&columns[2], row),
        }
    }
}

impl Finish<ExactMoments> for Spread {
    type Output = Float64Type;

    fn finish(&self, fold: &ExactMoments) -> Result<Option<f64>, Overflow> {
        Ok(self.value(fold.count, fold.sum.total(), fold.squares.total()))
    }
}

fn sums<'a>(sums: impl Iterator<Item = &'a ExactSum>) -> ArrayRef {
    Arc::new(BinaryViewArray::from_iter_values(sums.map(ExactSum::to_bytes)))
}

fn sum(column: &ArrayRef, row: usize) -> ExactSum {
    ExactSum::of_bytes(column.as_binary_view().value(row))
}
