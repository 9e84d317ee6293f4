//! `TO_CHAR`: points in time as text, by PostgreSQL's patterns.

use std::fmt::Write;

use arrow::array::ArrayRef;
use arrow::datatypes::TimestampMillisecondType;
use chrono::{DateTime, Datelike, NaiveDateTime, Timelike};
use datafusion_common::{Result, exec_err};
use velo_data::SqlType;

use super::super::native::{Arguments, Native, Returns, collect_text};
use super::super::notation::Notation;
use super::super::parameter::Parameter;

pub(crate) static TO_CHAR: Native = Native {
    name: "to_char",
    parameters: &[Parameter::Moment, Parameter::In(Notation::ToChar)],
    required: 2,
    returns: Returns::Always(SqlType::String),
    evaluate: to_char,
};

fn to_char(arguments: &Arguments) -> Result<ArrayRef> {
    let time = arguments.primitive::<TimestampMillisecondType>(0)?;
    let pattern = arguments.text(1)?;
    let mut known: Option<(String, Template)> = None;
    collect_text(arguments, |row, out| {
        let (Some(time), Some(pattern)) = (time.get(row), pattern.get(row)) else {
            return Ok(false);
        };
        let Some(utc) = DateTime::from_timestamp_millis(time) else {
            return exec_err!("{time} is outside the range of dates");
        };
        if known.as_ref().is_none_or(|(text, _)| text != pattern) {
            known = Some((pattern.to_owned(), Template::parse(pattern)?));
        }
        if let Some((_, template)) = &known {
            template.write(utc.naive_utc(), out);
        }
        Ok(true)
    })
}

/// A pattern, taken apart.
#[derive(Debug)]
pub(crate) struct Template(Vec<Part>);

#[derive(Debug)]
enum Part {
    Literal(char),
    Field {
        field: Field,
        /// `FM` before it: without blanks or zeros that fill it up.
        is_unfilled: bool,
    },
}

#[derive(Debug, Clone, Copy)]
enum Case {
    Upper,
    Capital,
    Lower,
}

#[derive(Debug, Clone, Copy)]
enum Field {
    /// The last so many digits of the year; four are all of them.
    Year(u8),
    IsoYear,
    Century,
    Quarter,
    Month,
    MonthName(Case),
    MonthShort(Case),
    Week,
    IsoWeek,
    WeekOfMonth,
    DayOfYear,
    Day,
    DayOfWeek,
    IsoDayOfWeek,
    DayName(Case),
    DayShort(Case),
    JulianDay,
    Hour24,
    Hour12,
    Minute,
    Second,
    SecondOfDay,
    /// So many digits of the fraction of the second.
    Fraction(u8),
    HalfDay(Case),
    HalfDayWithPoints(Case),
    Zone(Case),
    Offset,
}

