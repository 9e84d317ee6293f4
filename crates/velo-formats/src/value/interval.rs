//! Intervals written as ISO 8601 durations, such as `P1Y2M3DT4H5M6.5S`; each part may carry its own minus.

use arrow::datatypes::IntervalMonthDayNano;

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const NANOS_PER_MINUTE: i64 = 60 * NANOS_PER_SECOND;
const NANOS_PER_HOUR: i64 = 60 * NANOS_PER_MINUTE;

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

#[cfg(test)]
mod tests {
    use super::*;
    use velo_data::time::parse_interval;

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
    }
}
