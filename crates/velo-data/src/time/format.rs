use std::fmt::{self, Write};

use super::pattern::{ReadTime, TimePattern};
use super::text::parse_timestamp;

/// 1990-01-01 in milliseconds since the epoch.
const PLAUSIBLE_FROM_MS: i64 = 631_152_000_000;
/// 2101-01-01 in milliseconds since the epoch.
const PLAUSIBLE_BEFORE_MS: i64 = 4_133_980_800_000;

/// A number as milliseconds since the epoch, if it falls into the years 1990 to 2100. Seconds, days and dates such as
/// `20240105` do not, so that none of them is taken for a time in 1970.
#[inline]
pub fn plausible_millis(number: i64) -> Option<i64> {
    (PLAUSIBLE_FROM_MS..PLAUSIBLE_BEFORE_MS)
        .contains(&number)
        .then_some(number)
}

/// How a column writes points in time, as `event.time.format` says.
#[derive(Debug, Clone)]
pub enum TimeFormat {
    /// Nothing is said: any of the [texts](super), or milliseconds since the epoch that are [plausible](plausible_millis).
    Auto,
    /// `epoch_millis`
    Millis,
    /// `epoch_seconds` = `epoch`, with or without a fraction.
    Seconds,
    /// `iso8601`: any of the [texts](super), never a number.
    Iso8601,
    /// A strftime or Java pattern.
    Pattern(TimePattern),
}

/// Why a value is no point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeProblem {
    /// It is not written as one.
    NotATime,
    /// It is a number that would be in this year if it were milliseconds since the epoch, which nothing says.
    Implausible {
        /// The year.
        year: i64,
    },
    /// It is beyond what a TIMESTAMP reaches.
    OutOfRange,
}

impl fmt::Display for TimeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotATime => f.write_str("it is not written as a point in time"),
            Self::Implausible { year } => write!(
                f,
                "as milliseconds since 1970 it is in the year {year}, outside of 1990 to 2100"
            ),
            Self::OutOfRange => f.write_str("it is out of range"),
        }
    }
}

impl TimeFormat {
    /// The format that a property names.
    ///
    /// # Errors
    ///
    /// It is neither one of the words nor a pattern; the message says why.
    pub fn parse(text: Option<&str>) -> Result<Self, String> {
        let word = text.map(str::trim).unwrap_or_default();
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        Ok(if is("") || is("auto") {
            Self::Auto
        } else if is("epoch_millis") {
            Self::Millis
        } else if is("epoch_seconds") || is("epoch") {
            Self::Seconds
        } else if is("iso8601") {
            Self::Iso8601
        } else {
            Self::Pattern(TimePattern::parse(word)?)
        })
    }

    /// Whether a cast reads a text that is written by this pattern as the same time. A column that was read as TIMESTAMP before
    /// the pattern was known then has the right values.
    pub fn agrees_with_casts(&self) -> bool {
        /// 2001-02-03 04:05:06, of which no two parts can change places unnoticed.
        const PROBE_MS: i64 = 981_173_106_000;
        let Self::Pattern(pattern) = self else {
            return true;
        };
        let Some(probe) = chrono::DateTime::from_timestamp_millis(PROBE_MS) else {
            return false;
        };
        let mut text = String::new();
        let is_written = write!(text, "{}", probe.format_with_items(pattern.items().iter())).is_ok();
        is_written && parse_timestamp(&text).is_some_and(|time| self.read_text(&text) == Ok(time))
    }

    /// Milliseconds since the epoch of a text.
    ///
    /// # Errors
    ///
    /// It is not written in this format.
    #[inline]
    pub fn read_text(&self, text: &str) -> Result<i64, TimeProblem> {
        match self {
            Self::Auto => parse_timestamp(text).ok_or(()).or_else(|()| auto_number(text)),
            Self::Iso8601 => parse_timestamp(text).ok_or(TimeProblem::NotATime),
            Self::Millis | Self::Seconds => {
                let text = text.trim_ascii();
                match text.parse() {
                    Ok(number) => self.read_integer(number),
                    Err(_) => self.read_double(text.parse().map_err(|_| TimeProblem::NotATime)?),
                }
            }
            Self::Pattern(pattern) => match pattern.read(text.trim_ascii()) {
                Some(ReadTime::Utc(time) | ReadTime::Local(time)) => Ok(time.and_utc().timestamp_millis()),
                None => Err(TimeProblem::NotATime),
            },
        }
    }

