//! Dates and times in ISO 8601, read and written without going through a calendar library.

use super::fixed_timestamp::parse_fixed_timestamp;

const MS_PER_SECOND: i64 = 1_000;
const MS_PER_MINUTE: i64 = 60 * MS_PER_SECOND;
const MS_PER_HOUR: i64 = 60 * MS_PER_MINUTE;
const MS_PER_DAY: i64 = 24 * MS_PER_HOUR;

/// Days since the epoch of `YYYY-MM-DD`. Years beyond four digits carry a sign.
pub(crate) fn parse_date(text: &str) -> Option<i32> {
    let (days, rest) = date(text.as_bytes())?;
    rest.is_empty().then_some(days)
}

/// Milliseconds of the day of `HH:MM[:SS[.fff…]]`; digits behind the milliseconds are cut off.
pub(crate) fn parse_time(text: &str) -> Option<i32> {
    let (milliseconds, rest) = time(text.as_bytes())?;
    rest.is_empty().then_some(milliseconds)
}

/// Milliseconds since the epoch of a date, `T` or a space, a time, and `Z` or an offset such as `+02:00`.
///
/// Without a time it is midnight, without an offset UTC; digits behind the milliseconds are cut off.
#[inline]
pub(crate) fn parse_timestamp(text: &str) -> Option<i64> {
    parse_fixed_timestamp(text.as_bytes()).or_else(|| parse_any_timestamp(text))
}

fn parse_any_timestamp(text: &str) -> Option<i64> {
    let (days, rest) = date(text.as_bytes())?;
    let midnight = i64::from(days) * MS_PER_DAY;
    let Some((separator, rest)) = rest.split_first() else {
        return Some(midnight);
    };
    if !matches!(separator, b'T' | b't' | b' ') {
        return None;
    }
    let (milliseconds, rest) = time(rest)?;
    Some(midnight + i64::from(milliseconds) - offset(rest)?)
}

/// The parts of a time in UTC, not yet known to be one.
#[derive(Debug, Clone, Copy)]
pub(super) struct CivilTime {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) hours: i64,
    pub(super) minutes: i64,
    pub(super) seconds: i64,
    pub(super) milliseconds: i64,
}

/// Milliseconds since the epoch, if there is such a day and such a time of day.
#[inline]
pub(super) fn civil_timestamp(time: CivilTime) -> Option<i64> {
    let of_day = time_of_day(time.hours, time.minutes, time.seconds, time.milliseconds)?;
    let days = checked_days(time.year, time.month, time.day)?;
    Some(days * MS_PER_DAY + of_day)
}

#[inline]
fn checked_days(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_day = (1..=12).contains(&month) && day >= 1 && day <= days_of_month(year, month);
    is_day.then(|| days_from_civil(year, month, day))
}

#[inline]
fn time_of_day(hours: i64, minutes: i64, seconds: i64, milliseconds: i64) -> Option<i64> {
    let is_time = hours <= 23 && minutes <= 59 && seconds <= 59;
    is_time.then_some(hours * MS_PER_HOUR + minutes * MS_PER_MINUTE + seconds * MS_PER_SECOND + milliseconds)
}

/// Appends `YYYY-MM-DD`.
pub(crate) fn write_date(days: i64, out: &mut Vec<u8>) {
    let (year, month, day) = civil_from_days(days);
    write_year(year, out);
    out.push(b'-');
    write_two_digits(month, out);
    out.push(b'-');
    write_two_digits(day, out);
}

fn write_year(year: i64, out: &mut Vec<u8>) {
    if (0..=9999).contains(&year) {
        write_two_digits(year / 100, out);
        write_two_digits(year % 100, out);
        return;
    }
    out.push(if year < 0 { b'-' } else { b'+' });
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(year.unsigned_abs());
    out.extend(std::iter::repeat_n(b'0', 4usize.saturating_sub(digits.len())));
    out.extend_from_slice(digits.as_bytes());
}

/// Appends `HH:MM:SS`, and `.mmm` unless it is zero.
pub(crate) fn write_time(milliseconds: i64, out: &mut Vec<u8>) {
    write_two_digits(milliseconds / MS_PER_HOUR, out);
    out.push(b':');
    write_two_digits(milliseconds / MS_PER_MINUTE % 60, out);
    out.push(b':');
    write_two_digits(milliseconds / MS_PER_SECOND % 60, out);
    let fraction = milliseconds % MS_PER_SECOND;
    if fraction != 0 {
        out.extend_from_slice(&[b'.', b'0' + (fraction / 100) as u8]);
        write_two_digits(fraction % 100, out);
    }
}

/// Appends `YYYY-MM-DDTHH:MM:SS[.mmm]Z`.
pub(crate) fn write_timestamp(milliseconds: i64, out: &mut Vec<u8>) {
    write_date(milliseconds.div_euclid(MS_PER_DAY), out);
    out.push(b'T');
    write_time(milliseconds.rem_euclid(MS_PER_DAY), out);
    out.push(b'Z');
}

fn write_two_digits(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(&[b'0' + (value / 10) as u8, b'0' + (value % 10) as u8]);
}

fn date(bytes: &[u8]) -> Option<(i32, &[u8])> {
    let (year, rest) = year(bytes)?;
    let (month, rest) = two_digits(symbol(rest, b'-')?)?;
    let (day, rest) = two_digits(symbol(rest, b'-')?)?;
    let days = i32::try_from(checked_days(year, month, day)?).ok()?;
    Some((days, rest))
}

