use arrow::datatypes::DataType;
use datafusion_common::ScalarValue;
use datafusion_expr::Expr;
use velo_data::{DECIMAL128_PRECISION_MAX, SqlType};

use super::AggregateKind;
use crate::arithmetic::{self, ArithmeticOperator, decimal_digits, quotient_type};
use crate::cast::{can_cast, cast_expr};
use crate::error::FunctionError;
use crate::scalar::Argument;

/// An aggregate that fits its arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedAggregate {
    /// Which aggregate.
    pub kind: AggregateKind,
    /// The types that it works on.
    pub argument_types: Vec<SqlType>,
    /// The type of its result.
    pub return_type: SqlType,
    given: Vec<SqlType>,
    /// Whether the first two arguments change places.
    is_swapped: bool,
}

impl ResolvedAggregate {
    /// The arguments in the order and of the types that the aggregate works on.
    pub fn arguments(&self, mut arguments: Vec<Expr>) -> Vec<Expr> {
        if self.is_swapped {
            arguments.swap(0, 1);
        }
        arguments
            .into_iter()
            .zip(self.given.iter().zip(&self.argument_types))
            // A cast that resolution has checked is always there.
            .map(|(argument, (given, wanted))| cast_expr(argument.clone(), given, wanted, false).unwrap_or(argument))
            .collect()
    }
}

/// The types that an aggregate works on and gives. `COUNT(*)` has no arguments.
///
/// # Errors
///
/// The aggregate does not take these arguments.
pub fn resolve_aggregate(kind: AggregateKind, arguments: &[Argument]) -> Result<ResolvedAggregate, FunctionError> {
    let is_swapped = fraction_comes_first(kind, arguments);
    let mut given: Vec<SqlType> = arguments.iter().map(|argument| argument.sql_type.clone()).collect();
    if is_swapped {
        given.swap(0, 1);
    }
    let (argument_types, return_type) = types(kind, &given).map_err(|message| FunctionError::WrongArguments {
        message: format!("{} {message}", kind.function().name),
        signature: kind.function().usage.to_owned(),
    })?;
    check_constant(kind, arguments, usize::from(!is_swapped))?;
    Ok(ResolvedAggregate {
        kind,
        argument_types,
        return_type,
        given,
        is_swapped,
    })
}

/// Percentiles are written both ways round; the fraction is the literal.
fn fraction_comes_first(kind: AggregateKind, arguments: &[Argument]) -> bool {
    use AggregateKind::{ApproxPercentileCont, PercentileCont, PercentileDisc};
    matches!(kind, PercentileCont | PercentileDisc | ApproxPercentileCont)
        && matches!(arguments, [first, second] if first.literal.is_some() && second.literal.is_none())
}

/// Some aggregates are told by a constant what to give; `index` is where it stands.
fn check_constant(kind: AggregateKind, arguments: &[Argument], index: usize) -> Result<(), FunctionError> {
    use AggregateKind as Kind;
    let Some(argument) = arguments.get(index) else {
        return Ok(());
    };
    let literal = argument.literal.as_ref().filter(|literal| !literal.is_null());
    let (is_right, wanted, help) = match kind {
        Kind::TopK | Kind::TopKDistinct => (
            literal.and_then(number_of).is_some_and(|count| count >= 1.0),
            "how many values to keep, a constant of at least 1",
            "write a number, such as TOPK(x, 3)",
        ),
        Kind::PercentileCont | Kind::PercentileDisc | Kind::ApproxPercentileCont => (
            literal
                .and_then(number_of)
                .is_some_and(|fraction| (0.0..=1.0).contains(&fraction)),
            "a fraction, a constant from 0 to 1",
            "95 percent are 0.95",
        ),
        Kind::StringAgg => (
            literal.is_some(),
            "a separator, a constant text",
            "write the separator, such as STRING_AGG(x, ', ')",
        ),
        _ => return Ok(()),
    };
    if is_right {
        return Ok(());
    }
    Err(FunctionError::WrongConstant {
        argument: index,
        message: format!("{} takes {wanted}", kind.function().name),
        help: help.to_owned(),
    })
}

fn number_of(literal: &ScalarValue) -> Option<f64> {
    match literal.cast_to(&DataType::Float64) {
        Ok(ScalarValue::Float64(number)) => number,
        _ => None,
    }
}