    /// Milliseconds since the epoch of a number that is stored as one.
    ///
    /// # Errors
    ///
    /// Numbers are not in this format, or this one is not.
    #[inline]
    pub fn read_integer(&self, number: i64) -> Result<i64, TimeProblem> {
        match self {
            Self::Auto => plausible(number),
            Self::Millis => Ok(number),
            Self::Seconds => number.checked_mul(1_000).ok_or(TimeProblem::OutOfRange),
            // Such as 20240105 by `%Y%m%d`.
            Self::Iso8601 | Self::Pattern(_) => self.read_text(&number.to_string()),
        }
    }

    /// Milliseconds since the epoch of a value of a column of numbers, which are milliseconds if nothing is said, as in every
    /// function that takes times. Those that are plausible as seconds are refused, so that they do not become times in 1970.
    ///
    /// # Errors
    ///
    /// As for other integers.
    #[inline]
    pub fn read_stored_integer(&self, number: i64) -> Result<i64, TimeProblem> {
        match self {
            Self::Auto if (PLAUSIBLE_FROM_MS / 1_000..PLAUSIBLE_BEFORE_MS / 1_000).contains(&number) => {
                plausible(number)
            }
            Self::Auto => Ok(number),
            _ => self.read_integer(number),
        }
    }

    /// The same of a number with a fraction, which is rounded to the millisecond.
    ///
    /// # Errors
    ///
    /// As for integers.
    pub fn read_stored_double(&self, number: f64) -> Result<i64, TimeProblem> {
        match self {
            Self::Auto => self.read_stored_integer(Self::Millis.read_double(number)?),
            _ => self.read_double(number),
        }
    }

    /// The same of a number with a fraction, which is rounded to the millisecond.
    ///
    /// # Errors
    ///
    /// As for integers.
    pub fn read_double(&self, number: f64) -> Result<i64, TimeProblem> {
        let rounded = |millis: f64| {
            let millis = millis.round();
            let is_in_range = millis.abs() < 9_223_372_036_854_775_808.0;
            is_in_range.then_some(millis as i64).ok_or(TimeProblem::OutOfRange)
        };
        match self {
            Self::Auto => plausible(rounded(number)?),
            Self::Millis => rounded(number),
            Self::Seconds => rounded(number * 1_000.0),
            Self::Iso8601 | Self::Pattern(_) if number.fract() == 0.0 => self.read_integer(rounded(number)?),
            Self::Iso8601 | Self::Pattern(_) => Err(TimeProblem::NotATime),
        }
    }
}

fn plausible(number: i64) -> Result<i64, TimeProblem> {
    plausible_millis(number).ok_or_else(|| TimeProblem::Implausible { year: year_of(number) })
}

fn year_of(millis: i64) -> i64 {
    super::civil_from_days(millis.div_euclid(super::MS_PER_DAY)).0
}

#[cold]
fn auto_number(text: &str) -> Result<i64, TimeProblem> {
    let number = text.trim_ascii().parse().map_err(|_| TimeProblem::NotATime)?;
    plausible(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_say_what_a_cast_reads_anyway() {
        let cases = [
            ("%Y-%m-%d %H:%M:%S", true),
            ("yyyy-MM-dd'T'HH:mm:ssX", false), // One `X` is no pattern of ours.
            ("yyyy-MM-dd HH:mm", true),
            ("%Y%m%d", true),
            ("%Y-%d-%m", false),
            ("%d.%m.%Y", false),
            ("%s", false),
            ("epoch_seconds", true),
        ];
        for (text, expected) in cases {
            let agrees = TimeFormat::parse(Some(text)).is_ok_and(|format| format.agrees_with_casts());
            assert_eq!(agrees, expected, "{text}");
        }
    }
}
