//! Operators over bound operands: both sides are brought to the types that the operator takes.

use arrow::datatypes::DataType;
use datafusion_common::ScalarValue;
use datafusion_expr::expr::{Case, Like};
use datafusion_expr::{BinaryExpr, Expr, Operator};
use velo_common::{Diagnostic, Span, code};
use velo_data::SqlType;
use velo_functions::arithmetic::{negate, negated_type, result_type, udf};
use velo_functions::{
    ArithmeticOperator, can_cast, cast_expr, common_type, comparison_key, joined_bytes, kernel_pattern, like_pattern,
    missing_field,
};
use velo_parser::ast::{BinaryOperator, LogicalOperator};

use super::bound::Bound;
use super::lint;
use super::literal::{read_as, read_decimal};
use crate::outline::ksqldb_division;

/// `left operator right`, for all operators but those that are functions.
pub(super) fn binary(left: Bound, operator: BinaryOperator, right: Bound, span: Span) -> Result<Bound, Diagnostic> {
    match (arithmetic(operator), comparison(operator)) {
        (Some(arithmetic), _) => compute(left, arithmetic, right, span),
        (None, Some(comparison)) => {
            let (left, right, sql_type) = pair(left, right, operator.as_str())?;
            let (left, right) = (
                comparison_key(left.expr, &sql_type),
                comparison_key(right.expr, &sql_type),
            );
            Ok(Bound::new(binary_expr(left, comparison, right), SqlType::Boolean, span))
        }
        (None, None) => concat(left, right, span),
    }
}

pub(super) fn arithmetic(operator: BinaryOperator) -> Option<ArithmeticOperator> {
    Some(match operator {
        BinaryOperator::Add => ArithmeticOperator::Add,
        BinaryOperator::Subtract => ArithmeticOperator::Subtract,
        BinaryOperator::Multiply => ArithmeticOperator::Multiply,
        BinaryOperator::Divide => ArithmeticOperator::Divide,
        BinaryOperator::Modulo => ArithmeticOperator::Modulo,
        BinaryOperator::IntegerDivide => ArithmeticOperator::IntegerDivide,
        _ => return None,
    })
}

fn comparison(operator: BinaryOperator) -> Option<Operator> {
    Some(match operator {
        BinaryOperator::Equal => Operator::Eq,
        BinaryOperator::NotEqual => Operator::NotEq,
        BinaryOperator::Less => Operator::Lt,
        BinaryOperator::LessOrEqual => Operator::LtEq,
        BinaryOperator::Greater => Operator::Gt,
        BinaryOperator::GreaterOrEqual => Operator::GtEq,
        BinaryOperator::IsDistinctFrom => Operator::IsDistinctFrom,
        BinaryOperator::IsNotDistinctFrom => Operator::IsNotDistinctFrom,
        _ => return None,
    })
}

fn binary_expr(left: Expr, operator: Operator, right: Expr) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(Box::new(left), operator, Box::new(right)))
}

/// Arithmetic. A whole-number constant beside a DECIMAL has just the digits that it is written with, so that
/// `price * 2` stays as narrow as it can.
fn compute(left: Bound, operator: ArithmeticOperator, right: Bound, span: Span) -> Result<Bound, Diagnostic> {
    let is_decimal = |bound: &Bound| matches!(bound.sql_type, SqlType::Decimal { .. });
    let (left, right) = match (is_decimal(&left), is_decimal(&right)) {
        (true, false) => (left, narrowed(right)),
        (false, true) => (narrowed(left), right),
        _ => (left, right),
    };
    let (left, right) = (number_from_text(left, &right), right);
    let right = number_from_text(right, &left);
    match result_type(operator, &left.sql_type, &right.sql_type) {
        Some(sql_type) => Ok(Bound::new(
            udf(operator).call(vec![left.expr, right.expr]),
            sql_type,
            span,
        )),
        None => {
            let message = format!(
                "`{operator}` does not apply to {} and {}",
                left.sql_type, right.sql_type
            );
            let text = left.sql_type.is_text() || right.sql_type.is_text();
            let help = match (text, operator) {
                (true, ArithmeticOperator::Add) => {
                    Some("join texts with `||`; make a number of a text with CAST(… AS BIGINT)")
                }
                (true, _) => Some("make a number of a text with CAST(… AS BIGINT)"),
                _ => None,
            };
            Err(Diagnostic::new(&code::TYPE_MISMATCH, span, message).with_help_if(help))
        }
    }
}

/// A whole-number constant as a DECIMAL of as many digits as it has.
fn narrowed(bound: Bound) -> Bound {
    let Some(ScalarValue::Int64(Some(value))) = bound.scalar() else {
        return bound;
    };
    let precision = value.unsigned_abs().checked_ilog10().unwrap_or(0) as u8 + 1;
    let literal = ScalarValue::Decimal128(Some(i128::from(*value)), precision, 0);
    Bound::literal(literal, SqlType::Decimal { precision, scale: 0 }, bound.span)
}

