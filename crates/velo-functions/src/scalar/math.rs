//! Mathematics. Results outside the real numbers are NaN, as in IEEE 754 and DuckDB.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Decimal128Type, Decimal256Type, Float64Type, Int8Type, Int16Type, Int64Type, i256,
};
use arrow::error::ArrowError;
use datafusion_common::{Result, exec_err};
use velo_data::SqlType;

use super::native::{Arguments, Native, Returns, collect_primitive};
use super::parameter::Parameter;

macro_rules! of_double {
    ($constant:ident, $name:literal, $function:expr) => {
        pub(crate) static $constant: Native = Native {
            name: $name,
            parameters: &[Parameter::Double],
            required: 1,
            returns: Returns::Always(SqlType::Double),
            evaluate: |arguments| {
                let doubles = arguments.operand(0)?.array().as_primitive::<Float64Type>();
                Ok(Arc::new(doubles.unary::<_, Float64Type>($function)))
            },
        };
    };
}

of_double!(SQRT, "sqrt", f64::sqrt);
of_double!(EXP, "exp", f64::exp);
of_double!(LN, "ln", f64::ln);

pub(crate) static LOG: Native = Native {
    name: "log",
    parameters: &[Parameter::Double, Parameter::Double],
    required: 1,
    returns: Returns::Always(SqlType::Double),
    evaluate: |arguments| {
        let first = arguments.primitive::<Float64Type>(0)?;
        if arguments.len() == 1 {
            return collect_primitive::<Float64Type>(arguments, |row| Ok(first.get(row).map(f64::log10)));
        }
        let second = arguments.primitive::<Float64Type>(1)?;
        collect_primitive::<Float64Type>(arguments, |row| {
            Ok(first
                .get(row)
                .zip(second.get(row))
                .map(|(base, value)| value.log10() / base.log10()))
        })
    },
};

pub(crate) static POWER: Native = Native {
    name: "power",
    parameters: &[Parameter::Double, Parameter::Double],
    required: 2,
    returns: Returns::Always(SqlType::Double),
    evaluate: |arguments| {
        let base = arguments.primitive::<Float64Type>(0)?;
        let exponent = arguments.primitive::<Float64Type>(1)?;
        collect_primitive::<Float64Type>(arguments, |row| {
            Ok(base
                .get(row)
                .zip(exponent.get(row))
                .map(|(base, exponent)| base.powf(exponent)))
        })
    },
};

pub(crate) static SIGN: Native = Native {
    name: "sign",
    parameters: &[Parameter::Number],
    required: 1,
    returns: Returns::Always(SqlType::BigInt),
    evaluate: sign,
};

fn sign(arguments: &Arguments) -> Result<ArrayRef> {
    fn of<T: ArrowPrimitiveType>(array: &ArrayRef, sign: impl Fn(T::Native) -> i64) -> ArrayRef {
        let signs: PrimitiveArray<Int64Type> = array.as_primitive::<T>().unary(sign);
        Arc::new(signs)
    }
    let array = arguments.operand(0)?.array();
    Ok(match array.data_type() {
        DataType::Int8 => of::<Int8Type>(array, |value| i64::from(value.signum())),
        DataType::Int16 => of::<Int16Type>(array, |value| i64::from(value.signum())),
        DataType::Int64 => of::<Int64Type>(array, i64::signum),
        DataType::Decimal128(_, _) => of::<Decimal128Type>(array, |value| value.signum() as i64),
        DataType::Decimal256(_, _) => of::<Decimal256Type>(array, |value| value.signum().as_i128() as i64),
        // NaN is neither, and becomes 0.
        _ => of::<Float64Type>(array, |value| i64::from(value > 0.0) - i64::from(value < 0.0)),
    })
}

pub(crate) static ABS: Native = Native {
    name: "abs",
    parameters: &[Parameter::Number],
    required: 1,
    returns: Returns::SameAs(0),
    evaluate: abs,
};

fn abs(arguments: &Arguments) -> Result<ArrayRef> {
    fn of<T: ArrowPrimitiveType>(array: &ArrayRef, abs: impl Fn(T::Native) -> Option<T::Native>) -> Result<ArrayRef> {
        let overflow = || ArrowError::ArithmeticOverflow("the smallest integer has no absolute value".into());
        let absolute: PrimitiveArray<T> = array
            .as_primitive::<T>()
            .try_unary(|value| abs(value).ok_or_else(overflow))?;
        Ok(Arc::new(absolute.with_data_type(array.data_type().clone())))
    }
    let array = arguments.operand(0)?.array();
    match array.data_type() {
        DataType::Int8 => of::<Int8Type>(array, i8::checked_abs),
        DataType::Int16 => of::<Int16Type>(array, i16::checked_abs),
        DataType::Int64 => of::<Int64Type>(array, i64::checked_abs),
        DataType::Float64 => of::<Float64Type>(array, |value| Some(value.abs())),
        DataType::Decimal128(_, _) => of::<Decimal128Type>(array, i128::checked_abs),
        DataType::Decimal256(_, _) => of::<Decimal256Type>(array, i256::checked_abs),
        other => exec_err!("ABS does not take {other}"),
    }
}
