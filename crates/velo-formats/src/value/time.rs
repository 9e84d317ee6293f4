//! Dates and times written in ISO 8601, without going through a calendar library.

use velo_data::time::{MS_PER_DAY, civil_from_days};

const MS_PER_SECOND: i64 = 1_000;
const MS_PER_MINUTE: i64 = 60 * MS_PER_SECOND;
const MS_PER_HOUR: i64 = 60 * MS_PER_MINUTE;

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

#[cfg(test)]
mod tests {
    use super::*;
    use velo_data::time::{parse_date, parse_timestamp};

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
        for milliseconds in [i64::MIN, i64::MAX] {
            assert_eq!(parse_timestamp(&written(milliseconds)), Some(milliseconds));
        }
        for days in (-800_000..3_000_000).step_by(97) {
            let mut out = Vec::new();
            write_date(i64::from(days), &mut out);
            assert_eq!(parse_date(std::str::from_utf8(&out).unwrap()), Some(days));
        }
    }
}