/// A text constant beside a number or a boolean is read as one: `price > '10'`.
fn number_from_text(bound: Bound, other: &Bound) -> Bound {
    let read = bound.as_text().and_then(|text| match &other.sql_type {
        SqlType::Decimal { .. } => read_decimal(text, bound.span),
        SqlType::Boolean => read_as(&SqlType::Boolean, text, bound.span),
        number if number.is_numeric() => read_as(number, text, bound.span),
        _ => None,
    });
    read.unwrap_or(bound)
}

/// Both sides at the type they have in common.
pub(super) fn pair(left: Bound, right: Bound, operator: &str) -> Result<(Bound, Bound, SqlType), Diagnostic> {
    let mut both = [left, right];
    round_beside_single_precision(&mut both);
    let sql_type = unify(&mut both, operator)?;
    let [left, right] = both;
    Ok((left, right, sql_type))
}

/// Brings all values to the type they have in common, and tells it.
pub(super) fn unify(values: &mut [Bound], operator: &str) -> Result<SqlType, Diagnostic> {
    let typed = values
        .iter()
        .find(|value| !value.sql_type.is_text() && value.sql_type != SqlType::Null)
        .cloned();
    // A whole-number constant does not widen a DECIMAL more than its digits do.
    let any_decimal = values
        .iter()
        .any(|value| matches!(value.sql_type, SqlType::Decimal { .. }));
    let mut common = SqlType::Null;
    for value in values.iter_mut() {
        if let Some(typed) = &typed {
            *value = number_from_text(value.clone(), typed);
        }
        if any_decimal {
            *value = narrowed(value.clone());
        }
        common = match common_type(&common, &value.sql_type) {
            Some(wider) => wider,
            None => return Err(no_common_type(&common, value, operator)),
        };
    }
    for value in values {
        *value = value.clone().coerced(&common)?;
    }
    Ok(common)
}

/// Exact constants beside a column of 32-bit floats are rounded to such floats, as in `DuckDB`: `f = 0.1` finds what was
/// written as 0.1, although that is another DOUBLE than 0.1 is. Doubles (`1e-1`) stay as they are.
pub(super) fn round_beside_single_precision(values: &mut [Bound]) {
    if !values.iter().any(|value| value.is_single_precision) {
        return;
    }
    for value in values {
        let exact = value.sql_type.is_integer() || matches!(value.sql_type, SqlType::Decimal { .. });
        let Some(scalar) = value.scalar().filter(|_| exact) else {
            continue;
        };
        if let Ok(ScalarValue::Float32(Some(single))) = scalar.cast_to(&DataType::Float32) {
            let rounded = ScalarValue::Float64(Some(f64::from(single)));
            *value = Bound::literal(rounded, SqlType::Double, value.span);
        }
    }
}

fn no_common_type(common: &SqlType, value: &Bound, operator: &str) -> Diagnostic {
    let other = &value.sql_type;
    if operator.starts_with(|first: char| first.is_ascii_alphabetic()) && !operator.starts_with("IS ") {
        let message = format!("{operator} needs values of one type, and these are {common} and {other}");
        return Diagnostic::new(&code::TYPE_MISMATCH, value.span, message)
            .with_help_if(possible_cast(common, other).map(|to| format!("cast one of them, such as CAST(… AS {to})")));
    }
    let message = match value.as_text() {
        Some(text) if common.is_numeric() => {
            format!("`{text}` is no number, so `{operator}` cannot compare it with {common}")
        }
        _ => format!("`{operator}` does not apply to {common} and {other}"),
    };
    Diagnostic::new(&code::TYPE_MISMATCH, value.span, message)
        .with_help_if(possible_cast(common, other).map(|to| format!("cast one side, such as CAST(… AS {to})")))
}

/// The type of the two that the other one can be cast to, without fields that would become NULL.
fn possible_cast<'t>(common: &'t SqlType, other: &'t SqlType) -> Option<&'t SqlType> {
    let fits = |from: &SqlType, to: &SqlType| can_cast(from, to) && missing_field(from, to).is_none();
    if fits(other, common) {
        Some(common)
    } else {
        fits(common, other).then_some(other)
    }
}

