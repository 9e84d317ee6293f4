//! Intervals as ISO 8601 durations, such as `P1Y2M3DT4H5M6.5S`; each part may carry its own minus.

use arrow::datatypes::IntervalMonthDayNano;

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const NANOS_PER_MINUTE: i64 = 60 * NANOS_PER_SECOND;
const NANOS_PER_HOUR: i64 = 60 * NANOS_PER_MINUTE;

/// Reads a duration.
pub(crate) fn parse_interval(text: &str) -> Option<IntervalMonthDayNano> {
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

/// Appends a duration.
pub(crate) fn write_interval(interval: IntervalMonthDayNano, out: &mut Vec<u8>) {
    let start = out.len();
    out.push(b'P');
    write_part(i64::from(interval.months / 12), b'Y', out);
    write_part(i64::from(interval.months % 12), b'M', out);
    write_part(i64::from(interval.days), b'D', out);
    let nanoseconds = interval.nanoseconds;
    if nanoseconds != 0 {
        out.push(b'T');
        write_part(nanoseconds / NANOS_PER_HOUR, b'H', out);
        write_part(nanoseconds / NANOS_PER_MINUTE % 60, b'M', out);
        write_seconds(nanoseconds % NANOS_PER_MINUTE, out);
    }
    if out.len() == start + 1 {
        out.extend_from_slice(b"T0S");
    }
}

fn write_part(number: i64, unit: u8, out: &mut Vec<u8>) {
    if number != 0 {
        out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        out.push(unit);
    }
}

fn write_seconds(nanoseconds: i64, out: &mut Vec<u8>) {
    if nanoseconds == 0 {
        return;
    }
    if nanoseconds < 0 {
        out.push(b'-');
    }
    let magnitude = nanoseconds.unsigned_abs();
    out.extend_from_slice(
        itoa::Buffer::new()
            .format(magnitude / NANOS_PER_SECOND as u64)
            .as_bytes(),
    );
    let mut fraction = magnitude % NANOS_PER_SECOND as u64;
    if fraction != 0 {
        out.push(b'.');
        let mut unit = NANOS_PER_SECOND as u64 / 10;
        while fraction != 0 {
            out.push(b'0' + (fraction / unit) as u8);
            fraction %= unit;
            unit /= 10;
        }
    }
    out.push(b'S');
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

    #[test]
    fn durations_read_back() {
        let cases = [
            ("PT0S", (0, 0, 0)),
            ("P1Y2M3DT4H5M6.5S", (14, 3, 14_706_500_000_000)),
            ("P-1M2D", (-1, 2, 0)),
            ("PT-0.000000001S", (0, 0, -1)),
            ("PT1H", (0, 0, NANOS_PER_HOUR)),
            ("PT-2562047H-47M-16.854775808S", (0, 0, i64::MIN)),
        ];
        for (text, (months, days, nanoseconds)) in cases {
            let interval = IntervalMonthDayNano::new(months, days, nanoseconds);
            let mut out = Vec::new();
            write_interval(interval, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text);
            assert_eq!(parse_interval(text), Some(interval), "{text}");
        }
        assert_eq!(parse_interval("P2W"), Some(IntervalMonthDayNano::new(0, 14, 0)));
        assert_eq!(parse_interval("-P1D"), Some(IntervalMonthDayNano::new(0, -1, 0)));
        for text in ["", "P", "PT", "1D", "P1H", "PT1D", "P1", "PT1.5H", "P1DT"] {
            assert_eq!(parse_interval(text), None, "{text}");
        }
    }
}
