//! Values as text, in DuckDB's spelling.

use std::fmt::{self, Write};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewBuilder};
use arrow::compute::cast_with_options;
use arrow::datatypes::{
    DataType, Date32Type, Float64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, Time32MillisecondType,
    TimestampMillisecondType,
};
use datafusion_common::{Result, exec_err};
use velo_data::SqlType;
use velo_data::time::{MS_PER_DAY, civil_from_days};

use crate::kernel::CHECKED;

/// Writes each value as text.
pub(crate) fn to_text(array: &ArrayRef) -> Result<ArrayRef> {
    match SqlType::from_arrow(array.data_type()) {
        Some(SqlType::Double) => {
            let doubles = array.as_primitive::<Float64Type>();
            write_each(array, |row, text| write_double(doubles.value(row), text))
        }
        Some(SqlType::Timestamp) => {
            let times = array.as_primitive::<TimestampMillisecondType>();
            write_each(array, |row, text| write_timestamp(times.value(row), text))
        }
        Some(SqlType::Date) => {
            let dates = array.as_primitive::<Date32Type>();
            write_each(array, |row, text| write_date(i64::from(dates.value(row)), text))
        }
        Some(SqlType::Time) => {
            let times = array.as_primitive::<Time32MillisecondType>();
            write_each(array, |row, text| write_time_of_day(i64::from(times.value(row)), text))
        }
        Some(SqlType::Interval) => {
            let intervals = array.as_primitive::<IntervalMonthDayNanoType>();
            write_each(array, |row, text| write_interval(intervals.value(row), text))
        }
        _ => Ok(cast_with_options(array, &DataType::Utf8View, &CHECKED)?),
    }
}

fn write_each(array: &ArrayRef, mut write: impl FnMut(usize, &mut String) -> fmt::Result) -> Result<ArrayRef> {
    let mut column = StringViewBuilder::with_capacity(array.len());
    let mut text = String::new();
    for row in 0..array.len() {
        if array.is_null(row) {
            column.append_null();
            continue;
        }
        text.clear();
        if write(row, &mut text).is_err() {
            return exec_err!("a point in time outside the calendar cannot be written as text");
        }
        column.append_value(&text);
    }
    Ok(Arc::new(column.finish()))
}

/// The shortest text that reads back as the same number: `1.0`, `1e+16`, `1e-05`.
fn write_double(value: f64, text: &mut String) -> fmt::Result {
    if !value.is_finite() {
        let sign = if value < 0.0 { "-" } else { "" };
        return write!(
            text,
            "{}",
            if value.is_nan() {
                "nan".into()
            } else {
                format!("{sign}inf")
            }
        );
    }
    write!(text, "{value:?}")?;
    if let Some(at) = text.find('e') {
        let exponent: i32 = text[at + 1..].parse().map_err(|_| fmt::Error)?;
        text.truncate(at);
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(text, "e{sign}{:02}", exponent.unsigned_abs())?;
    }
    Ok(())
}

fn write_timestamp(time_ms: i64, text: &mut String) -> fmt::Result {
    write_date(time_ms.div_euclid(MS_PER_DAY), text)?;
    text.push(' ');
    write_time_of_day(time_ms.rem_euclid(MS_PER_DAY), text)
}

/// `YYYY-MM-DD`; years beyond four digits carry a sign.
fn write_date(days: i64, text: &mut String) -> fmt::Result {
    let (year, month, day) = civil_from_days(days);
    match year {
        0..=9999 => write!(text, "{year:04}-{month:02}-{day:02}"),
        _ => write!(text, "{year:+05}-{month:02}-{day:02}"),
    }
}

/// `HH:MM:SS`, with as many digits behind the point as are not zero.
fn write_time_of_day(millis: i64, text: &mut String) -> fmt::Result {
    let (seconds, rest) = (millis / 1_000, millis % 1_000);
    write!(
        text,
        "{:02}:{:02}:{:02}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )?;
    write_fraction(rest, 3, text)
}

fn write_fraction(value: i64, digits: usize, text: &mut String) -> fmt::Result {
    if value != 0 {
        write!(text, ".{value:0digits$}")?;
        text.truncate(text.trim_end_matches('0').len());
    }
    Ok(())
}

/// `1 year 2 months 3 days 04:05:06.5`
fn write_interval(interval: IntervalMonthDayNano, text: &mut String) -> fmt::Result {
    let parts = [
        (interval.months / 12, "year"),
        (interval.months % 12, "month"),
        (interval.days, "day"),
    ];
    for (count, unit) in parts.into_iter().filter(|(count, _)| *count != 0) {
        let blank = if text.is_empty() { "" } else { " " };
        let plural = if count.abs() == 1 { "" } else { "s" };
        write!(text, "{blank}{count} {unit}{plural}")?;
    }
    if interval.nanoseconds != 0 || text.is_empty() {
        let blank = if text.is_empty() { "" } else { " " };
        let sign = if interval.nanoseconds < 0 { "-" } else { "" };
        let nanos = interval.nanoseconds.unsigned_abs();
        let (seconds, rest) = (nanos / 1_000_000_000, (nanos % 1_000_000_000) as i64);
        write!(
            text,
            "{blank}{sign}{:02}:{:02}:{:02}",
            seconds / 3_600,
            seconds / 60 % 60,
            seconds % 60
        )?;
        write_fraction(rest, 9, text)?;
    }
    Ok(())
}
