//! From what a cell says to a value of the column's type: strict, and in words a person can act on.

use std::fmt::Write as _;

use arrow::datatypes::{DecimalType, IntervalMonthDayNano};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use velo_data::time::{TimeFormat, TimeProblem, parse_date, parse_interval, parse_time};

use super::cell::Token;
use crate::json::members::MemberIndex;
use crate::json::scanner::Scanner;
use crate::value::minute::MinuteReader;
use crate::value::number::{NumberProblem, NumberText, parse_bigint, parse_double};

/// Why a value does not fit its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ValueError(pub(crate) String);

pub(crate) type Converted<T> = Result<T, ValueError>;

/// Characters of a value that a message shows.
const EXCERPT_CHARS: usize = 60;

#[inline]
pub(crate) fn boolean(token: Token<'_>) -> Converted<bool> {
    match token {
        Token::Boolean(value) => Ok(value),
        Token::Bare(text) if text.trim_ascii().eq_ignore_ascii_case("true") => Ok(true),
        Token::Bare(text) if text.trim_ascii().eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(unfit(token, "a BOOLEAN", "")),
    }
}

/// A whole number that fits `T`; `sql_type` names it in messages.
#[inline]
pub(crate) fn integer<T: TryFrom<i64>>(token: Token<'_>, sql_type: &'static str) -> Converted<T> {
    let result = match token {
        Token::Number(text) => parse_bigint(text),
        Token::Bare(text) => parse_bigint(text.trim_ascii()),
        _ => Err(NumberProblem::NotANumber),
    };
    result
        .and_then(|value| T::try_from(value).map_err(|_| NumberProblem::OutOfRange))
        .map_err(|problem| misfit(token, sql_type, problem))
}

#[inline]
pub(crate) fn double(token: Token<'_>) -> Converted<f64> {
    let result = match token {
        Token::Number(text) => parse_double(text),
        Token::Bare(text) => parse_double(text.trim_ascii()),
        _ => Err(NumberProblem::NotANumber),
    };
    result.map_err(|problem| misfit(token, "DOUBLE", problem))
}

#[inline]
pub(crate) fn decimal<T: DecimalType>(token: Token<'_>, precision: u8, scale: i8) -> Converted<T::Native> {
    let text = match token {
        Token::Number(text) => Some(text),
        Token::Bare(text) => Some(text.trim_ascii()),
        _ => None,
    };
    let number = text.and_then(NumberText::parse).ok_or(NumberProblem::NotANumber);
    match number.and_then(|number| number.to_decimal::<T>(precision, scale)) {
        Ok((value, _)) => Ok(value),
        Err(problem) => Err(misfit(token, &format!("DECIMAL({precision}, {scale})"), problem)),
    }
}

/// Days since the epoch.
#[inline]
pub(crate) fn date(token: Token<'_>) -> Converted<i32> {
    text_of(token)
        .and_then(parse_date)
        .ok_or_else(|| unfit(token, "a DATE", ", which is written YYYY-MM-DD"))
}

/// Milliseconds of the day.
#[inline]
pub(crate) fn time(token: Token<'_>) -> Converted<i32> {
    text_of(token)
        .and_then(parse_time)
        .ok_or_else(|| unfit(token, "a TIME", ", which is written HH:MM:SS.fff"))
}

/// Milliseconds since the epoch, as the column writes points in time. `minutes` is the same for the values of a block.
#[inline]
pub(crate) fn timestamp(token: Token<'_>, format: &TimeFormat, minutes: &mut MinuteReader) -> Converted<i64> {
    match (token, format) {
        (Token::Text(text) | Token::Bare(text), TimeFormat::Auto | TimeFormat::Iso8601) => minutes
            .read(text, |text| format.read_text(text))
            .map_err(|problem| no_timestamp(token, format, problem)),
        _ => other_timestamp(token, format),
    }
}

#[inline(never)]
fn other_timestamp(token: Token<'_>, format: &TimeFormat) -> Converted<i64> {
    let parsed = match token {
        Token::Text(text) | Token::Bare(text) => format.read_text(text),
        Token::Number(text) => match parse_bigint(text) {
            Ok(number) => format.read_integer(number),
            Err(_) if matches!(format, TimeFormat::Auto) => Err(TimeProblem::NotATime),
            Err(_) => parse_double(text)
                .map_err(|_| TimeProblem::NotATime)
                .and_then(|number| format.read_double(number)),
        },
        _ => Err(TimeProblem::NotATime),
    };
    parsed.map_err(|problem| no_timestamp(token, format, problem))
}