/// What stands for what, longer words before those that they begin with.
const FIELDS: &[(&str, Field)] = {
    use Case::{Capital, Lower, Upper};
    use Field as F;
    &[
        ("YYYY", F::Year(4)),
        ("YYY", F::Year(3)),
        ("YY", F::Year(2)),
        ("Y", F::Year(1)),
        ("IYYY", F::IsoYear),
        ("CC", F::Century),
        ("Q", F::Quarter),
        ("MONTH", F::MonthName(Upper)),
        ("Month", F::MonthName(Capital)),
        ("month", F::MonthName(Lower)),
        ("MON", F::MonthShort(Upper)),
        ("Mon", F::MonthShort(Capital)),
        ("mon", F::MonthShort(Lower)),
        ("MM", F::Month),
        ("MI", F::Minute),
        ("MS", F::Fraction(3)),
        ("US", F::Fraction(6)),
        ("FF1", F::Fraction(1)),
        ("FF2", F::Fraction(2)),
        ("FF3", F::Fraction(3)),
        ("FF4", F::Fraction(4)),
        ("FF5", F::Fraction(5)),
        ("FF6", F::Fraction(6)),
        ("WW", F::Week),
        ("W", F::WeekOfMonth),
        ("IW", F::IsoWeek),
        ("DDD", F::DayOfYear),
        ("DD", F::Day),
        ("DAY", F::DayName(Upper)),
        ("Day", F::DayName(Capital)),
        ("day", F::DayName(Lower)),
        ("DY", F::DayShort(Upper)),
        ("Dy", F::DayShort(Capital)),
        ("dy", F::DayShort(Lower)),
        ("D", F::DayOfWeek),
        ("ID", F::IsoDayOfWeek),
        ("J", F::JulianDay),
        ("HH24", F::Hour24),
        ("HH12", F::Hour12),
        ("HH", F::Hour12),
        ("SSSSS", F::SecondOfDay),
        ("SSSS", F::SecondOfDay),
        ("SS", F::Second),
        ("AM", F::HalfDay(Upper)),
        ("PM", F::HalfDay(Upper)),
        ("am", F::HalfDay(Lower)),
        ("pm", F::HalfDay(Lower)),
        ("A.M.", F::HalfDayWithPoints(Upper)),
        ("P.M.", F::HalfDayWithPoints(Upper)),
        ("a.m.", F::HalfDayWithPoints(Lower)),
        ("p.m.", F::HalfDayWithPoints(Lower)),
        ("TZ", F::Zone(Upper)),
        ("tz", F::Zone(Lower)),
        ("OF", F::Offset),
    ]
};

impl Template {
    /// # Errors
    ///
    /// Something in the pattern has no meaning, or none that is supported.
    pub(crate) fn parse(pattern: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let mut rest = pattern;
        let mut is_unfilled = false;
        while let Some(first) = rest.chars().next() {
            if let Some((length, field)) = field_at(rest) {
                rest = &rest[length..];
                let follows = |suffix: &str| rest.get(..2).is_some_and(|next| next.eq_ignore_ascii_case(suffix));
                if follows("TH") {
                    return exec_err!("`TH` in the pattern `{pattern}` is not supported; text stands in double quotes");
                }
                if matches!(field, Field::Year(1)) && rest.starts_with(',') {
                    return exec_err!("`Y,YYY` in the pattern `{pattern}` is not supported");
                }
                parts.push(Part::Field { field, is_unfilled });
                is_unfilled = false;
                continue;
            }
            if rest.starts_with("FM") || rest.starts_with("fm") {
                is_unfilled = true;
                rest = &rest[2..];
                continue;
            }
            match first {
                '"' => rest = quoted(&rest[1..], pattern, &mut parts)?,
                '%' => return exec_err!("`%` in the pattern `{pattern}`: DATE_FORMAT takes strftime patterns"),
                letter if letter.is_alphabetic() => {
                    return exec_err!(
                        "`{letter}` in the pattern `{pattern}` has no meaning; text stands in double quotes"
                    );
                }
                other => {
                    parts.push(Part::Literal(other));
                    rest = &rest[other.len_utf8()..];
                }
            }
        }
        Ok(Self(parts))
    }

    fn write(&self, time: NaiveDateTime, out: &mut String) {
        for part in &self.0 {
            match part {
                Part::Literal(character) => out.push(*character),
                Part::Field { field, is_unfilled } => field.write(time, *is_unfilled, out),
            }
        }
    }
}

/// The text up to the closing quote, in which a backslash makes what follows it plain; what comes behind is returned.
fn quoted<'a>(inside: &'a str, pattern: &str, parts: &mut Vec<Part>) -> Result<&'a str> {
    let mut characters = inside.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok(&inside[at + 1..]),
            '\\' => parts.extend(characters.next().map(|(_, escaped)| Part::Literal(escaped))),
            other => parts.push(Part::Literal(other)),
        }
    }
    exec_err!("a quote in the pattern `{pattern}` is never closed")
}