/// `||` of texts, or of BYTES: neither is taken for the other, since not all bytes are text.
fn concat(left: Bound, right: Bound, span: Span) -> Result<Bound, Diagnostic> {
    let is_bytes = |bound: &Bound| matches!(bound.sql_type, SqlType::Bytes | SqlType::Null);
    let any_bytes = [&left, &right].iter().any(|bound| bound.sql_type == SqlType::Bytes);
    if !any_bytes {
        let left = left.coerced(&SqlType::String)?;
        let right = right.coerced(&SqlType::String)?;
        let expr = binary_expr(left.expr, Operator::StringConcat, right.expr);
        return Ok(Bound::new(expr, SqlType::String, span));
    }
    if !(is_bytes(&left) && is_bytes(&right)) {
        let message = format!("`||` does not apply to {} and {}", left.sql_type, right.sql_type);
        return Err(Diagnostic::new(&code::TYPE_MISMATCH, span, message).with_help(
            "make BYTES of a text with CAST(… AS BYTES), or a text of BYTES with ENCODE(…, 'hex') or CAST(… AS STRING)",
        ));
    }
    let left = left.coerced(&SqlType::Bytes)?;
    let right = right.coerced(&SqlType::Bytes)?;
    Ok(Bound::new(
        joined_bytes().call(vec![left.expr, right.expr]),
        SqlType::Bytes,
        span,
    ))
}

/// `+a`, `-a`.
pub(super) fn sign(minus: bool, operand: Bound, span: Span) -> Result<Bound, Diagnostic> {
    match negated_type(&operand.sql_type) {
        Some(sql_type) if minus => Ok(Bound::new(negate().call(vec![operand.expr]), sql_type, span)),
        Some(_) => Ok(Bound { span, ..operand }),
        None => {
            let sign = if minus { '-' } else { '+' };
            let message = format!("`{sign}` does not apply to {}", operand.sql_type);
            Err(Diagnostic::new(&code::TYPE_MISMATCH, span, message))
        }
    }
}

/// The operand, if it is BOOLEAN or NULL.
pub(super) fn require_boolean(bound: Bound) -> Result<Bound, Diagnostic> {
    match bound.sql_type {
        SqlType::Boolean => Ok(bound),
        SqlType::Null => bound.coerced(&SqlType::Boolean),
        ref other => {
            let message = format!("a condition is BOOLEAN, this is {other}");
            let help = match other {
                SqlType::BigInt | SqlType::Double => Some("compare it with something, such as `<> 0`"),
                SqlType::String => Some("compare it with something, such as `= 'true'`"),
                _ => Some("compare it with something, or ask whether it `IS NOT NULL`"),
            };
            Err(Diagnostic::new(&code::TYPE_MISMATCH, bound.span, message).with_help_if(help))
        }
    }
}

/// `operand IS [NOT] TRUE | FALSE | UNKNOWN`.
pub(super) fn is_boolean(operand: Expr, value: Option<bool>, negated: bool) -> Expr {
    let operand = Box::new(operand);
    match (value, negated) {
        (Some(true), false) => Expr::IsTrue(operand),
        (Some(true), true) => Expr::IsNotTrue(operand),
        (Some(false), false) => Expr::IsFalse(operand),
        (Some(false), true) => Expr::IsNotFalse(operand),
        (None, false) => Expr::IsUnknown(operand),
        (None, true) => Expr::IsNotUnknown(operand),
    }
}

/// `operand [NOT] LIKE pattern`.
pub(super) fn like(
    operand: Bound,
    pattern: Bound,
    escape: Option<(&str, Span)>,
    case_insensitive: bool,
    negated: bool,
    span: Span,
) -> Result<Bound, Diagnostic> {
    for side in [&operand, &pattern] {
        if !side.sql_type.is_text() && side.sql_type != SqlType::Null {
            let message = format!("LIKE compares texts, this is {}", side.sql_type);
            return Err(
                Diagnostic::new(&code::TYPE_MISMATCH, side.span, message).with_help("cast it: CAST(… AS STRING)")
            );
        }
    }
    let escape = match escape {
        None => None,
        Some((text, at)) => match (text.chars().next(), text.chars().count()) {
            (Some(character), 1) => Some(character),
            _ => {
                return Err(Diagnostic::new(
                    &code::INVALID_LITERAL,
                    at,
                    "ESCAPE takes one character",
                ));
            }
        },
    };
    let operand = operand.coerced(&SqlType::String)?;
    let pattern = backslash_escaped(pattern.coerced(&SqlType::String)?, escape)?;
    let like = Like::new(
        negated,
        Box::new(operand.expr),
        Box::new(pattern.expr),
        None,
        case_insensitive,
    );
    Ok(Bound::new(Expr::Like(like), SqlType::Boolean, span))
}

/// A pattern in the kernels' own form, in which a backslash escapes and nothing else does.
fn backslash_escaped(pattern: Bound, escape: Option<char>) -> Result<Bound, Diagnostic> {
    let span = pattern.span;
    match pattern.as_text().map(|text| kernel_pattern(text, escape)) {
        Some(Ok(escaped)) => Ok(Bound::text(&escaped, span)),
        Some(Err(message)) => Err(Diagnostic::new(&code::INVALID_LITERAL, span, message)
            .with_help("write the escape character twice where it stands for itself")),
        None => Ok(Bound::new(like_pattern(pattern.expr, escape), SqlType::String, span)),
    }
}

