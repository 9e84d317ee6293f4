//! `DATE_PART`, which is also EXTRACT and YEAR … MILLISECOND.

use arrow::array::ArrayRef;
use arrow::datatypes::{
    DataType, Float64Type, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, TimestampMillisecondType,
};
use chrono::{DateTime, Datelike, Utc};
use datafusion_common::{DataFusionError, Result, ScalarValue, exec_datafusion_err};
use velo_data::SqlType;

use super::super::native::{Arguments, Native, Returns, collect_primitive};
use super::super::notation::Notation;
use super::super::parameter::Parameter;

pub(crate) static DATE_PART: Native = Native {
    name: "date_part",
    parameters: &[Parameter::In(Notation::DatePart), Parameter::InstantOrInterval],
    required: 2,
    returns: Returns::By(part_type),
    evaluate: date_part,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Millennium,
    Century,
    Decade,
    Year,
    IsoYear,
    Quarter,
    Month,
    Week,
    DayOfYear,
    Day,
    DayOfWeek,
    IsoDayOfWeek,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    Epoch,
}

impl Part {
    /// What the parts are called, each in one spelling.
    pub(crate) const NAMES: [&'static str; 18] = [
        "year",
        "quarter",
        "month",
        "week",
        "day",
        "hour",
        "minute",
        "second",
        "millisecond",
        "microsecond",
        "epoch",
        "dow",
        "isodow",
        "doy",
        "isoyear",
        "decade",
        "century",
        "millennium",
    ];

    /// # Errors
    ///
    /// There is no such part.
    pub(crate) fn read(text: &str) -> Result<Self> {
        Self::parse(text).ok_or_else(|| exec_datafusion_err!("`{text}` is not a part of a date or time"))
    }

    fn parse(text: &str) -> Option<Self> {
        Some(match text.trim().to_ascii_lowercase().as_str() {
            "millennium" | "millennia" => Self::Millennium,
            "century" | "centuries" => Self::Century,
            "decade" | "decades" => Self::Decade,
            "year" | "years" => Self::Year,
            "isoyear" => Self::IsoYear,
            "quarter" | "quarters" => Self::Quarter,
            "month" | "months" => Self::Month,
            "week" | "weeks" | "weekofyear" => Self::Week,
            "doy" | "dayofyear" => Self::DayOfYear,
            "day" | "days" | "dayofmonth" => Self::Day,
            "dow" | "dayofweek" | "weekday" => Self::DayOfWeek,
            "isodow" => Self::IsoDayOfWeek,
            "hour" | "hours" => Self::Hour,
            "minute" | "minutes" => Self::Minute,
            "second" | "seconds" => Self::Second,
            "millisecond" | "milliseconds" | "ms" => Self::Millisecond,
            "microsecond" | "microseconds" | "us" => Self::Microsecond,
            "epoch" => Self::Epoch,
            _ => return None,
        })
    }

    fn of_time(self, time: DateTime<Utc>) -> i64 {
        let millis = time.timestamp_millis();
        let year = i64::from(time.year());
        match self {
            Self::Millennium => (year - 1).div_euclid(1_000) + 1,
            Self::Century => (year - 1).div_euclid(100) + 1,
            Self::Decade => year.div_euclid(10),
            Self::Year => year,
            Self::IsoYear => i64::from(time.iso_week().year()),
            Self::Quarter => i64::from(time.quarter()),
            Self::Month => i64::from(time.month()),
            Self::Week => i64::from(time.iso_week().week()),
            Self::DayOfYear => i64::from(time.ordinal()),
            Self::Day => i64::from(time.day()),
            Self::DayOfWeek => i64::from(time.weekday().num_days_from_sunday()),
            Self::IsoDayOfWeek => i64::from(time.weekday().number_from_monday()),
            Self::Hour => millis.div_euclid(3_600_000).rem_euclid(24),
            Self::Minute => millis.div_euclid(60_000).rem_euclid(60),
            Self::Second | Self::Epoch => millis.div_euclid(1_000).rem_euclid(60),
            Self::Millisecond => millis.rem_euclid(60_000),
            Self::Microsecond => millis.rem_euclid(60_000) * 1_000,
        }
    }

