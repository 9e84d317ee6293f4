//! Durations and intervals.

use std::time::Duration;

use nom::Parser;
use nom::branch::alt;
use nom::combinator::cut;
use nom::sequence::preceded;
use velo_common::{Diagnostic, DurationError, Span, TimeUnit, code, nearest};

use super::leaf::{keyword, keywords, spanned, symbol};
use crate::ast::{Interval, IntervalPart, NumberKind, Spanned};
use crate::cursor::{Parsed, Tokens};
use crate::expected::Thing;
use crate::keyword::Keyword;
use crate::lexer::unquote;
use crate::token::{Symbol, TokenKind};

/// What a mistyped unit is compared with.
const UNITS: [&str; 22] = [
    "ms",
    "s",
    "m",
    "h",
    "d",
    "w",
    "milliseconds",
    "millisecond",
    "seconds",
    "second",
    "minutes",
    "minute",
    "hours",
    "hour",
    "days",
    "day",
    "weeks",
    "week",
    "months",
    "month",
    "years",
    "year",
];

/// `duration := number [unit] | interval`, of fixed length and not negative.
pub(super) fn duration(input: Tokens<'_>) -> Parsed<'_, Spanned<Duration>> {
    if !starts_duration(input) {
        return input.unexpected(Thing::Duration);
    }
    let (rest, interval) = spanned(alt((interval, number_and_unit))).parse(input)?;
    match interval.to_duration() {
        Ok(length) => Ok((rest, Spanned::new(length, interval.span))),
        Err(error) => input.abort(no_duration(&interval, &error)),
    }
}

/// Whether a duration stands here, rather than a column.
pub(super) fn starts_duration(input: Tokens<'_>) -> bool {
    is_number(input) || starts_interval(input)
}

/// Whether an `INTERVAL` literal stands here, rather than a column of that name.
pub(super) fn starts_interval(input: Tokens<'_>) -> bool {
    let next = input.skip(1);
    let amount = if next.at_symbol(Symbol::Minus) {
        next.skip(1)
    } else {
        next
    };
    let is_string = next.peek().is_some_and(|token| token.kind == TokenKind::String);
    input.at_keyword(Keyword::INTERVAL) && (is_string || is_number(amount))
}

fn is_number(input: Tokens<'_>) -> bool {
    use NumberKind::{Decimal, Integer};
    matches!(
        input.peek().map(|token| token.kind),
        Some(TokenKind::Number(Integer | Decimal))
    )
}

/// `interval := INTERVAL (string | [-] number) [unit]`
pub(super) fn interval(input: Tokens<'_>) -> Parsed<'_, Interval> {
    preceded(
        keyword(Keyword::INTERVAL),
        cut(alt((interval_text, signed_number_and_unit))),
    )
    .parse(input)
}

/// `'5' MINUTE`, `'1 hour 30 minutes'`
fn interval_text(input: Tokens<'_>) -> Parsed<'_, Interval> {
    if input.peek().map(|token| token.kind) != Some(TokenKind::String) {
        return input.unexpected(Thing::IntervalText);
    }
    let text = unquote(input.text());
    if is_amount(text.trim()) {
        let (rest, unit) = unit(input.skip(1));
        return Ok((rest, single(text.trim().to_owned(), unit)));
    }
    match parts_of(&text) {
        Ok(parts) => Ok((input.skip(1), Interval { parts })),
        Err(problem) => input.abort(bad_interval(input.span(), &text, problem)),
    }
}

/// `[-] 5 MINUTE`
fn signed_number_and_unit(input: Tokens<'_>) -> Parsed<'_, Interval> {
    let (rest, minus) = nom::combinator::opt(symbol(Symbol::Minus)).parse(input)?;
    let (rest, mut interval) = number_and_unit(rest)?;
    if let (Some(_), Some(part)) = (minus, interval.parts.first_mut()) {
        part.amount.insert(0, '-');
    }
    Ok((rest, interval))
}

/// `5m`, `5 MINUTES`, and `5`, which is seconds.
pub(super) fn number_and_unit(input: Tokens<'_>) -> Parsed<'_, Interval> {
    if !is_number(input) {
        return input.unexpected(Thing::IntervalText);
    }
    let (rest, unit) = unit(input.skip(1));
    Ok((rest, single(input.text().to_owned(), unit)))
}

fn single(amount: String, unit: TimeUnit) -> Interval {
    Interval {
        parts: vec![IntervalPart { amount, unit }],
    }
}

/// A unit behind its number. A word that is neither a unit nor a keyword can only be a unit gone wrong.
fn unit(input: Tokens<'_>) -> (Tokens<'_>, TimeUnit) {
    let Some(TokenKind::Word(known)) = input.peek().map(|token| token.kind) else {
        return (input, TimeUnit::Second);
    };
    match TimeUnit::parse(input.text()) {
        Some(unit) => (input.skip(1), unit),
        None if known.is_some() && !input.touches_previous() => (input, TimeUnit::Second),
        None => {
            input.report(unknown_unit(input.span(), input.text()));
            (input.skip(1), TimeUnit::Second)
        }
    }
}

/// The problem with a word that stands where a unit should.
pub(super) fn unknown_unit(span: Span, word: &str) -> Diagnostic {
    let help = match nearest(word, UNITS).filter(|_| word.len() > 1) {
        Some(similar) => format!("did you mean `{similar}`?"),
        None => "use ms, s, m, h, d or w, or the words MILLISECOND to WEEK".to_owned(),
    };
    Diagnostic::new(&code::UNKNOWN_UNIT, span, format!("unknown unit of time `{word}`"))
        .with_label("not a unit of time")
        .with_help(help)
}

/// Whether a text is a number with an optional sign and fraction.
fn is_amount(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    all_digits(whole) && all_digits(fraction) && digits.len() > usize::from(digits.contains('.'))
}

/// Why the text of an interval cannot be read.
enum IntervalProblem {
    NoAmount,
    NoUnit,
    UnknownUnit(String),
}

/// `1 hour 30 minutes`
fn parts_of(text: &str) -> Result<Vec<IntervalPart>, IntervalProblem> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let amount_end = rest
            .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'))
            .unwrap_or(rest.len());
        let (amount, behind) = rest.split_at(amount_end);
        let behind = behind.trim_start();
        let unit_end = behind.find(|c: char| !c.is_alphabetic()).unwrap_or(behind.len());
        let (word, behind) = behind.split_at(unit_end);
        if !is_amount(amount) {
            return Err(IntervalProblem::NoAmount);
        }
        if word.is_empty() {
            return Err(IntervalProblem::NoUnit);
        }
        let unit = TimeUnit::parse(word).ok_or_else(|| IntervalProblem::UnknownUnit(word.to_owned()))?;
        parts.push(IntervalPart {
            amount: amount.to_owned(),
            unit,
        });
        rest = behind.trim_start();
    }
    if parts.is_empty() {
        Err(IntervalProblem::NoAmount)
    } else {
        Ok(parts)
    }
}

fn bad_interval(span: Span, text: &str, problem: IntervalProblem) -> Diagnostic {
    let message = match problem {
        IntervalProblem::UnknownUnit(word) => {
            let place = text.find(&word).unwrap_or_default() as u32 + 1;
            let start = span.start + place;
            return unknown_unit(Span::new(start, start + word.len() as u32), &word);
        }
        IntervalProblem::NoAmount => format!("`{text}` is no interval"),
        IntervalProblem::NoUnit => format!("a number in `{text}` has no unit"),
    };
    Diagnostic::new(&code::INVALID_LITERAL, span, message)
        .with_help("an interval is a list of numbers and units, such as `INTERVAL '1 hour 30 minutes'`")
}

fn no_duration(interval: &Spanned<Interval>, error: &DurationError) -> Diagnostic {
    match error {
        DurationError::UnknownUnit(unit) => Diagnostic::new(
            &code::UNKNOWN_UNIT,
            interval.span,
            format!("a {unit} has no fixed length, so it cannot be used here"),
        )
        .with_help("use a number of days or weeks"),
        DurationError::NoNumber => Diagnostic::new(&code::SYNTAX, interval.span, "a duration cannot be negative")
            .with_label("expected a duration such as `5m`"),
        DurationError::TooLong => Diagnostic::new(&code::INVALID_LITERAL, interval.span, "the duration is too long")
            .with_help("durations go up to 584 years"),
    }
}

/// `GRACE PERIOD duration`
pub(super) fn grace_period(input: Tokens<'_>) -> Parsed<'_, Spanned<Duration>> {
    preceded(keywords(&[Keyword::GRACE, Keyword::PERIOD]), cut(duration)).parse(input)
}
