//! Quotients and remainders of decimals. Sums and products are Arrow's, which are checked and exact.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, PrimitiveArray};
use arrow::compute::kernels::numeric;
use arrow::datatypes::{DataType, Decimal128Type, Decimal256Type, DecimalType, Int64Type, i256};
use arrow::error::ArrowError;
use datafusion_common::Result;
use velo_data::{DECIMAL128_PRECISION_MAX, SqlType};

use super::ArithmeticOperator;
use super::division::without_zeros;
use super::result_type::decimal_digits;
use crate::kernel::{Operand, try_binary};

/// `left operator right` as `result`, where at least one side is a decimal and the other a decimal or integer.
pub(super) fn evaluate(
    operator: ArithmeticOperator,
    (left, left_type): (Operand, &SqlType),
    (right, right_type): (Operand, &SqlType),
    result: &SqlType,
) -> Result<ArrayRef> {
    let (Some(left_digits), Some(right_digits)) = (decimal_digits(left_type), decimal_digits(right_type)) else {
        return Err(ArrowError::InvalidArgumentError(format!("{left_type} {operator} {right_type}")).into());
    };
    let is_wide = [
        left_digits.0,
        right_digits.0,
        decimal_digits(result).map_or(0, |digits| digits.0),
    ]
    .iter()
    .any(|&precision| precision > DECIMAL128_PRECISION_MAX);
    let (left, right) = if is_wide {
        (
            left.cast(&DataType::Decimal256(left_digits.0, left_digits.1))?,
            right.cast(&DataType::Decimal256(right_digits.0, right_digits.1))?,
        )
    } else {
        (
            left.cast(&DataType::Decimal128(left_digits.0, left_digits.1))?,
            right.cast(&DataType::Decimal128(right_digits.0, right_digits.1))?,
        )
    };
    let scales = (left_digits.1, right_digits.1);
    match operator {
        ArithmeticOperator::Add => labelled(numeric::add(&left, &right)?, result),
        ArithmeticOperator::Subtract => labelled(numeric::sub(&left, &right)?, result),
        ArithmeticOperator::Multiply => labelled(numeric::mul(&left, &right)?, result),
        _ if is_wide => divide_wide(operator, &left, right, scales, result),
        _ => divide_narrow(operator, &left, right, scales, result),
    }
}

/// An exact sum or product under the precision that the dialect gives it; at the cap, values are checked.
fn labelled(array: ArrayRef, result: &SqlType) -> Result<ArrayRef> {
    Ok(match (array.data_type(), result) {
        (DataType::Decimal128(_, _), SqlType::Decimal { precision, scale }) => {
            let decimals = array.as_primitive::<Decimal128Type>().clone();
            Arc::new(decimals.with_precision_and_scale(*precision, *scale)?)
        }
        (DataType::Decimal256(_, _), SqlType::Decimal { precision, scale }) => {
            let decimals = array.as_primitive::<Decimal256Type>().clone();
            let decimals = decimals.with_precision_and_scale(*precision, *scale)?;
            decimals.validate_decimal_precision(*precision)?;
            Arc::new(decimals)
        }
        _ => array,
    })
}

fn divide_narrow(
    operator: ArithmeticOperator,
    left: &Operand,
    right: Operand,
    scales: (i8, i8),
    result: &SqlType,
) -> Result<ArrayRef> {
    let right = without_zeros::<Decimal128Type>(left, right);
    let factors = Factors::new(operator, scales, result)?;
    let narrow = factors.narrow();
    // Most operands stay within 128 bits once they are scaled; only the others pay for 256.
    let scaled = |dividend: i128, divisor: i128| {
        let (for_dividend, for_divisor) = narrow?;
        Some((dividend.checked_mul(for_dividend)?, divisor.checked_mul(for_divisor)?))
    };
    let wide = |dividend: i128, divisor: i128| factors.scaled(i256::from_i128(dividend), i256::from_i128(divisor));
    Ok(match operator {
        ArithmeticOperator::Divide => quotients(
            try_binary::<Decimal128Type, Decimal128Type, Decimal128Type>(
                left,
                &right,
                |dividend, divisor| match scaled(dividend, divisor) {
                    Some((dividend, divisor)) => in_quotient_range(rounded_quotient(dividend, divisor)),
                    None => wide(dividend, divisor).and_then(|(dividend, divisor)| wide_quotient(dividend, divisor)),
                },
            )?,
            result,
        )?,
        ArithmeticOperator::IntegerDivide => Arc::new(try_binary::<Decimal128Type, Decimal128Type, Int64Type>(
            left,
            &right,
            |dividend, divisor| match scaled(dividend, divisor) {
                Some((dividend, divisor)) => i64::try_from(dividend / divisor).map_err(|_| bigint_overflow()),
                None => wide(dividend, divisor).and_then(|(dividend, divisor)| whole_quotient(dividend, divisor)),
            },
        )?),
        _ => labelled(
            Arc::new(try_binary::<Decimal128Type, Decimal128Type, Decimal128Type>(
                left,
                &right,
                |dividend, divisor| match scaled(dividend, divisor) {
                    Some((dividend, divisor)) => Ok(dividend.wrapping_rem(divisor)),
                    None => wide(dividend, divisor).and_then(|(dividend, divisor)| {
                        dividend.wrapping_rem(divisor).to_i128().ok_or_else(decimal_overflow)
                    }),
                },
            )?),
            result,
        )?,
    })
}