#[cold]
fn no_timestamp(token: Token<'_>, format: &TimeFormat, problem: TimeProblem) -> ValueError {
    let why = match (problem, format) {
        (TimeProblem::Implausible { .. }, _) => format!(
            ": {problem}; declare the column BIGINT, and make times of it with FROM_UNIXTIME (of seconds) or CAST (of milliseconds)"
        ),
        (TimeProblem::NotATime, TimeFormat::Auto) => ", which is ISO 8601 text or epoch milliseconds".to_owned(),
        (TimeProblem::NotATime, _) => " as its 'event.time.format' writes one".to_owned(),
        (TimeProblem::OutOfRange, _) => format!(": {problem}"),
    };
    unfit(token, "a TIMESTAMP", &why)
}

#[inline]
pub(crate) fn interval(token: Token<'_>) -> Converted<IntervalMonthDayNano> {
    text_of(token)
        .and_then(parse_interval)
        .ok_or_else(|| unfit(token, "an INTERVAL", ", which is written PT5M or 5 minutes"))
}

/// Bytes in base64, put into `bytes`.
#[inline]
pub(crate) fn base64<'b>(token: Token<'_>, bytes: &'b mut Vec<u8>) -> Converted<&'b [u8]> {
    bytes.clear();
    let decoded = text_of(token).map(|text| STANDARD.decode_vec(text, bytes));
    match decoded {
        Some(Ok(())) => Ok(bytes),
        _ => Err(unfit(token, "BYTES", ", which are written in base64")),
    }
}

/// The value of an envelope's header: text as it is, or bytes as `{"base64": "…"}`.
pub(crate) fn header_value<'b>(token: Token<'_>, bytes: &'b mut Vec<u8>) -> Converted<&'b [u8]> {
    let text = match token {
        Token::Nested(json) => {
            let encoded =
                base64_member(json).ok_or_else(|| unfit(token, "a header", ": it needs a `base64` member"))?;
            return base64(Token::Text(encoded), bytes);
        }
        Token::Text(text) | Token::Bare(text) | Token::Number(text) => text,
        Token::Boolean(true) => "true",
        Token::Boolean(false) => "false",
    };
    bytes.clear();
    bytes.extend_from_slice(text.as_bytes());
    Ok(bytes)
}

/// The inside of the string in `{"base64": "…"}`.
pub(crate) fn base64_member(json: &str) -> Option<&str> {
    let mut scanner = Scanner::new(json.as_bytes(), 0);
    let mut encoded = None;
    let members = MemberIndex::new(["base64"]).scan(&mut scanner, 0, |_, value| encoded = Some(value));
    let value = encoded.filter(|_| members.is_ok())?;
    json.get(value.start..value.end)?.strip_prefix('"')?.strip_suffix('"')
}

/// The text of a token that is text.
fn text_of(token: Token<'_>) -> Option<&str> {
    match token {
        Token::Text(text) | Token::Bare(text) => Some(text.trim_ascii()),
        _ => None,
    }
}

#[cold]
fn misfit(token: Token<'_>, sql_type: &str, problem: NumberProblem) -> ValueError {
    let article = format!("a {sql_type}");
    match (problem, token) {
        (NumberProblem::HasFraction, _) => unfit(token, &article, ": it has a fraction"),
        (NumberProblem::OutOfRange, _) => unfit(token, &article, ": it is out of range"),
        (NumberProblem::NotANumber, Token::Text(_)) => unfit(
            token,
            &article,
            ": it is a string; declare the column STRING and CAST it",
        ),
        (NumberProblem::NotANumber, _) => unfit(token, &article, ""),
    }
}

/// Says that the token is not `wanted`, and why.
#[cold]
pub(super) fn unfit(token: Token<'_>, wanted: &str, why: &str) -> ValueError {
    let mut message = String::new();
    let (before, text, after) = match token {
        Token::Text(text) => ("`\"", text, "\"`"),
        Token::Bare(text) | Token::Number(text) | Token::Nested(text) => ("`", text, "`"),
        Token::Boolean(true) => ("`", "true", "`"),
        Token::Boolean(false) => ("`", "false", "`"),
    };
    message.push_str(before);
    message.extend(text.chars().take(EXCERPT_CHARS));
    if text.chars().nth(EXCERPT_CHARS).is_some() {
        message.push('…');
    }
    // Writing to a string cannot fail.
    let _ = write!(message, "{after} is not {wanted}{why}");
    ValueError(message)
}
