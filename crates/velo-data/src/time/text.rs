use chrono::DateTime;

use super::calendar::{MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND, checked_days, time_of_day};
use super::fixed::parse_fixed_timestamp;
use super::zone::Zone;

/// Most digits of a year: those of the last one that a TIMESTAMP reaches.
const YEAR_DIGITS_MAX: usize = 9;

/// Days since the epoch of a date. A time of day and a time zone behind it are checked, then left aside, as `DuckDB` and
/// PostgreSQL do.
pub fn parse_date(text: &str) -> Option<i32> {
    let parts = Parts::read(text.trim_ascii())?;
    i32::try_from(parts.days).ok()
}

/// Milliseconds of the day.
pub fn parse_time(text: &str) -> Option<i32> {
    let mut rest = Scanner(text.trim_ascii().as_bytes());
    let _ = rest.skip(b'T') || rest.skip(b't');
    let time = rest.time()?;
    // The end of a day is not a time of the day.
    (rest.0.is_empty() && time < MS_PER_DAY).then_some(time as i32)
}

/// Milliseconds since the epoch. Without a time it is midnight, without a zone UTC.
#[inline]
pub fn parse_timestamp(text: &str) -> Option<i64> {
    parse_fixed_timestamp(text.as_bytes()).or_else(|| Parts::read(text.trim_ascii())?.timestamp())
}

/// What a text says of a point in time.
#[derive(Debug, Clone, Copy)]
struct Parts<'a> {
    days: i64,
    /// Milliseconds of the day, the midnight that ends it included.
    time: i64,
    zone: WrittenZone<'a>,
}

#[derive(Debug, Clone, Copy)]
enum WrittenZone<'a> {
    /// Milliseconds that local time is ahead of UTC.
    Offset(i64),
    Named(&'a str),
}

impl<'a> Parts<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut rest = Scanner(text.as_bytes());
        let days = rest.date()?;
        let has_time = if rest.skip(b'T') || rest.skip(b't') {
            true
        } else {
            rest.skip_blanks() && rest.0.first().is_some_and(u8::is_ascii_digit)
        };
        let time = if has_time { rest.time()? } else { 0 };
        rest.skip_blanks();
        let zone = rest.zone(text)?;
        Some(Self { days, time, zone })
    }

    fn timestamp(self) -> Option<i64> {
        // Of the first day that the type reaches the midnight is beyond it.
        let (days, time) = if self.days < 0 {
            (self.days + 1, self.time - MS_PER_DAY)
        } else {
            (self.days, self.time)
        };
        let local = days.checked_mul(MS_PER_DAY)?.checked_add(time)?;
        match self.zone {
            WrittenZone::Offset(offset) => local.checked_sub(offset),
            WrittenZone::Named(name) => in_zone(local, name),
        }
    }
}

/// UTC of what a clock shows in a zone. The years that the time zone database covers are far fewer than those of a TIMESTAMP.
#[cold]
fn in_zone(local_ms: i64, name: &str) -> Option<i64> {
    let local = DateTime::from_timestamp_millis(local_ms)?.naive_utc();
    let utc = Zone::parse(name)?.to_utc(local)?;
    Some(utc.and_utc().timestamp_millis())
}

/// What is left of a text.
struct Scanner<'a>(&'a [u8]);

