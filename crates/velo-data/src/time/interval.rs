use arrow::compute::kernels::cast_utils::parse_interval_month_day_nano;
use arrow::datatypes::IntervalMonthDayNano;

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const NANOS_PER_MINUTE: i64 = 60 * NANOS_PER_SECOND;
const NANOS_PER_HOUR: i64 = 60 * NANOS_PER_MINUTE;

/// An interval: an ISO 8601 duration, or units (`1 month 2 days 3 hours`) with a time of day (`-03:04:05.5`) alone or at the end.
/// A number without a unit is none.
pub fn parse_interval(text: &str) -> Option<IntervalMonthDayNano> {
    let text = text.trim_ascii();
    iso_duration(text).or_else(|| sql_interval(text))
}

fn sql_interval(text: &str) -> Option<IntervalMonthDayNano> {
    let (units, time) = match text.rsplit_once(|character: char| character.is_ascii_whitespace()) {
        Some((units, time)) if time.contains(':') => (units, time),
        None if text.contains(':') => ("", text),
        _ => return units_of_time(text),
    };
    let (is_negative, time) = strip_minus(time);
    let nanos = clock_nanos(time)?;
    let nanos = if is_negative { -nanos } else { nanos };
    let interval = if units.is_empty() {
        IntervalMonthDayNano::ZERO
    } else {
        units_of_time(units)?
    };
    let nanoseconds = interval.nanoseconds.checked_add(nanos)?;
    Some(IntervalMonthDayNano {
        nanoseconds,
        ..interval
    })
}

/// `1 month 2 days`. Arrow takes a number at the end that has no unit for months.
fn units_of_time(text: &str) -> Option<IntervalMonthDayNano> {
    let has_unit = text.bytes().last().is_some_and(|byte| byte.is_ascii_alphabetic());
    has_unit.then(|| parse_interval_month_day_nano(text).ok())?
}

/// Nanoseconds of `HH:MM[:SS[.fff]]`, which may be more than a day.
fn clock_nanos(text: &str) -> Option<i64> {
    let (hours, rest) = text.split_once(':')?;
    let (minutes, seconds_text) = rest.split_once(':').unwrap_or((rest, "0"));
    let part = |text: &str, most: usize| {
        let is_number = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<i64>().ok())?
    };
    let (hours, minutes) = (part(hours, 5)?, part(minutes, 2)?);
    let whole = seconds_text.split('.').next()?;
    let is_clock = minutes < 60 && part(whole, 2)? < 60;
    is_clock.then(|| Some(hours * NANOS_PER_HOUR + minutes * NANOS_PER_MINUTE + seconds(seconds_text)?))?
}

/// An ISO 8601 duration, such as `P1Y2M3DT4H5M6.5S`; each part may carry its own minus.
fn iso_duration(text: &str) -> Option<IntervalMonthDayNano> {
    let (is_negative, unsigned) = strip_minus(text);
    let parts = unsigned.strip_prefix('P')?;
    let (date_parts, time_parts) = match parts.split_once('T') {
        Some((date, time)) if !time.is_empty() => (date, time),
        Some(_) => return None,
        None => (parts, ""),
    };
    if parts.is_empty() {
        return None;
    }
    let mut interval = IntervalMonthDayNano::new(0, 0, 0);
    for_each_part(date_parts, |number, unit| add_date_part(&mut interval, number, unit))?;
    for_each_part(time_parts, |number, unit| add_time_part(&mut interval, number, unit))?;
    if is_negative {
        interval.months = interval.months.checked_neg()?;
        interval.days = interval.days.checked_neg()?;
        interval.nanoseconds = interval.nanoseconds.checked_neg()?;
    }
    Some(interval)
}

/// Hands on each `number unit` pair until one is refused.
fn for_each_part(parts: &str, mut add: impl FnMut(&str, u8) -> Option<()>) -> Option<()> {
    let mut rest = parts;
    while let Some(length) = rest.bytes().position(|byte| byte.is_ascii_alphabetic()) {
        let unit = *rest.as_bytes().get(length)?;
        add(rest.get(..length)?, unit)?;
        rest = rest.get(length + 1..)?;
    }
    rest.is_empty().then_some(())
}

fn add_date_part(interval: &mut IntervalMonthDayNano, number: &str, unit: u8) -> Option<()> {
    let number: i32 = number.parse().ok()?;
    let (total, per_unit) = match unit {
        b'Y' => (&mut interval.months, 12),
        b'M' => (&mut interval.months, 1),
        b'W' => (&mut interval.days, 7),
        b'D' => (&mut interval.days, 1),
        _ => return None,
    };
    *total = total.checked_add(number.checked_mul(per_unit)?)?;
    Some(())
}

fn add_time_part(interval: &mut IntervalMonthDayNano, number: &str, unit: u8) -> Option<()> {
    let nanoseconds = match unit {
        b'H' => number.parse::<i64>().ok()?.checked_mul(NANOS_PER_HOUR)?,
        b'M' => number.parse::<i64>().ok()?.checked_mul(NANOS_PER_MINUTE)?,
        b'S' => seconds(number)?,
        _ => return None,
    };
    interval.nanoseconds = interval.nanoseconds.checked_add(nanoseconds)?;
    Some(())
}

/// Nanoseconds of a number of seconds with up to nine digits behind the point.
fn seconds(number: &str) -> Option<i64> {
    let (is_negative, unsigned) = strip_minus(number);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if fraction.len() > 9 || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    let fraction = digits.fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
    // Subtracting keeps the most negative number in range.
    let magnitude = whole
        .checked_neg()?
        .checked_mul(NANOS_PER_SECOND)?
        .checked_sub(fraction)?;
    if is_negative {
        Some(magnitude)
    } else {
        magnitude.checked_neg()
    }
}

fn strip_minus(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ISO 8601; the units as DuckDB reads them.
    #[test]
    fn intervals() {
        let cases = [
            ("PT0S", (0, 0, 0)),
            ("P1Y2M3DT4H5M6.5S", (14, 3, 14_706_500_000_000)),
            ("P-1M2D", (-1, 2, 0)),
            ("PT-0.000000001S", (0, 0, -1)),
            ("PT1H", (0, 0, NANOS_PER_HOUR)),
            ("PT-2562047H-47M-16.854775808S", (0, 0, i64::MIN)),
            ("P2W", (0, 14, 0)),
            ("-P1D", (0, -1, 0)),
            (" 1 month 2 days 03:04:05 ", (1, 2, 11_045_000_000_000)),
            ("1 year -2 days", (12, -2, 0)),
            ("-01:30:00.5", (0, 0, -5_400_500_000_000)),
            ("100:00:00", (0, 0, 100 * NANOS_PER_HOUR)),
        ];
        for (text, (months, days, nanoseconds)) in cases {
            let interval = IntervalMonthDayNano::new(months, days, nanoseconds);
            assert_eq!(parse_interval(text), Some(interval), "{text}");
        }
        let none = [
            "", "P", "PT", "P1H", "PT1D", "P1", "PT1.5H", "P1DT", "5", "1 day 5", "nonsense", "01:60:00", "1:2:60",
            ":", "1:",
        ];
        for text in none {
            assert_eq!(parse_interval(text), None, "{text}");
        }
    }
}
