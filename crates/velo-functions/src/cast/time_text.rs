//! Points in time from text, in ISO 8601 and the SQL spelling of it.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::compute::kernels::cast_utils::parse_interval_month_day_nano;
use arrow::datatypes::{
    Date32Type, IntervalMonthDayNano, IntervalMonthDayNanoType, Time32MillisecondType, TimestampMillisecondType,
};
use chrono::{Datelike, NaiveDate};
use datafusion_common::Result;
use velo_data::SqlType;

use super::number::parse_each;

const MILLIS_PER_DAY: i64 = 86_400_000;
/// An INTERVAL may have more hours than a day, as many as five digits say.
const MAX_HOURS: u32 = 100_000;
/// The epoch, as chrono counts days from the first of January of the year 1.
const EPOCH_DAY: i32 = 719_163;

/// Reads each text as DATE, TIME, TIMESTAMP or INTERVAL.
pub(super) fn convert(array: &ArrayRef, to: &SqlType, or_null: bool) -> Result<ArrayRef> {
    let text = array.as_string_view();
    Ok(match to {
        SqlType::Date => Arc::new(parse_each::<Date32Type>(text, to, or_null, parse_date)?),
        SqlType::Interval => Arc::new(parse_each::<IntervalMonthDayNanoType>(
            text,
            to,
            or_null,
            parse_interval,
        )?),
        SqlType::Time => Arc::new(parse_each::<Time32MillisecondType>(text, to, or_null, parse_time)?),
        _ => Arc::new(parse_each::<TimestampMillisecondType>(
            text,
            to,
            or_null,
            parse_timestamp,
        )?),
    })
}

/// Days since the epoch. A time of day behind the date is checked, then dropped.
fn parse_date(text: &str) -> Option<i32> {
    let time = parse_timestamp(text)?;
    i32::try_from(time.div_euclid(MILLIS_PER_DAY)).ok()
}

/// Milliseconds of the day, from `HH:MM[:SS[.fraction]]`.
fn parse_time(text: &str) -> Option<i32> {
    let mut rest = Scanner(text.trim().as_bytes());
    let time = rest.time_of_day(24)?;
    rest.0.is_empty().then_some(())?;
    i32::try_from(time).ok()
}

/// Milliseconds since the epoch, from `YYYY-MM-DD[(T| )HH:MM[:SS[.fraction]][Z|±HH[[:]MM]]]`.
///
/// Digits beyond the millisecond are cut off. Without an offset the time is UTC.
pub(crate) fn parse_timestamp(text: &str) -> Option<i64> {
    let mut rest = Scanner(text.trim().as_bytes());
    let days = rest.date()?;
    let mut time = i64::from(days) * MILLIS_PER_DAY;
    if rest.skip(b'T') || rest.skip(b't') || rest.skip_blanks() {
        time += rest.time_of_day(24)?;
        time -= rest.offset()?;
    }
    rest.0.is_empty().then_some(time)
}

/// `1 month 2 days 3 hours`, and a time of day (`-03:04:05.5`) alone or at the end.
fn parse_interval(text: &str) -> Option<IntervalMonthDayNano> {
    let text = text.trim();
    let (units, time) = match text.rsplit_once(char::is_whitespace) {
        Some((units, time)) if time.contains(':') => (units, time),
        None if text.contains(':') => ("", text),
        _ => return parse_interval_month_day_nano(text).ok(),
    };
    let (sign, time) = match time.strip_prefix('-') {
        Some(time) => (-1, time),
        None => (1, time),
    };
    let mut rest = Scanner(time.as_bytes());
    let nanos = sign * rest.time_of_day(MAX_HOURS)? * 1_000_000;
    rest.0.is_empty().then_some(())?;
    let interval = if units.is_empty() {
        IntervalMonthDayNano::ZERO
    } else {
        parse_interval_month_day_nano(units).ok()?
    };
    let nanoseconds = interval.nanoseconds.checked_add(nanos)?;
    Some(IntervalMonthDayNano {
        nanoseconds,
        ..interval
    })
}

/// What is left of a text.
struct Scanner<'a>(&'a [u8]);

impl Scanner<'_> {
    fn skip(&mut self, expected: u8) -> bool {
        match self.0 {
            [first, rest @ ..] if *first == expected => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn skip_blanks(&mut self) -> bool {
        let mut any = false;
        while self.skip(b' ') {
            any = true;
        }
        any
    }

    /// A number of `least` to `most` digits.
    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let digits = self
            .0
            .iter()
            .take(most)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if digits < least {
            return None;
        }
        let (number, rest) = self.0.split_at(digits);
        self.0 = rest;
        Some(
            number
                .iter()
                .fold(0, |value, digit| value * 10 + u32::from(digit - b'0')),
        )
    }

    fn date(&mut self) -> Option<i32> {
        let is_before_christ = self.skip(b'-');
        let year = self.number(4, 6)? as i32;
        self.skip(b'-').then_some(())?;
        let month = self.number(1, 2)?;
        self.skip(b'-').then_some(())?;
        let day = self.number(1, 2)?;
        let date = NaiveDate::from_ymd_opt(if is_before_christ { -year } else { year }, month, day)?;
        Some(date.num_days_from_ce() - EPOCH_DAY)
    }

    /// Milliseconds, of fewer than so many hours.
    fn time_of_day(&mut self, hours: u32) -> Option<i64> {
        let hour = self.number(1, 5).filter(|&hour| hour < hours)?;
        self.skip(b':').then_some(())?;
        let minute = self.number(2, 2).filter(|&minute| minute < 60)?;
        let mut millis = i64::from(hour) * 3_600_000 + i64::from(minute) * 60_000;
        if self.skip(b':') {
            millis += i64::from(self.number(2, 2).filter(|&second| second < 60)?) * 1_000;
            if self.skip(b'.') || self.skip(b',') {
                millis += self.fraction()?;
            }
        }
        Some(millis)
    }

    /// Milliseconds from the digits behind the point.
    fn fraction(&mut self) -> Option<i64> {
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (fraction, rest) = self.0.split_at(digits);
        self.0 = rest;
        let digit = |place: usize| fraction.get(place).map_or(0, |digit| i64::from(digit - b'0'));
        (digits > 0).then(|| digit(0) * 100 + digit(1) * 10 + digit(2))
    }

    /// Milliseconds that local time is ahead of UTC; 0 where the text ends.
    fn offset(&mut self) -> Option<i64> {
        self.skip_blanks();
        if self.0.is_empty() || self.skip(b'Z') || self.skip(b'z') {
            return Some(0);
        }
        let sign = match (self.skip(b'+'), self.skip(b'-')) {
            (true, _) => 1,
            (_, true) => -1,
            _ => return None,
        };
        let hours = self.number(2, 2).filter(|&hours| hours < 24)?;
        let minutes = if self.skip(b':') || !self.0.is_empty() {
            self.number(2, 2).filter(|&minutes| minutes < 60)?
        } else {
            0
        };
        Some(sign * i64::from(hours * 60 + minutes) * 60_000)
    }
}