impl<'a> Scanner<'a> {
    #[inline]
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
        let rest = self.0.trim_ascii_start();
        let any = rest.len() < self.0.len();
        self.0 = rest;
        any
    }

    /// The digits that come next, at most so many.
    #[inline]
    fn digits(&mut self, most: usize) -> &'a [u8] {
        let length = self
            .0
            .iter()
            .take(most)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        digits
    }

    /// A number of one or two digits.
    #[inline]
    fn one_or_two(&mut self) -> Option<i64> {
        let digits = self.digits(2);
        (!digits.is_empty()).then(|| number(digits))
    }

    /// `YYYY-MM-DD` or `YYYYMMDD`, as days since the epoch.
    #[inline]
    fn date(&mut self) -> Option<i64> {
        let sign = match (self.skip(b'-'), self.skip(b'+')) {
            (true, _) => Some(-1),
            (_, true) => Some(1),
            _ => None,
        };
        let digits = self.digits(YEAR_DIGITS_MAX);
        if self.skip(b'-') {
            if digits.len() < 4 {
                return None;
            }
            let month = self.one_or_two()?;
            self.skip(b'-').then_some(())?;
            let day = self.one_or_two()?;
            return checked_days(number(digits) * sign.unwrap_or(1), month, day);
        }
        if digits.len() != 8 || sign.is_some() {
            return None;
        }
        checked_days(number(&digits[..4]), number(&digits[4..6]), number(&digits[6..]))
    }

    /// `HH:MM[:SS[.fff]]` or `HHMM[SS[.fff]]`, as milliseconds of the day up to its end.
    #[inline]
    fn time(&mut self) -> Option<i64> {
        let digits = self.digits(6);
        let (hours, minutes, seconds) = if digits.len() <= 2 && self.skip(b':') {
            let hours = (!digits.is_empty()).then(|| number(digits))?;
            let minutes = self.one_or_two()?;
            let seconds = if self.skip(b':') {
                Some(self.one_or_two()?)
            } else {
                None
            };
            (hours, minutes, seconds)
        } else {
            match digits.len() {
                4 => (number(&digits[..2]), number(&digits[2..]), None),
                6 => (number(&digits[..2]), number(&digits[2..4]), Some(number(&digits[4..]))),
                _ => return None,
            }
        };
        let fraction = if seconds.is_some() && (self.skip(b'.') || self.skip(b',')) {
            self.milliseconds()?
        } else {
            0
        };
        match (hours, minutes, seconds.unwrap_or(0), fraction) {
            (24, 0, 0, 0) => Some(MS_PER_DAY),
            (hours, minutes, seconds, fraction) => time_of_day(hours, minutes, seconds, fraction),
        }
    }

    /// The first three digits of a fraction; the others are passed over.
    fn milliseconds(&mut self) -> Option<i64> {
        let digits = self.digits(usize::MAX);
        let padded = digits.iter().chain(b"000").take(3);
        let value = padded.fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
        (!digits.is_empty()).then_some(value)
    }

    /// What is left of `text` as a time zone: nothing and `Z` are UTC.
    fn zone(&mut self, text: &'a str) -> Option<WrittenZone<'a>> {
        let sign = match self.0 {
            [] | [b'Z' | b'z'] => return Some(WrittenZone::Offset(0)),
            [b'+', ..] => 1,
            [b'-', ..] => -1,
            _ => return named_zone(text.get(text.len() - self.0.len()..)?),
        };
        self.0 = &self.0[1..];
        let digits = self.digits(6);
        let (hours, minutes, seconds) = match digits.len() {
            1 | 2 if self.skip(b':') => {
                let minutes = self.one_or_two()?;
                let seconds = if self.skip(b':') { self.one_or_two()? } else { 0 };
                (number(digits), minutes, seconds)
            }
            1 | 2 => (number(digits), 0, 0),
            4 => (number(&digits[..2]), number(&digits[2..]), 0),
            6 => (number(&digits[..2]), number(&digits[2..4]), number(&digits[4..])),
            _ => return None,
        };
        let offset = hours * MS_PER_HOUR + minutes * MS_PER_MINUTE + seconds * MS_PER_SECOND;
        let is_offset = self.0.is_empty() && hours < 24 && minutes < 60 && seconds < 60;
        is_offset.then_some(WrittenZone::Offset(sign * offset))
    }
}

/// UTC under its usual names, and zones such as `Europe/Berlin`. Abbreviations such as `CET` are none: whether they move
/// with the clocks, and where on Earth they are, differs from system to system.
#[cold]
fn named_zone(name: &str) -> Option<WrittenZone<'_>> {
    let is_utc = ["UTC", "GMT"].iter().any(|utc| name.eq_ignore_ascii_case(utc));
    if is_utc {
        return Some(WrittenZone::Offset(0));
    }
    (name.contains('/') && Zone::parse(name).is_some()).then_some(WrittenZone::Named(name))
}

#[inline]
fn number(digits: &[u8]) -> i64 {
    digits
        .iter()
        .fold(0, |value, digit| value * 10 + i64::from(digit - b'0'))
}