fn types(kind: AggregateKind, given: &[SqlType]) -> Result<(Vec<SqlType>, SqlType), String> {
    use AggregateKind as Kind;
    use SqlType::{BigInt, Boolean, Double, String};
    match (kind, given) {
        (Kind::Count, _) | (Kind::CountDistinct, [_, ..]) | (Kind::ApproxCountDistinct, [_]) => {
            Ok((given.to_vec(), BigInt))
        }
        (Kind::Sum, [value]) => sum(value),
        (Kind::Avg, [value]) => mean(value),
        (Kind::Median, [value]) => middle(value),
        (Kind::PercentileDisc, [value, fraction]) => {
            Ok((vec![comparable(value)?, number(fraction, Double)?], value.clone()))
        }
        (Kind::Min | Kind::Max, [value]) => Ok((vec![comparable(value)?], value.clone())),
        (Kind::FirstValue | Kind::LastValue | Kind::EarliestByOffset | Kind::LatestByOffset, [value]) => {
            Ok((vec![value.clone()], value.clone()))
        }
        (Kind::StddevSamp | Kind::StddevPop | Kind::VarSamp | Kind::VarPop, [value]) => {
            Ok((vec![number(value, Double)?], Double))
        }
        (Kind::BoolAnd | Kind::BoolOr, [Boolean | SqlType::Null]) => Ok((vec![Boolean], Boolean)),
        (Kind::StringAgg, [SqlType::Bytes, ..]) => {
            Err("takes texts, not BYTES: write ENCODE(…, 'hex'), or CAST(… AS STRING) where they are text".into())
        }
        (Kind::StringAgg, [value]) if can_cast(value, &String) => Ok((vec![String], String)),
        (Kind::StringAgg, [value, String | SqlType::Null]) if can_cast(value, &String) => {
            Ok((vec![String, String], String))
        }
        (Kind::ArrayAgg | Kind::CollectSet, [value]) => {
            Ok((vec![value.clone()], SqlType::Array(Box::new(value.clone()))))
        }
        (Kind::TopK | Kind::TopKDistinct, [value, count]) if count.is_integer() => Ok((
            vec![comparable(value)?, BigInt],
            SqlType::Array(Box::new(value.clone())),
        )),
        // A difference of small integers may need one digit more than they have.
        (Kind::Delta, [value]) if value.is_integer() => Ok((vec![BigInt], BigInt)),
        (Kind::Delta, [value]) => match arithmetic::result_type(ArithmeticOperator::Subtract, value, value) {
            Some(difference) => Ok((vec![value.clone()], difference)),
            None => Err(format!("does not take {value}")),
        },
        (Kind::ApproxMedian, [value]) => Ok((vec![number(value, Double)?], Double)),
        (Kind::PercentileCont | Kind::ApproxPercentileCont, [value, fraction]) => {
            Ok((vec![number(value, Double)?, number(fraction, Double)?], Double))
        }
        (Kind::BitAnd | Kind::BitOr | Kind::BitXor, [value]) if value.is_integer() => {
            Ok((vec![value.clone()], value.clone()))
        }
        (Kind::RegrCount, [left, right]) => Ok((vec![number(left, Double)?, number(right, Double)?], BigInt)),
        (kind, [left, right]) if kind.is_of_pairs() => {
            Ok((vec![number(left, Double)?, number(right, Double)?], Double))
        }
        _ => Err(refusal(given)),
    }
}

fn refusal(given: &[SqlType]) -> String {
    let types: Vec<std::string::String> = given.iter().map(ToString::to_string).collect();
    match types.as_slice() {
        [] => "needs an argument".into(),
        types => format!("does not take ({})", types.join(", ")),
    }
}

/// A number, to be cast to `to`.
fn number(given: &SqlType, to: SqlType) -> Result<SqlType, String> {
    if given.is_numeric() || *given == SqlType::Null {
        Ok(to)
    } else {
        Err(format!("takes numbers, not {given}"))
    }
}

fn comparable(given: &SqlType) -> Result<SqlType, String> {
    match given {
        SqlType::Map(_, _) => Err(format!("takes values that have an order, not {given}")),
        given => Ok(given.clone()),
    }
}

fn sum(value: &SqlType) -> Result<(Vec<SqlType>, SqlType), String> {
    match value {
        SqlType::Decimal { precision, scale } => {
            let total = SqlType::Decimal {
                precision: DECIMAL128_PRECISION_MAX.max(*precision),
                scale: *scale,
            };
            Ok((vec![value.clone()], total))
        }
        SqlType::Double => Ok((vec![SqlType::Double], SqlType::Double)),
        SqlType::Interval => Ok((vec![SqlType::Interval], SqlType::Interval)),
        other => Ok((vec![number(other, SqlType::BigInt)?], SqlType::BigInt)),
    }
}

fn mean(value: &SqlType) -> Result<(Vec<SqlType>, SqlType), String> {
    match value {
        SqlType::Decimal { scale, .. } => Ok((vec![value.clone()], quotient_type(*scale))),
        SqlType::Double => Ok((vec![SqlType::Double], SqlType::Double)),
        other => Ok((vec![number(other, SqlType::BigInt)?], SqlType::Double)),
    }
}

/// The mean of two neighbours needs more digits than they have.
fn middle(value: &SqlType) -> Result<(Vec<SqlType>, SqlType), String> {
    let result = match (value, decimal_digits(value)) {
        (SqlType::Decimal { .. }, Some((_, scale))) => quotient_type(scale),
        _ => number(value, SqlType::Double)?,
    };
    Ok((vec![result.clone()], result))
}
