use arrow::datatypes::IntervalMonthDayNano;
use datafusion_common::ScalarValue;
use velo_common::{Diagnostic, Span, TimeUnit, code};
use velo_data::{DECIMAL128_PRECISION_MAX, DECIMAL256_PRECISION_MAX, SqlType};
use velo_parser::ast::{Interval, Literal, NumberKind, NumberLiteral, TypedLiteralKind};

use super::bound::Bound;

/// Most decimal places of a literal's interval amount that can matter: a day has less than 10^14 nanoseconds.
const INTERVAL_FRACTION_DIGITS_MAX: usize = 15;

/// A constant with its type. `negative` is a minus sign before a number.
pub(crate) fn bind(literal: &Literal, negative: bool, span: Span) -> Result<Bound, Diagnostic> {
    match literal {
        Literal::Null => Ok(Bound::literal(ScalarValue::Null, SqlType::Null, span)),
        Literal::Boolean(value) => Ok(Bound::literal(
            ScalarValue::Boolean(Some(*value)),
            SqlType::Boolean,
            span,
        )),
        Literal::String(text) => Ok(Bound::text(text, span)),
        Literal::Number(number) => number_literal(number, negative, span),
        Literal::Typed { kind, text } => typed(*kind, text, span),
        Literal::Interval(parts) => interval(parts, span),
    }
}

fn number_literal(number: &NumberLiteral, negative: bool, span: Span) -> Result<Bound, Diagnostic> {
    let sign = if negative { "-" } else { "" };
    let text = format!("{sign}{}", number.text);
    match number.kind {
        NumberKind::Integer => match text.parse::<i64>() {
            Ok(value) => Ok(Bound::literal(ScalarValue::Int64(Some(value)), SqlType::BigInt, span)),
            Err(_) => decimal(&text, span),
        },
        NumberKind::Decimal => decimal(&text, span),
        NumberKind::Exponent => match text.parse::<f64>() {
            Ok(value) if value.is_finite() => {
                Ok(Bound::literal(ScalarValue::Float64(Some(value)), SqlType::Double, span))
            }
            _ => Err(invalid(span, format!("{text} is too large for a DOUBLE"))),
        },
    }
}

/// The exact value of digits with at most one point; as many digits as are written, and no more.
fn decimal(text: &str, span: Span) -> Result<Bound, Diagnostic> {
    let unsigned = text.trim_start_matches('-');
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let whole_digits = whole.trim_start_matches('0').len();
    let precision = (whole_digits + fraction.len()).max(1);
    if precision > usize::from(DECIMAL256_PRECISION_MAX) {
        return Err(invalid(
            span,
            format!("a number has at most {DECIMAL256_PRECISION_MAX} digits, this has {precision}"),
        ));
    }
    let sql_type = SqlType::Decimal {
        precision: precision as u8,
        scale: fraction.len() as i8,
    };
    let digits: String = text.chars().filter(|c| *c != '.').collect();
    let value = if precision <= usize::from(DECIMAL128_PRECISION_MAX) {
        digits
            .parse()
            .ok()
            .map(|value| ScalarValue::Decimal128(Some(value), precision as u8, fraction.len() as i8))
    } else {
        let value = arrow::datatypes::i256::from_string(&digits);
        value.map(|value| ScalarValue::Decimal256(Some(value), precision as u8, fraction.len() as i8))
    };
    value
        .map(|value| Bound::literal(value, sql_type, span))
        .ok_or_else(|| invalid(span, format!("`{text}` is no number")))
}

fn typed(kind: TypedLiteralKind, text: &str, span: Span) -> Result<Bound, Diagnostic> {
    let (sql_type, form) = match kind {
        TypedLiteralKind::Date => (SqlType::Date, "2026-01-31"),
        TypedLiteralKind::Time => (SqlType::Time, "12:30:00"),
        TypedLiteralKind::Timestamp => (SqlType::Timestamp, "2026-01-31 12:30:00"),
    };
    read_as(&sql_type, text, span)
        .ok_or_else(|| invalid(span, format!("`{text}` is no {sql_type}")).with_help(format!("write it as '{form}'")))
}

/// The constant that a text is when read as a type; `None` when it has not that type's form.
pub(crate) fn read_as(sql_type: &SqlType, text: &str, span: Span) -> Option<Bound> {
    let cast = velo_functions::cast_expr(Bound::text(text, span).expr, &SqlType::String, sql_type, false)?;
    let value = super::fold::constant(&cast)?.ok()?;
    (!value.is_null()).then(|| Bound::literal(value, sql_type.clone(), span))
}

/// The exact number that a text holds; `None` when it holds none.
pub(crate) fn read_decimal(text: &str, span: Span) -> Option<Bound> {
    let trimmed = text.trim();
    let digits = trimmed.trim_start_matches('-');
    let is_number = digits.bytes().any(|byte| byte.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.bytes().filter(|byte| *byte == b'.').count() <= 1;
    is_number.then(|| decimal(trimmed, span).ok()).flatten()
}

fn interval(interval: &Interval, span: Span) -> Result<Bound, Diagnostic> {
    let too_long = || invalid(span, "the interval is too long");
    let (mut months, mut days, mut nanoseconds) = (0i32, 0i32, 0i64);
    for part in &interval.parts {
        let amount = Amount::parse(&part.amount).ok_or_else(too_long)?;
        if let Some(length) = part.unit.months() {
            if amount.fraction != 0 {
                return Err(invalid(span, format!("{} takes a whole number", part.unit.keyword())));
            }
            months = amount.add_whole(i32::from(length), months).ok_or_else(too_long)?;
            continue;
        }
        match part.unit {
            TimeUnit::Day if amount.fraction == 0 => days = amount.add_whole(1, days).ok_or_else(too_long)?,
            TimeUnit::Week if amount.fraction == 0 => days = amount.add_whole(7, days).ok_or_else(too_long)?,
            unit => {
                let part = unit
                    .nanoseconds()
                    .and_then(|unit| amount.nanoseconds(unit))
                    .ok_or_else(too_long)?;
                nanoseconds = nanoseconds.checked_add(part).ok_or_else(too_long)?;
            }
        }
    }
    let value = IntervalMonthDayNano::new(months, days, nanoseconds);
    Ok(Bound::literal(
        ScalarValue::IntervalMonthDayNano(Some(value)),
        SqlType::Interval,
        span,
    ))
}

/// An amount of an interval part, such as `-1.5`: `whole + fraction / scale`, both with the sign.
struct Amount {
    whole: i64,
    fraction: i64,
    scale: i64,
}

impl Amount {
    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let sign = if whole.starts_with('-') { -1 } else { 1 };
        let fraction = &fraction[..fraction.len().min(INTERVAL_FRACTION_DIGITS_MAX)];
        let parse = |digits: &str| {
            if digits.is_empty() || digits == "-" {
                Some(0)
            } else {
                digits.parse::<i64>().ok()
            }
        };
        Some(Self {
            whole: parse(whole)?,
            fraction: sign * parse(fraction)?,
            scale: 10i64.pow(fraction.len() as u32),
        })
    }

    fn add_whole(&self, factor: i32, to: i32) -> Option<i32> {
        i32::try_from(self.whole).ok()?.checked_mul(factor)?.checked_add(to)
    }

    fn nanoseconds(&self, unit: u64) -> Option<i64> {
        let unit = i128::from(unit);
        let total = i128::from(self.whole) * unit + i128::from(self.fraction) * unit / i128::from(self.scale);
        i64::try_from(total).ok()
    }
}

fn invalid(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(&code::INVALID_LITERAL, span, message)
}