fn divide_wide(
    operator: ArithmeticOperator,
    left: &Operand,
    right: Operand,
    scales: (i8, i8),
    result: &SqlType,
) -> Result<ArrayRef> {
    let right = without_zeros::<Decimal256Type>(left, right);
    let factors = Factors::new(operator, scales, result)?;
    Ok(match operator {
        ArithmeticOperator::Divide => quotients(
            try_binary::<Decimal256Type, Decimal256Type, Decimal128Type>(left, &right, |dividend, divisor| {
                let (dividend, divisor) = factors.scaled(dividend, divisor)?;
                wide_quotient(dividend, divisor)
            })?,
            result,
        )?,
        ArithmeticOperator::IntegerDivide => Arc::new(try_binary::<Decimal256Type, Decimal256Type, Int64Type>(
            left,
            &right,
            |dividend, divisor| {
                let (dividend, divisor) = factors.scaled(dividend, divisor)?;
                whole_quotient(dividend, divisor)
            },
        )?),
        _ => remainders(
            try_binary::<Decimal256Type, Decimal256Type, Decimal256Type>(left, &right, |dividend, divisor| {
                let (dividend, divisor) = factors.scaled(dividend, divisor)?;
                Ok(dividend.wrapping_rem(divisor))
            })?,
            result,
        )?,
    })
}

fn quotients(array: PrimitiveArray<Decimal128Type>, result: &SqlType) -> Result<ArrayRef> {
    labelled(Arc::new(array), result)
}

/// Remainders are computed as wide as their operands, but may need fewer digits.
fn remainders(array: PrimitiveArray<Decimal256Type>, result: &SqlType) -> Result<ArrayRef> {
    let Some((_, scale)) = decimal_digits(result) else {
        return Ok(Arc::new(array));
    };
    let array = array.with_precision_and_scale(Decimal256Type::MAX_PRECISION, scale)?;
    Ok(Operand::column(Arc::new(array)).cast(&result.arrow())?.array().clone())
}

/// What both sides are multiplied with, so that an integer division of them has the scale of the result.
struct Factors {
    for_dividend: i256,
    for_divisor: i256,
}

impl Factors {
    fn new(operator: ArithmeticOperator, (left, right): (i8, i8), result: &SqlType) -> Result<Self, ArrowError> {
        let shift = match (operator, result) {
            (ArithmeticOperator::Divide, SqlType::Decimal { scale, .. }) => {
                i32::from(*scale) - i32::from(left) + i32::from(right)
            }
            _ => i32::from(right) - i32::from(left),
        };
        Ok(Self {
            for_dividend: power_of_ten(shift.max(0))?,
            for_divisor: power_of_ten((-shift).max(0))?,
        })
    }

    fn narrow(&self) -> Option<(i128, i128)> {
        Some((self.for_dividend.to_i128()?, self.for_divisor.to_i128()?))
    }

    fn scaled(&self, dividend: i256, divisor: i256) -> Result<(i256, i256), ArrowError> {
        dividend
            .checked_mul(self.for_dividend)
            .zip(divisor.checked_mul(self.for_divisor))
            .ok_or_else(decimal_overflow)
    }
}

fn power_of_ten(exponent: i32) -> Result<i256, ArrowError> {
    i256::from_i128(10)
        .checked_pow(exponent.unsigned_abs())
        .ok_or_else(decimal_overflow)
}

/// `dividend / divisor`, half away from zero.
fn rounded_quotient(dividend: i128, divisor: i128) -> i128 {
    let quotient = dividend / divisor;
    // Cheaper than a second division of 128 bits.
    let rest = (dividend - quotient * divisor).unsigned_abs();
    if rest >= divisor.unsigned_abs() - rest && rest != 0 {
        quotient + if (dividend < 0) == (divisor < 0) { 1 } else { -1 }
    } else {
        quotient
    }
}

fn wide_quotient(dividend: i256, divisor: i256) -> Result<i128, ArrowError> {
    let quotient = dividend.wrapping_div(divisor);
    let rest = dividend.wrapping_rem(divisor).wrapping_abs();
    let is_negative = dividend.is_negative() != divisor.is_negative();
    let step = i256::from_i128(match rest >= divisor.wrapping_abs().wrapping_sub(rest) {
        true if is_negative => -1,
        true => 1,
        false => 0,
    });
    quotient
        .checked_add(step)
        .and_then(i256::to_i128)
        .ok_or_else(decimal_overflow)
        .and_then(in_quotient_range)
}

fn whole_quotient(dividend: i256, divisor: i256) -> Result<i64, ArrowError> {
    dividend
        .checked_div(divisor)
        .and_then(i256::to_i128)
        .and_then(|quotient| i64::try_from(quotient).ok())
        .ok_or_else(bigint_overflow)
}

fn in_quotient_range(quotient: i128) -> Result<i128, ArrowError> {
    const LIMIT: u128 = 10_u128.pow(DECIMAL128_PRECISION_MAX as u32);
    if quotient.unsigned_abs() < LIMIT {
        Ok(quotient)
    } else {
        Err(decimal_overflow())
    }
}

fn decimal_overflow() -> ArrowError {
    ArrowError::ArithmeticOverflow("the result has more digits than a DECIMAL can hold".into())
}

pub(super) fn bigint_overflow() -> ArrowError {
    ArrowError::ArithmeticOverflow("the result is outside the range of BIGINT".into())
}
