use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Decimal128Array, Decimal256Array, Float64Array, Int64Array, UInt64Array};
use arrow::datatypes::{
    Decimal128Type, Decimal256Type, DecimalType, Float64Type, Int64Type, IntervalMonthDayNano,
    IntervalMonthDayNanoType, UInt64Type, i256,
};

use super::folded::{Finish, Fold, Overflow};
use super::two_float::TwoFloat;

/// Sum and count of integers. 128 bits hold any sum of 64-bit values.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct IntegerSum {
    pub(super) sum: i128,
    pub(super) count: u64,
}

impl Fold for IntegerSum {
    type Value = i64;

    #[inline]
    fn add(&mut self, value: i64) {
        self.sum += i128::from(value);
        self.count += 1;
    }

    #[inline]
    fn remove(&mut self, value: i64) {
        if self.count > 0 {
            self.sum -= i128::from(value);
            self.count -= 1;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        self.count += other.count;
    }

    fn write<'a>(folds: impl Iterator<Item = &'a Self> + Clone) -> Vec<ArrayRef> {
        vec![
            Arc::new(Decimal128Array::from_iter_values(folds.clone().map(|fold| fold.sum))),
            Arc::new(UInt64Array::from_iter_values(folds.map(|fold| fold.count))),
        ]
    }

    fn read(columns: &[ArrayRef], row: usize) -> Self {
        Self {
            sum: columns[0].as_primitive::<Decimal128Type>().value(row),
            count: columns[1].as_primitive::<UInt64Type>().value(row),
        }
    }
}

/// Sum and count of 128-bit decimals: the sum modulo 2^128, and how often it went over, so that only the final value
/// decides whether the sum fits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct DecimalSum {
    sum: i128,
    carry: i64,
    pub(super) count: u64,
}

impl DecimalSum {
    /// The exact sum.
    pub(super) fn exact(&self) -> i256 {
        i256::from_i128(self.sum).wrapping_add(i256::from_parts(0, i128::from(self.carry)))
    }

    /// The exact sum if it fits 128 bits.
    pub(super) fn narrow(&self) -> Option<i128> {
        (self.carry == 0).then_some(self.sum)
    }

    #[inline]
    fn add_wide(&mut self, value: i128) {
        let (sum, overflowed) = self.sum.overflowing_add(value);
        self.sum = sum;
        if overflowed {
            self.carry += value.signum() as i64;
        }
    }
}

impl Fold for DecimalSum {
    type Value = i128;

    #[inline]
    fn add(&mut self, value: i128) {
        self.add_wide(value);
        self.count += 1;
    }

    /// Values have at most 38 digits, so that each has a negative.
    #[inline]
    fn remove(&mut self, value: i128) {
        if self.count > 0 {
            self.add_wide(-value);
            self.count -= 1;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.add_wide(other.sum);
        self.carry += other.carry;
        self.count += other.count;
    }

    fn write<'a>(folds: impl Iterator<Item = &'a Self> + Clone) -> Vec<ArrayRef> {
        vec![
            Arc::new(Decimal128Array::from_iter_values(folds.clone().map(|fold| fold.sum))),
            Arc::new(Int64Array::from_iter_values(folds.clone().map(|fold| fold.carry))),
            Arc::new(UInt64Array::from_iter_values(folds.map(|fold| fold.count))),
        ]
    }

    fn read(columns: &[ArrayRef], row: usize) -> Self {
        Self {
            sum: columns[0].as_primitive::<Decimal128Type>().value(row),
            carry: columns[1].as_primitive::<Int64Type>().value(row),
            count: columns[2].as_primitive::<UInt64Type>().value(row),
        }
    }
}

/// Sum and count of 256-bit decimals: the sum modulo 2^256, and how often it went over, so that a sum that comes back
/// into 256 bits is right again.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct WideDecimalSum {
    sum: i256,
    carry: i64,
    pub(super) count: u64,
}

impl WideDecimalSum {
    /// The exact sum if it fits 256 bits.
    pub(super) fn exact(&self) -> Option<i256> {
        (self.carry == 0).then_some(self.sum)
    }

