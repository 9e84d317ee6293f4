//! ROUND, TRUNC, CEIL and FLOOR: exact on decimals, half away from zero.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::datatypes::{DataType, Decimal128Type, Decimal256Type, Float64Type, Int64Type, i256};
use arrow::error::ArrowError;
use datafusion_common::{Result, ScalarValue, exec_err};
use velo_data::SqlType;

use super::native::{Arguments, Native, Returns, collect_primitive};
use super::parameter::Parameter;
use crate::cast::convert;
use crate::kernel::Operand;

pub(crate) static ROUND: Native = Native {
    name: "round",
    parameters: &[Parameter::Number, Parameter::Integer],
    required: 1,
    returns: Returns::By(rounded_type),
    evaluate: |arguments| round(arguments, Direction::HalfAwayFromZero),
};

pub(crate) static TRUNC: Native = Native {
    name: "trunc",
    parameters: &[Parameter::Number, Parameter::Integer],
    required: 1,
    returns: Returns::By(rounded_type),
    evaluate: |arguments| round(arguments, Direction::TowardsZero),
};

pub(crate) static CEIL: Native = Native {
    name: "ceil",
    parameters: &[Parameter::Number],
    required: 1,
    returns: Returns::By(rounded_type),
    evaluate: |arguments| round(arguments, Direction::Up),
};

pub(crate) static FLOOR: Native = Native {
    name: "floor",
    parameters: &[Parameter::Number],
    required: 1,
    returns: Returns::By(rounded_type),
    evaluate: |arguments| round(arguments, Direction::Down),
};

#[derive(Clone, Copy)]
enum Direction {
    HalfAwayFromZero,
    TowardsZero,
    Up,
    Down,
}

/// A decimal keeps the digits that are asked for; when their number is not a literal, it keeps all.
fn rounded_type(types: &[SqlType], literals: &[Option<ScalarValue>]) -> Option<SqlType> {
    let (precision, scale) = match types.first()? {
        SqlType::Decimal { precision, scale } => (*precision, *scale),
        other => return Some(other.clone()),
    };
    let kept = match (types.len(), literals.get(1)) {
        (1, _) => 0,
        (_, Some(Some(ScalarValue::Int64(Some(digits))))) => {
            i8::try_from((*digits).clamp(0, i64::from(scale))).unwrap_or(scale)
        }
        _ => return types.first().cloned(),
    };
    // 9.5 rounds to 10: one digit more before the point.
    let whole = i16::from(precision) - i16::from(scale) + i16::from(kept < scale);
    crate::arithmetic::capped_decimal(whole + i16::from(kept), i16::from(kept))
}

fn round(arguments: &Arguments, direction: Direction) -> Result<ArrayRef> {
    let operand = arguments.operand(0)?;
    match operand.array().data_type() {
        DataType::Decimal128(_, _) | DataType::Decimal256(_, _) => round_decimals(arguments, direction),
        DataType::Float64 => round_doubles(arguments, direction),
        _ => round_integers(arguments, direction),
    }
}

fn round_doubles(arguments: &Arguments, direction: Direction) -> Result<ArrayRef> {
    let whole = |value: f64| match direction {
        Direction::HalfAwayFromZero => value.round(),
        Direction::TowardsZero => value.trunc(),
        Direction::Up => value.ceil(),
        Direction::Down => value.floor(),
    };
    if arguments.len() == 1 {
        let doubles = arguments.operand(0)?.array().as_primitive::<Float64Type>();
        return Ok(Arc::new(doubles.unary::<_, Float64Type>(whole)));
    }
    let values = arguments.primitive::<Float64Type>(0)?;
    let digits = arguments.primitive::<Int64Type>(1)?;
    collect_primitive::<Float64Type>(arguments, |row| {
        Ok(values.get(row).zip(digits.get(row)).map(|(value, digits)| {
            let factor = 10_f64.powi(digits.clamp(-400, 400) as i32);
            let rounded = if digits < 0 {
                let divisor = 10_f64.powi(digits.clamp(-400, 0).abs() as i32);
                whole(value / divisor) * divisor
            } else {
                whole(value * factor) / factor
            };
            // Beyond the digits that a double has, it is what it was.
            if rounded.is_finite() || digits < 0 {
                rounded
            } else {
                value
            }
        }))
    })
}

fn round_integers(arguments: &Arguments, direction: Direction) -> Result<ArrayRef> {
    let operand = arguments.operand(0)?;
    if arguments.len() == 1 {
        return Ok(Arc::clone(operand.array()));
    }
    let wide = convert(operand.array(), &SqlType::BigInt, false)?;
    let values = wide.as_primitive::<Int64Type>();
    let digits = arguments.primitive::<Int64Type>(1)?;
    let at = |row: usize| if operand.is_scalar() { 0 } else { row };
    let rounded: PrimitiveArray<Int64Type> = (0..arguments.rows)
        .map(|row| {
            let value = values.is_valid(at(row)).then(|| values.value(at(row)));
            match value.zip(digits.get(row)) {
                Some((value, digits)) => round_integer(value, digits, direction).map(Some),
                None => Ok(None),
            }
        })
        .collect::<Result<_, ArrowError>>()?;
    convert(&(Arc::new(rounded) as ArrayRef), &arguments.returns, false)
}