/// The field that a text begins with, and how long its word is. Words of numbers may also be written small.
fn field_at(text: &str) -> Option<(usize, Field)> {
    let is_any_case = |field: &Field| {
        !matches!(
            field,
            Field::MonthName(_)
                | Field::MonthShort(_)
                | Field::DayName(_)
                | Field::DayShort(_)
                | Field::HalfDay(_)
                | Field::HalfDayWithPoints(_)
                | Field::Zone(_)
        )
    };
    let starts = |word: &str, field: &Field| {
        let start = text.get(..word.len());
        start == Some(word) || (is_any_case(field) && start.is_some_and(|start| word.to_ascii_lowercase() == start))
    };
    let found = FIELDS.iter().filter(|(word, field)| starts(word, field));
    let longest = found.max_by_key(|(word, _)| word.len())?;
    Some((longest.0.len(), longest.1))
}

impl Field {
    fn write(self, time: NaiveDateTime, is_unfilled: bool, out: &mut String) {
        let mut number = |value: i64, width: usize| {
            let width = if is_unfilled { 0 } else { width };
            // Writing to a string cannot fail.
            let _ = write!(out, "{value:0width$}");
        };
        // There is no year 0: the one before 1 is the first one before Christ.
        let year = |year: i32| i64::from(if year > 0 { year } else { 1 - year });
        match self {
            Self::Year(4) => number(year(time.year()), 4),
            Self::Year(digits) => number(year(time.year()) % 10_i64.pow(u32::from(digits)), digits.into()),
            Self::IsoYear => number(year(time.iso_week().year()), 4),
            Self::Century => number((year(time.year()) + 99) / 100, 2),
            Self::Quarter => number(i64::from(time.month0() / 3 + 1), 1),
            Self::Month => number(time.month().into(), 2),
            Self::Week => number(i64::from(time.ordinal0() / 7 + 1), 2),
            Self::IsoWeek => number(time.iso_week().week().into(), 2),
            Self::WeekOfMonth => number(i64::from(time.day0() / 7 + 1), 1),
            Self::DayOfYear => number(time.ordinal().into(), 3),
            Self::Day => number(time.day().into(), 2),
            Self::DayOfWeek => number(time.weekday().number_from_sunday().into(), 1),
            Self::IsoDayOfWeek => number(time.weekday().number_from_monday().into(), 1),
            // The first of January of the year 1 is Julian day 1721426.
            Self::JulianDay => number(i64::from(time.num_days_from_ce()) + 1_721_425, 1),
            Self::Hour24 => number(time.hour().into(), 2),
            Self::Hour12 => number(time.hour12().1.into(), 2),
            Self::Minute => number(time.minute().into(), 2),
            Self::Second => number(time.second().into(), 2),
            Self::SecondOfDay => number(time.num_seconds_from_midnight().into(), 1),
            Self::Fraction(digits) => {
                let micros = format!("{:06}", time.nanosecond() / 1_000 % 1_000_000);
                out.push_str(&micros[..usize::from(digits)]);
            }
            Self::MonthName(case) => name(&time.format("%B").to_string(), case, !is_unfilled, out),
            Self::MonthShort(case) => name(&time.format("%b").to_string(), case, false, out),
            Self::DayName(case) => name(&time.format("%A").to_string(), case, !is_unfilled, out),
            Self::DayShort(case) => name(&time.format("%a").to_string(), case, false, out),
            Self::HalfDay(case) => name(if time.hour() < 12 { "AM" } else { "PM" }, case, false, out),
            Self::HalfDayWithPoints(case) => name(if time.hour() < 12 { "A.M." } else { "P.M." }, case, false, out),
            Self::Zone(case) => name("UTC", case, false, out),
            Self::Offset => out.push_str("+00"),
        }
    }
}

/// A name; months and days are filled up to the longest one, which has nine letters.
fn name(name: &str, case: Case, is_filled: bool, out: &mut String) {
    let name = match case {
        Case::Upper => name.to_uppercase(),
        Case::Capital => name.to_owned(),
        Case::Lower => name.to_lowercase(),
    };
    let width = if is_filled { 9 } else { 0 };
    let _ = write!(out, "{name:width$}");
}
