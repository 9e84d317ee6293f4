//! Arithmetic of points in time and intervals.

use std::sync::Arc;

use arrow::array::{ArrayRef, IntervalMonthDayNanoArray};
use arrow::compute::kernels::numeric;
use arrow::datatypes::{
    DataType, Date32Type, Float64Type, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType,
    TimestampMillisecondType,
};
use arrow::error::ArrowError;
use chrono::{DateTime, Months};
use datafusion_common::Result;
use velo_data::SqlType;

use super::ArithmeticOperator;
use super::division::without_zeros;
use crate::kernel::{Operand, try_binary};

const MILLIS_PER_DAY: i64 = 86_400_000;
const NANOS_PER_MILLI: i64 = 1_000_000;
const NANOS_PER_DAY: f64 = 86_400_000_000_000.0;
/// Days in a month where a fraction of a month has to become days.
const DAYS_PER_MONTH: f64 = 30.0;

/// `left operator right`, where at least one side is temporal and [`super::result_type`] allows it.
pub(super) fn evaluate(
    operator: ArithmeticOperator,
    (left, left_type): (Operand, &SqlType),
    (right, right_type): (Operand, &SqlType),
) -> Result<ArrayRef> {
    use ArithmeticOperator::{Add, Divide, Subtract};
    use SqlType::{Date, Interval, Timestamp};
    match (operator, left_type, right_type) {
        (Add | Subtract, Interval, Interval) => combine(operator, &left, &right),
        (Add | Subtract, _, Interval) => shift(left, &right, if operator == Add { 1 } else { -1 }),
        (Add, Interval, _) => shift(right, &left, 1),
        (Divide, _, _) => divide(&left, right),
        (_, Interval, _) => multiply(&left, right, right_type),
        (_, _, Interval) => multiply(&right, left, left_type),
        (_, Date, Date) => days_between(&left, &right),
        (_, Timestamp, _) | (_, _, Timestamp) => elapsed(left, right),
        (_, Date, _) => add_days(&left, right, if operator == Add { 1 } else { -1 }),
        _ => add_days(&right, left, 1),
    }
}

/// Moves points in time; a day that the target month does not have becomes the month's last.
fn shift(times: Operand, intervals: &Operand, sign: i64) -> Result<ArrayRef> {
    let times = times.cast(&SqlType::Timestamp.arrow())?;
    Ok(Arc::new(try_binary::<
        TimestampMillisecondType,
        IntervalMonthDayNanoType,
        TimestampMillisecondType,
    >(&times, intervals, |time, interval| {
        shifted(time, interval, sign).ok_or_else(timestamp_overflow)
    })?))
}

/// `None` when the result is out of range.
fn shifted(time_ms: i64, interval: IntervalMonthDayNano, sign: i64) -> Option<i64> {
    let in_month = shift_months(time_ms, i64::from(interval.months) * sign)?;
    let fixed = i64::from(interval.days) * MILLIS_PER_DAY + interval.nanoseconds / NANOS_PER_MILLI;
    in_month.checked_add(fixed.checked_mul(sign)?)
}

/// Moves a point in time by calendar months, to the last day of the month where the day does not exist.
fn shift_months(time_ms: i64, months: i64) -> Option<i64> {
    if months == 0 {
        return Some(time_ms);
    }
    let time = DateTime::from_timestamp_millis(time_ms)?;
    let count = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
    let moved = if months < 0 {
        time.checked_sub_months(count)
    } else {
        time.checked_add_months(count)
    };
    moved.map(|moved| moved.timestamp_millis())
}

/// The time between two points, as days and the rest of a day.
fn elapsed(left: Operand, right: Operand) -> Result<ArrayRef> {
    let left = left.cast(&SqlType::Timestamp.arrow())?;
    let right = right.cast(&SqlType::Timestamp.arrow())?;
    Ok(Arc::new(try_binary::<
        TimestampMillisecondType,
        TimestampMillisecondType,
        IntervalMonthDayNanoType,
    >(&left, &right, |left, right| {
        let elapsed_ms = left.checked_sub(right).ok_or_else(interval_overflow)?;
        let days = i32::try_from(elapsed_ms / MILLIS_PER_DAY).map_err(|_| interval_overflow())?;
        let nanos = elapsed_ms % MILLIS_PER_DAY * NANOS_PER_MILLI;
        Ok(IntervalMonthDayNano::new(0, days, nanos))
    })?))
}

fn days_between(left: &Operand, right: &Operand) -> Result<ArrayRef> {
    Ok(Arc::new(try_binary::<Date32Type, Date32Type, Int64Type>(
        left,
        right,
        |left, right| Ok(i64::from(left) - i64::from(right)),
    )?))
}

fn add_days(dates: &Operand, days: Operand, sign: i64) -> Result<ArrayRef> {
    let days = days.cast(&DataType::Int64)?;
    Ok(Arc::new(try_binary::<Date32Type, Int64Type, Date32Type>(
        dates,
        &days,
        |date, days| {
            days.checked_mul(sign)
                .and_then(|days| days.checked_add(i64::from(date)))
                .and_then(|date| i32::try_from(date).ok())
                .ok_or_else(|| ArrowError::ArithmeticOverflow("the result is outside the range of DATE".into()))
        },
    )?))
}

fn combine(operator: ArithmeticOperator, left: &Operand, right: &Operand) -> Result<ArrayRef> {
    Ok(match operator {
        ArithmeticOperator::Add => numeric::add(left, right)?,
        _ => numeric::sub(left, right)?,
    })
}

fn multiply(intervals: &Operand, factors: Operand, factor_type: &SqlType) -> Result<ArrayRef> {
    if factor_type.is_integer() {
        let factors = factors.cast(&DataType::Int64)?;
        return Ok(numeric::mul(intervals, &factors)?);
    }
    scale(intervals, &factors.cast(&DataType::Float64)?, |factor| factor)
}

fn divide(intervals: &Operand, divisors: Operand) -> Result<ArrayRef> {
    let divisors = without_zeros::<Float64Type>(intervals, divisors.cast(&DataType::Float64)?);
    scale(intervals, &divisors, f64::recip)
}

fn scale(intervals: &Operand, numbers: &Operand, factor: impl Fn(f64) -> f64) -> Result<ArrayRef> {
    let scaled: IntervalMonthDayNanoArray =
        try_binary::<IntervalMonthDayNanoType, Float64Type, _>(intervals, numbers, |interval, number| {
            scaled_interval(interval, factor(number)).ok_or_else(interval_overflow)
        })?;
    Ok(Arc::new(scaled))
}

/// A fraction of a month becomes days, a fraction of a day becomes time.
fn scaled_interval(interval: IntervalMonthDayNano, factor: f64) -> Option<IntervalMonthDayNano> {
    let months = f64::from(interval.months) * factor;
    let days = f64::from(interval.days) * factor + months.fract() * DAYS_PER_MONTH;
    let nanos = (interval.nanoseconds as f64 * factor + days.fract() * NANOS_PER_DAY).round();
    let in_range = |value: f64, limit: f64| (value.abs() < limit).then_some(value);
    Some(IntervalMonthDayNano::new(
        in_range(months.trunc(), 2_147_483_648.0)? as i32,
        in_range(days.trunc(), 2_147_483_648.0)? as i32,
        in_range(nanos, 9_223_372_036_854_775_808.0)? as i64,
    ))
}

fn timestamp_overflow() -> ArrowError {
    ArrowError::ArithmeticOverflow("the result is outside the range of TIMESTAMP".into())
}

fn interval_overflow() -> ArrowError {
    ArrowError::ArithmeticOverflow("the result is outside the range of INTERVAL".into())
}