/// `CAST(operand AS to)`, `TRY_CAST(operand AS to)`.
pub(super) fn cast(operand: Bound, to: &SqlType, try_cast: bool, span: Span) -> Result<Bound, Diagnostic> {
    match cast_expr(operand.expr, &operand.sql_type, to, try_cast) {
        Some(expr) => Ok(Bound::new(expr, to.clone(), span)),
        None => {
            let message = format!("{} cannot be cast to {to}", operand.sql_type);
            Err(Diagnostic::new(&code::TYPE_MISMATCH, span, message))
        }
    }
}

/// `operand [NOT] BETWEEN low AND high`.
pub(super) fn between(operand: Bound, low: Bound, high: Bound, negated: bool, span: Span) -> Result<Bound, Diagnostic> {
    let mut all = [operand, low, high];
    round_beside_single_precision(&mut all);
    let sql_type = unify(&mut all, "BETWEEN")?;
    let [operand, low, high] = all.map(|bound| comparison_key(bound.expr, &sql_type));
    let expr = if negated {
        operand.not_between(low, high)
    } else {
        operand.between(low, high)
    };
    Ok(Bound::new(expr, SqlType::Boolean, span))
}

/// `CASE`: `results` has one more than `conditions`, the last for when none applies.
pub(super) fn case(
    operand: Option<Bound>,
    conditions: Vec<Bound>,
    mut results: Vec<Bound>,
    span: Span,
) -> Result<Bound, Diagnostic> {
    let (operand, conditions) = match operand {
        None => (None, conditions),
        Some(operand) => {
            let mut all: Vec<Bound> = std::iter::once(operand).chain(conditions).collect();
            round_beside_single_precision(&mut all);
            let sql_type = unify(&mut all, "CASE")?;
            let operand = all.remove(0);
            match sql_type {
                // Compared as `=` does, to which 0 and -0, or 24 hours and a day, are equal.
                SqlType::Double | SqlType::Interval => (None, equal_to(&operand, all, &sql_type)),
                _ => (Some(operand), all),
            }
        }
    };
    let sql_type = unify(&mut results, "CASE")?;
    let otherwise = results.pop().map(|otherwise| Box::new(otherwise.expr));
    let branches = conditions.into_iter().zip(results);
    let branches = branches
        .map(|(when, then)| (Box::new(when.expr), Box::new(then.expr)))
        .collect();
    let case = Case::new(operand.map(|operand| Box::new(operand.expr)), branches, otherwise);
    Ok(Bound::new(Expr::Case(case), sql_type, span))
}

/// `operand = value` for each of the values.
fn equal_to(operand: &Bound, values: Vec<Bound>, sql_type: &SqlType) -> Vec<Bound> {
    let compared = |value: Bound| {
        let left = comparison_key(operand.expr.clone(), sql_type);
        let right = comparison_key(value.expr, sql_type);
        Bound::new(binary_expr(left, Operator::Eq, right), SqlType::Boolean, value.span)
    };
    values.into_iter().map(compared).collect()
}

/// `a AND b AND …` or `a OR b OR …` as a tree of logarithmic depth.
pub(super) fn balanced(operator: LogicalOperator, mut exprs: Vec<Expr>) -> Expr {
    let operator_expr = match operator {
        LogicalOperator::And => Operator::And,
        LogicalOperator::Or => Operator::Or,
    };
    match exprs.len() {
        0 => datafusion_expr::lit(operator == LogicalOperator::And),
        1 => exprs.remove(0),
        length => {
            let right = exprs.split_off(length / 2);
            binary_expr(balanced(operator, exprs), operator_expr, balanced(operator, right))
        }
    }
}

/// The lints for what an operator converts by itself.
pub(super) fn conversions(operator: BinaryOperator, left: &Bound, right: &Bound, span: Span) -> Option<Diagnostic> {
    let word = operator.as_str();
    if operator == BinaryOperator::Divide && left.sql_type.is_integer() && right.sql_type.is_integer() {
        return Some(ksqldb_division(span));
    }
    if arithmetic(operator).is_some() {
        return lint::lossy_decimal(word, left, right, span);
    }
    comparison(operator)?;
    compared(word, left, right, span)
}

/// The lints for what a comparison converts by itself; `word` is what it is called.
pub(super) fn compared(word: &str, left: &Bound, right: &Bound, span: Span) -> Option<Diagnostic> {
    lint::lossy_decimal(word, left, right, span)
        .or_else(|| lint::text_as_time(word, left, right))
        .or_else(|| lint::epoch_comparison(left, right, span))
}