    /// The part of an interval, whose hours may be more than 24; `None` for parts that only a date has.
    fn of_interval(self, interval: IntervalMonthDayNano) -> Option<i64> {
        let (years, seconds) = (i64::from(interval.months) / 12, interval.nanoseconds / 1_000_000_000);
        let in_minute = interval.nanoseconds % 60_000_000_000;
        Some(match self {
            Self::Millennium => years / 1_000,
            Self::Century => years / 100,
            Self::Decade => years / 10,
            Self::Year => years,
            Self::Quarter => i64::from(interval.months) % 12 / 3 + 1,
            Self::Month => i64::from(interval.months) % 12,
            Self::Day => i64::from(interval.days),
            Self::Hour => seconds / 3_600,
            Self::Minute => seconds / 60 % 60,
            Self::Second => seconds % 60,
            Self::Millisecond => in_minute / 1_000_000,
            Self::Microsecond => in_minute / 1_000,
            Self::IsoYear | Self::Week | Self::DayOfYear | Self::DayOfWeek | Self::IsoDayOfWeek | Self::Epoch => {
                return None;
            }
        })
    }
}

/// Seconds have a fraction only as `epoch`, so the part must be a literal.
fn part_type(_: &[SqlType], literals: &[Option<ScalarValue>]) -> Option<SqlType> {
    let literal = literals.first()?.as_ref()?;
    let part = Part::parse(literal.try_as_str()??)?;
    Some(if part == Part::Epoch {
        SqlType::Double
    } else {
        SqlType::BigInt
    })
}

fn date_part(arguments: &Arguments) -> Result<ArrayRef> {
    let text = arguments.text(0)?;
    let name = text.constant().unwrap_or_default();
    let part = Part::read(name)?;
    let is_interval = matches!(arguments.operand(1)?.array().data_type(), DataType::Interval(_));
    match (part, is_interval) {
        (Part::Epoch, false) => {
            let time = arguments.primitive::<TimestampMillisecondType>(1)?;
            collect_primitive::<Float64Type>(arguments, |row| Ok(time.get(row).map(|time| time as f64 / 1_000.0)))
        }
        (Part::Epoch, true) => {
            let interval = arguments.primitive::<IntervalMonthDayNanoType>(1)?;
            collect_primitive::<Float64Type>(arguments, |row| Ok(interval.get(row).map(seconds_of)))
        }
        (part, true) => {
            let interval = arguments.primitive::<IntervalMonthDayNanoType>(1)?;
            collect_primitive::<Int64Type>(arguments, |row| match interval.get(row) {
                Some(interval) => part.of_interval(interval).map(Some).ok_or_else(|| no_such_part(name)),
                None => Ok(None),
            })
        }
        (part, false) => {
            let time = arguments.primitive::<TimestampMillisecondType>(1)?;
            collect_primitive::<Int64Type>(arguments, |row| match time.get(row) {
                Some(millis) => match DateTime::from_timestamp_millis(millis) {
                    Some(time) => Ok(Some(part.of_time(time))),
                    None => Err(exec_datafusion_err!("{millis} is outside the range of dates")),
                },
                None => Ok(None),
            })
        }
    }
}

/// A month counts as 30 days and twelve of them as 365.25, as in DuckDB.
fn seconds_of(interval: IntervalMonthDayNano) -> f64 {
    let (years, months) = (f64::from(interval.months / 12), f64::from(interval.months % 12));
    let days = years * 365.25 + months * 30.0 + f64::from(interval.days);
    days * 86_400.0 + interval.nanoseconds as f64 / 1e9
}

fn no_such_part(name: &str) -> DataFusionError {
    exec_datafusion_err!("an INTERVAL has no `{name}`")
}