/// Four digits, or a sign and four to six.
fn year(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (sign, unsigned) = match bytes.split_first()? {
        (b'-', rest) => (Some(-1), rest),
        (b'+', rest) => (Some(1), rest),
        _ => (None, bytes),
    };
    let length = unsigned.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length < 4 || length > if sign.is_some() { 6 } else { 4 } {
        return None;
    }
    let (digits, rest) = unsigned.split_at(length);
    let year = digits.iter().fold(0, |year, digit| year * 10 + i64::from(digit - b'0'));
    Some((year * sign.unwrap_or(1), rest))
}

fn time(bytes: &[u8]) -> Option<(i32, &[u8])> {
    let (hours, rest) = two_digits(bytes)?;
    let (minutes, rest) = two_digits(symbol(rest, b':')?)?;
    let (seconds, rest) = match symbol(rest, b':') {
        Some(rest) => two_digits(rest)?,
        None => (0, rest),
    };
    let (fraction, rest) = match symbol(rest, b'.').or_else(|| symbol(rest, b',')) {
        Some(rest) => milliseconds(rest)?,
        None => (0, rest),
    };
    let total = time_of_day(hours, minutes, seconds, fraction)?;
    Some((total as i32, rest))
}

/// The first three digits of a fraction; the others are passed over.
fn milliseconds(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let length = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = bytes.split_at(length);
    let padded = digits.iter().chain(b"000").take(3);
    let value = padded.fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
    (length > 0).then_some((value, rest))
}

/// Milliseconds that local time is ahead of UTC.
fn offset(bytes: &[u8]) -> Option<i64> {
    let (sign, rest) = match bytes.split_first() {
        None | Some((b'Z' | b'z', [])) => return Some(0),
        Some((b'+', rest)) => (1, rest),
        Some((b'-', rest)) => (-1, rest),
        Some(_) => return None,
    };
    let (hours, rest) = two_digits(rest)?;
    let rest = symbol(rest, b':').unwrap_or(rest);
    let (minutes, rest) = if rest.is_empty() { (0, rest) } else { two_digits(rest)? };
    if !rest.is_empty() || hours > 23 || minutes > 59 {
        return None;
    }
    Some(sign * (hours * MS_PER_HOUR + minutes * MS_PER_MINUTE))
}

fn symbol(bytes: &[u8], symbol: u8) -> Option<&[u8]> {
    bytes.strip_prefix(&[symbol])
}

fn two_digits(bytes: &[u8]) -> Option<(i64, &[u8])> {
    match bytes {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9', rest @ ..] => {
            Some((i64::from(tens - b'0') * 10 + i64::from(ones - b'0'), rest))
        }
        _ => None,
    }
}

fn days_of_month(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar (Hinnant, "chrono-compatible low-level date
/// algorithms"): years begin in March, so that the leap day is the last of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a day since 1970-01-01: the inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values from DuckDB: `epoch_ms(TIMESTAMPTZ '…')`.
    #[test]
    fn timestamps() {
        let cases = [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2024-01-01T00:00:00Z", Some(1_704_067_200_000)),
            ("2024-01-01", Some(1_704_067_200_000)),
            ("2024-02-29 12:34:56.789", Some(1_709_210_096_789)),
            ("2024-02-29T12:34:56.7891234Z", Some(1_709_210_096_789)),
            ("2024-02-29T12:34:56,5Z", Some(1_709_210_096_500)),
            ("2024-01-01T02:00+02:00", Some(1_704_067_200_000)),
            ("2023-12-31T19:30:00-0430", Some(1_704_067_200_000)),
            ("2024-01-01T01:00:00+01", Some(1_704_067_200_000)),
            ("1969-12-31T23:59:59.999Z", Some(-1)),
            ("0001-01-01T00:00:00Z", Some(-62_135_596_800_000)),
            ("2023-02-29", None),
            ("2024-13-01", None),
            ("2024-00-10", None),
            ("2024-01-01T24:00:00Z", None),
            ("2024-01-01T00:60:00Z", None),
            ("2024-01-01T00:00:60Z", None),
            ("2024-01-01T00:00:00X", None),
            ("2024-01-01T00:00:00.Z", None),
            ("2024-1-1", None),
            ("24-01-01", None),
            ("today", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_timestamp(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let written = |milliseconds| {
            let mut out = Vec::new();
            write_timestamp(milliseconds, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(1_704_067_200_000), "2024-01-01T00:00:00Z");
        assert_eq!(written(1_704_067_200_123), "2024-01-01T00:00:00.123Z");
        assert_eq!(written(-1), "1969-12-31T23:59:59.999Z");
        for milliseconds in (-80_000_000_000_000..900_000_000_000_000).step_by(76_543_210_987) {
            assert_eq!(parse_timestamp(&written(milliseconds)), Some(milliseconds));
        }
        for days in (-800_000..3_000_000).step_by(97) {
            let mut out = Vec::new();
            write_date(i64::from(days), &mut out);
            assert_eq!(parse_date(std::str::from_utf8(&out).unwrap()), Some(days));
        }
    }

    #[test]
    fn times() {
        assert_eq!(parse_time("12:34"), Some(45_240_000));
        assert_eq!(parse_time("23:59:59.999"), Some(86_399_999));
        assert_eq!(parse_time("24:00"), None);
        assert_eq!(parse_time("12"), None);
    }
}