    fn add_wide(&mut self, value: i256) {
        match self.sum.checked_add(value) {
            Some(sum) => self.sum = sum,
            None => {
                self.sum = self.sum.wrapping_add(value);
                self.carry += if value.is_negative() { -1 } else { 1 };
            }
        }
    }
}

impl Fold for WideDecimalSum {
    type Value = i256;

    fn add(&mut self, value: i256) {
        self.add_wide(value);
        self.count += 1;
    }

    /// Values have at most 76 digits, so that each has a negative.
    fn remove(&mut self, value: i256) {
        if self.count > 0 {
            self.add_wide(value.wrapping_neg());
            self.count -= 1;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.add_wide(other.sum);
        self.carry += other.carry;
        self.count += other.count;
    }

    fn write<'a>(folds: impl Iterator<Item = &'a Self> + Clone) -> Vec<ArrayRef> {
        vec![
            Arc::new(Decimal256Array::from_iter_values(folds.clone().map(|fold| fold.sum))),
            Arc::new(Int64Array::from_iter_values(folds.clone().map(|fold| fold.carry))),
            Arc::new(UInt64Array::from_iter_values(folds.map(|fold| fold.count))),
        ]
    }

    fn read(columns: &[ArrayRef], row: usize) -> Self {
        Self {
            sum: columns[0].as_primitive::<Decimal256Type>().value(row),
            carry: columns[1].as_primitive::<Int64Type>().value(row),
            count: columns[2].as_primitive::<UInt64Type>().value(row),
        }
    }
}

/// Sum and count of floats.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FloatSum {
    pub(super) sum: TwoFloat,
    pub(super) count: u64,
}

impl Fold for FloatSum {
    type Value = f64;

    #[inline]
    fn add(&mut self, value: f64) {
        self.sum.add(value);
        self.count += 1;
    }

    fn merge(&mut self, other: &Self) {
        self.sum.merge(&other.sum);
        self.count += other.count;
    }

    fn write<'a>(folds: impl Iterator<Item = &'a Self> + Clone) -> Vec<ArrayRef> {
        vec![
            Arc::new(Float64Array::from_iter_values(folds.clone().map(|fold| fold.sum.high))),
            Arc::new(Float64Array::from_iter_values(folds.clone().map(|fold| fold.sum.low))),
            Arc::new(UInt64Array::from_iter_values(folds.map(|fold| fold.count))),
        ]
    }

    fn read(columns: &[ArrayRef], row: usize) -> Self {
        let float = |index: usize| columns[index].as_primitive::<Float64Type>().value(row);
        Self {
            sum: TwoFloat {
                high: float(0),
                low: float(1),
            },
            count: columns[2].as_primitive::<UInt64Type>().value(row),
        }
    }
}

/// The sum as a BIGINT.
#[derive(Debug)]
pub(super) struct IntegerTotal;

impl Finish<IntegerSum> for IntegerTotal {
    type Output = Int64Type;

    #[inline]
    fn finish(&self, fold: &IntegerSum) -> Result<Option<i64>, Overflow> {
        if fold.count == 0 {
            return Ok(None);
        }
        i64::try_from(fold.sum).map(Some).map_err(|_| Overflow)
    }
}

/// The sum as a decimal of up to 38 digits.
#[derive(Debug)]
pub(super) struct DecimalTotal {
    pub(super) precision: u8,
}

impl DecimalTotal {
    /// `value`, if it has no more digits than the type.
    pub(super) fn fitting(&self, value: i128) -> Result<Option<i128>, Overflow> {
        let limit = 10_u128.pow(u32::from(self.precision.min(38)));
        if value.unsigned_abs() < limit {
            Ok(Some(value))
        } else {
            Err(Overflow)
        }
    }
}

impl Finish<DecimalSum> for DecimalTotal {
    type Output = Decimal128Type;

    #[inline]
    fn finish(&self, fold: &DecimalSum) -> Result<Option<i128>, Overflow> {
        if fold.count == 0 {
            return Ok(None);
        }
        self.fitting(fold.narrow().ok_or(Overflow)?)
    }
}

impl Finish<WideDecimalSum> for DecimalTotal {
    type Output = Decimal128Type;