fn round_integer(value: i64, digits: i64, direction: Direction) -> Result<i64, ArrowError> {
    if digits >= 0 {
        return Ok(value);
    }
    let Some(unit) = u32::try_from(digits.unsigned_abs())
        .ok()
        .and_then(|digits| 10_i128.checked_pow(digits))
    else {
        return Ok(0);
    };
    let rounded = round_to_unit(i128::from(value), unit, direction) * unit;
    i64::try_from(rounded).map_err(|_| overflow())
}

/// How many units the value is, rounded.
fn round_to_unit(value: i128, unit: i128, direction: Direction) -> i128 {
    let (quotient, rest) = (value / unit, value % unit);
    let away = match direction {
        Direction::HalfAwayFromZero => rest.unsigned_abs() >= unit.unsigned_abs() - rest.unsigned_abs(),
        Direction::TowardsZero => false,
        Direction::Up => rest > 0,
        Direction::Down => rest < 0,
    };
    quotient + if away { value.signum() } else { 0 }
}

fn round_to_wide_unit(value: i256, unit: i256, direction: Direction) -> i256 {
    let (quotient, rest) = (value.wrapping_div(unit), value.wrapping_rem(unit));
    let away = match direction {
        Direction::HalfAwayFromZero => rest.wrapping_abs() >= unit.wrapping_sub(rest.wrapping_abs()),
        Direction::TowardsZero => false,
        Direction::Up => rest > i256::ZERO,
        Direction::Down => rest < i256::ZERO,
    };
    quotient.wrapping_add(if away { value.signum() } else { i256::ZERO })
}

fn round_decimals(arguments: &Arguments, direction: Direction) -> Result<ArrayRef> {
    let operand = arguments.operand(0)?;
    let SqlType::Decimal { scale: kept, .. } = arguments.returns else {
        return exec_err!("ROUND of a decimal gives a decimal, not {}", arguments.returns);
    };
    let rounded = match operand.array().data_type() {
        DataType::Decimal128(_, scale) => {
            let ten = |power: u32| 10_i128.checked_pow(power);
            each::<Decimal128Type>(arguments, |value, digits| {
                let units = Units::new(*scale, kept, digits);
                match (ten(units.dropped), ten(units.restored)) {
                    (Some(unit), Some(factor)) => round_to_unit(value, unit, direction).checked_mul(factor),
                    _ => Some(0),
                }
            })?
        }
        DataType::Decimal256(_, scale) => {
            let ten = |power: u32| i256::from_i128(10).checked_pow(power);
            each::<Decimal256Type>(arguments, |value, digits| {
                let units = Units::new(*scale, kept, digits);
                match (ten(units.dropped), ten(units.restored)) {
                    (Some(unit), Some(factor)) => round_to_wide_unit(value, unit, direction).checked_mul(factor),
                    _ => Some(i256::ZERO),
                }
            })?
        }
        other => return exec_err!("ROUND does not take {other}"),
    };
    narrowed(&rounded, &arguments.returns, kept)
}

/// How a decimal is rounded: digits that are cut off, and zeros that take their place.
struct Units {
    dropped: u32,
    restored: u32,
}

impl Units {
    /// The value has `scale` digits behind the point, the result `kept`, of which `digits` are significant.
    fn new(scale: i8, kept: i8, digits: i64) -> Self {
        let digits = digits.clamp(-100, i64::from(kept));
        Self {
            dropped: (i64::from(scale) - digits) as u32,
            restored: (i64::from(kept) - digits) as u32,
        }
    }
}

fn each<T: ArrowPrimitiveType>(
    arguments: &Arguments,
    round: impl Fn(T::Native, i64) -> Option<T::Native>,
) -> Result<ArrayRef> {
    let rounded = |value, digits| round(value, digits).ok_or_else(overflow);
    let values = arguments.operand(0)?.array().as_primitive::<T>();
    let rounded: PrimitiveArray<T> = if arguments.len() == 1 {
        values.try_unary(|value| rounded(value, 0))?
    } else {
        let (values, digits) = (arguments.primitive::<T>(0)?, arguments.primitive::<Int64Type>(1)?);
        (0..arguments.rows)
            .map(|row| {
                values
                    .get(row)
                    .zip(digits.get(row))
                    .map(|(value, digits)| rounded(value, digits))
                    .transpose()
            })
            .collect::<Result<_, ArrowError>>()?
    };
    Ok(Arc::new(rounded))
}

/// The rounded values under the scale and precision of the result.
fn narrowed(rounded: &ArrayRef, result: &SqlType, scale: i8) -> Result<ArrayRef> {
    let labelled: ArrayRef = match rounded.data_type() {
        DataType::Decimal256(_, _) => Arc::new(
            rounded
                .as_primitive::<Decimal256Type>()
                .clone()
                .with_precision_and_scale(76, scale)?,
        ),
        _ => Arc::new(
            rounded
                .as_primitive::<Decimal128Type>()
                .clone()
                .with_precision_and_scale(38, scale)?,
        ),
    };
    let narrowed = Operand::column(labelled).cast(&result.arrow())?;
    Ok(Arc::clone(narrowed.array()))
}

fn overflow() -> ArrowError {
    ArrowError::ArithmeticOverflow("the rounded value is outside the range of its type".into())
}
