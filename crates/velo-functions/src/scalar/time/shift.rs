//! Truncating, counting and making spans of time.

use arrow::datatypes::{Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, TimestampMillisecondType};
use chrono::{DateTime, Datelike, NaiveDate};
use datafusion_common::{DataFusionError, exec_datafusion_err};
use velo_common::TimeUnit;
use velo_data::SqlType;

use super::super::native::{Native, Returns, collect_primitive};
use super::super::notation::Notation;
use super::super::parameter::Parameter;
use super::MILLIS_PER_DAY;
use super::unit::{millis, months, parse_unit};

const MICROS_PER_MILLI: i64 = 1_000;

pub(crate) static DATE_TRUNC: Native = Native {
    name: "date_trunc",
    parameters: &[Parameter::In(Notation::TimeUnit), Parameter::Instant],
    required: 2,
    returns: Returns::Always(SqlType::Timestamp),
    evaluate: |arguments| {
        let (unit, time) = (arguments.text(0)?, arguments.primitive::<TimestampMillisecondType>(1)?);
        let constant = unit.constant().map(parse_unit).transpose()?;
        collect_primitive::<TimestampMillisecondType>(arguments, |row| {
            let (Some(unit), Some(time)) = (unit.get(row), time.get(row)) else {
                return Ok(None);
            };
            let unit = constant.map_or_else(|| parse_unit(unit), Ok)?;
            truncated(time, unit).map(Some).ok_or_else(out_of_range)
        })
    },
};

/// The start of the unit that the time lies in. Weeks start on Monday.
fn truncated(time_ms: i64, unit: TimeUnit) -> Option<i64> {
    // The epoch was a Thursday, three days into its week.
    let offset = if unit == TimeUnit::Week { -3 * MILLIS_PER_DAY } else { 0 };
    if unit == TimeUnit::Microsecond {
        return Some(time_ms);
    }
    if let Some(length) = millis(unit) {
        let into = time_ms.checked_sub(offset)?.rem_euclid(length);
        return time_ms.checked_sub(into);
    }
    let since_zero = months_since_epoch_year_zero(time_ms)?;
    start_of_month(since_zero - since_zero.rem_euclid(months(unit)))
}

/// Calendar months since January of the year 0.
fn months_since_epoch_year_zero(time_ms: i64) -> Option<i64> {
    let date = DateTime::from_timestamp_millis(time_ms)?;
    Some(i64::from(date.year()) * 12 + i64::from(date.month0()))
}

fn start_of_month(months: i64) -> Option<i64> {
    let year = i32::try_from(months.div_euclid(12)).ok()?;
    let month = u32::try_from(months.rem_euclid(12)).ok()? + 1;
    let midnight = NaiveDate::from_ymd_opt(year, month, 1)?.and_hms_opt(0, 0, 0)?;
    Some(midnight.and_utc().timestamp_millis())
}

pub(crate) static DATE_DIFF: Native = Native {
    name: "datediff",
    parameters: &[
        Parameter::In(Notation::TimeUnit),
        Parameter::Instant,
        Parameter::Instant,
    ],
    required: 3,
    returns: Returns::Always(SqlType::BigInt),
    evaluate: |arguments| {
        let unit = arguments.text(0)?;
        let from = arguments.primitive::<TimestampMillisecondType>(1)?;
        let to = arguments.primitive::<TimestampMillisecondType>(2)?;
        let constant = unit.constant().map(parse_unit).transpose()?;
        collect_primitive::<Int64Type>(arguments, |row| {
            let (Some(unit), Some(from), Some(to)) = (unit.get(row), from.get(row), to.get(row)) else {
                return Ok(None);
            };
            let unit = constant.map_or_else(|| parse_unit(unit), Ok)?;
            boundaries_between(from, to, unit).map(Some).ok_or_else(out_of_range)
        })
    },
};

/// How many boundaries of the unit lie between two times. Weeks have none of their own: seven days are one.
fn boundaries_between(from: i64, to: i64, unit: TimeUnit) -> Option<i64> {
    match unit {
        TimeUnit::Week => return Some(boundaries_between(from, to, TimeUnit::Day)? / 7),
        TimeUnit::Microsecond => return to.checked_sub(from)?.checked_mul(MICROS_PER_MILLI),
        _ => {}
    }
    let index = |time: i64| match millis(unit) {
        Some(length) => Some(time.div_euclid(length)),
        None => Some(months_since_epoch_year_zero(time)?.div_euclid(months(unit))),
    };
    index(to)?.checked_sub(index(from)?)
}

pub(crate) static MAKE_INTERVAL: Native = Native {
    name: "interval_of",
    parameters: &[Parameter::In(Notation::TimeUnit), Parameter::Integer],
    required: 2,
    returns: Returns::Always(SqlType::Interval),
    evaluate: |arguments| {
        let (unit, count) = (arguments.text(0)?, arguments.primitive::<Int64Type>(1)?);
        let constant = unit.constant().map(parse_unit).transpose()?;
        collect_primitive::<IntervalMonthDayNanoType>(arguments, |row| {
            let (Some(unit), Some(count)) = (unit.get(row), count.get(row)) else {
                return Ok(None);
            };
            let unit = constant.map_or_else(|| parse_unit(unit), Ok)?;
            interval(count, unit).map(Some).ok_or_else(out_of_range)
        })
    },
};

/// So many units. Days stay days, so that nothing is lost to the 292 years that nanoseconds reach.
fn interval(count: i64, unit: TimeUnit) -> Option<IntervalMonthDayNano> {
    Some(match unit {
        TimeUnit::Day => IntervalMonthDayNano::new(0, i32::try_from(count).ok()?, 0),
        TimeUnit::Week => IntervalMonthDayNano::new(0, i32::try_from(count.checked_mul(7)?).ok()?, 0),
        TimeUnit::Microsecond => IntervalMonthDayNano::new(0, 0, count.checked_mul(1_000)?),
        unit => match millis(unit) {
            Some(length) => {
                let millis = count.checked_mul(length)?;
                let days = i32::try_from(millis / MILLIS_PER_DAY).ok()?;
                IntervalMonthDayNano::new(0, days, millis % MILLIS_PER_DAY * 1_000_000)
            }
            None => IntervalMonthDayNano::new(i32::try_from(count.checked_mul(months(unit))?).ok()?, 0, 0),
        },
    })
}

fn out_of_range() -> DataFusionError {
    exec_datafusion_err!("the result is outside the range of its type")
}