    fn finish(&self, fold: &WideDecimalSum) -> Result<Option<i128>, Overflow> {
        if fold.count == 0 {
            return Ok(None);
        }
        self.fitting(fold.exact().and_then(i256::to_i128).ok_or(Overflow)?)
    }
}

/// The sum as a decimal of up to 76 digits.
#[derive(Debug)]
pub(super) struct WideDecimalTotal {
    pub(super) precision: u8,
    pub(super) scale: i8,
}

impl WideDecimalTotal {
    /// `value`, if it has no more digits than the type.
    pub(super) fn fitting(&self, value: i256) -> Result<Option<i256>, Overflow> {
        match Decimal256Type::validate_decimal_precision(value, self.precision, self.scale) {
            Ok(()) => Ok(Some(value)),
            Err(_) => Err(Overflow),
        }
    }
}

impl Finish<WideDecimalSum> for WideDecimalTotal {
    type Output = Decimal256Type;

    fn finish(&self, fold: &WideDecimalSum) -> Result<Option<i256>, Overflow> {
        if fold.count == 0 {
            return Ok(None);
        }
        self.fitting(fold.exact().ok_or(Overflow)?)
    }
}

/// The sum as a DOUBLE.
#[derive(Debug)]
pub(super) struct FloatTotal;

impl Finish<FloatSum> for FloatTotal {
    type Output = Float64Type;

    #[inline]
    fn finish(&self, fold: &FloatSum) -> Result<Option<f64>, Overflow> {
        Ok((fold.count > 0).then(|| fold.sum.value()))
    }
}

/// Sum and count of intervals, part by part.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct IntervalSum {
    months: i64,
    days: i64,
    nanoseconds: i128,
    count: u64,
}

impl Fold for IntervalSum {
    type Value = IntervalMonthDayNano;

    fn add(&mut self, value: IntervalMonthDayNano) {
        self.months += i64::from(value.months);
        self.days += i64::from(value.days);
        self.nanoseconds += i128::from(value.nanoseconds);
        self.count += 1;
    }

    fn remove(&mut self, value: IntervalMonthDayNano) {
        if self.count > 0 {
            self.months -= i64::from(value.months);
            self.days -= i64::from(value.days);
            self.nanoseconds -= i128::from(value.nanoseconds);
            self.count -= 1;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.months += other.months;
        self.days += other.days;
        self.nanoseconds += other.nanoseconds;
        self.count += other.count;
    }

    fn write<'a>(folds: impl Iterator<Item = &'a Self> + Clone) -> Vec<ArrayRef> {
        vec![
            Arc::new(Int64Array::from_iter_values(folds.clone().map(|fold| fold.months))),
            Arc::new(Int64Array::from_iter_values(folds.clone().map(|fold| fold.days))),
            Arc::new(Decimal128Array::from_iter_values(
                folds.clone().map(|fold| fold.nanoseconds),
            )),
            Arc::new(UInt64Array::from_iter_values(folds.map(|fold| fold.count))),
        ]
    }

    fn read(columns: &[ArrayRef], row: usize) -> Self {
        let integer = |index: usize| columns[index].as_primitive::<Int64Type>().value(row);
        Self {
            months: integer(0),
            days: integer(1),
            nanoseconds: columns[2].as_primitive::<Decimal128Type>().value(row),
            count: columns[3].as_primitive::<UInt64Type>().value(row),
        }
    }
}

/// The sum as an INTERVAL.
#[derive(Debug)]
pub(super) struct IntervalTotal;

impl Finish<IntervalSum> for IntervalTotal {
    type Output = IntervalMonthDayNanoType;

    fn finish(&self, fold: &IntervalSum) -> Result<Option<IntervalMonthDayNano>, Overflow> {
        if fold.count == 0 {
            return Ok(None);
        }
        Ok(Some(IntervalMonthDayNano {
            months: i32::try_from(fold.months).map_err(|_| Overflow)?,
            days: i32::try_from(fold.days).map_err(|_| Overflow)?,
            nanoseconds: i64::try_from(fold.nanoseconds).map_err(|_| Overflow)?,
        }))
    }
}
