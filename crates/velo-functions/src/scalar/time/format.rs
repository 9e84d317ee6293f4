//! Points in time to and from text, and to and from seconds.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::{Float64Type, Int64Type, TimestampMillisecondType};
use chrono::{DateTime, TimeZone};
use datafusion_common::{Result, exec_datafusion_err, exec_err};
use velo_data::SqlType;
use velo_data::time::{ReadTime, TimePattern, Zone};

use super::super::native::{Arguments, Native, Returns, collect_primitive, collect_text};
use super::super::notation::Notation;
use super::super::parameter::Parameter;
use super::zone::read_zone;
use crate::cast::{convert, read_timestamp};

pub(crate) static DATE_FORMAT: Native = Native {
    name: "date_format",
    parameters: &[
        Parameter::Instant,
        Parameter::In(Notation::TimePattern),
        Parameter::In(Notation::TimeZone),
    ],
    required: 2,
    returns: Returns::Always(SqlType::String),
    evaluate: date_format,
};

fn date_format(arguments: &Arguments) -> Result<ArrayRef> {
    let time = arguments.primitive::<TimestampMillisecondType>(0)?;
    let mut patterns = Patterns::new(arguments);
    collect_text(arguments, |row, out| {
        let (Some(time), Some((pattern, zone))) = (time.get(row), patterns.at(row)?) else {
            return Ok(false);
        };
        let Some(utc) = DateTime::from_timestamp_millis(time) else {
            return exec_err!("{time} is outside the range of dates");
        };
        let local = zone.offset_at(utc.naive_utc()).from_utc_datetime(&utc.naive_utc());
        write!(out, "{}", local.format_with_items(pattern.items().iter()))
            .map_err(|_| exec_datafusion_err!("the pattern asks for something that a point in time does not have"))?;
        Ok(true)
    })
}

pub(crate) static PARSE_TIMESTAMP: Native = Native {
    name: "parse_timestamp",
    parameters: &[
        Parameter::Text,
        Parameter::In(Notation::TimePattern),
        Parameter::In(Notation::TimeZone),
    ],
    required: 1,
    returns: Returns::Always(SqlType::Timestamp),
    evaluate: parse_each,
};

fn parse_each(arguments: &Arguments) -> Result<ArrayRef> {
    let text = arguments.text(0)?;
    let mut patterns = if arguments.len() > 1 {
        Some(Patterns::new(arguments))
    } else {
        None
    };
    collect_primitive::<TimestampMillisecondType>(arguments, |row| {
        let Some(text) = text.get(row) else {
            return Ok(None);
        };
        let Some(patterns) = &mut patterns else {
            return read_timestamp(text).map(Some).map_err(|error| error());
        };
        match patterns.at(row)? {
            Some((pattern, zone)) => read(text, pattern, zone)
                .map(Some)
                .ok_or_else(|| exec_datafusion_err!("cannot read '{text}' as TIMESTAMP by the pattern")),
            None => Ok(None),
        }
    })
}

fn read(text: &str, pattern: &TimePattern, zone: Zone) -> Option<i64> {
    let utc = match pattern.read(text)? {
        ReadTime::Utc(utc) => utc,
        ReadTime::Local(local) => zone.to_utc(local)?,
    };
    Some(utc.and_utc().timestamp_millis())
}

/// # Errors
///
/// The text is no pattern.
pub(crate) fn read_pattern(text: &str) -> Result<TimePattern> {
    TimePattern::parse(text).map_err(|reason| exec_datafusion_err!("{reason}"))
}

/// The pattern and time zone of each row, which are prepared once when they are constant.
struct Patterns<'a> {
    arguments: &'a Arguments,
    pattern: Option<(String, TimePattern)>,
    zone: Option<(String, Zone)>,
}

impl<'a> Patterns<'a> {
    fn new(arguments: &'a Arguments) -> Self {
        Self {
            arguments,
            pattern: None,
            zone: None,
        }
    }

    fn at(&mut self, row: usize) -> Result<Option<(&TimePattern, Zone)>> {
        let Some(pattern) = self.arguments.text(1)?.get(row) else {
            return Ok(None);
        };
        let zone = match self.arguments.len() {
            3 => match self.arguments.text(2)?.get(row) {
                Some(zone) => zone,
                None => return Ok(None),
            },
            _ => "UTC",
        };
        if self.zone.as_ref().is_none_or(|(known, _)| known != zone) {
            self.zone = Some((zone.to_owned(), read_zone(zone)?));
        }
        if self.pattern.as_ref().is_none_or(|(known, _)| known != pattern) {
            self.pattern = Some((pattern.to_owned(), read_pattern(pattern)?));
        }
        Ok(self
            .pattern
            .as_ref()
            .zip(self.zone.as_ref())
            .map(|((_, pattern), (_, zone))| (pattern, *zone)))
    }
}

pub(crate) static FROM_UNIXTIME: Native = Native {
    name: "from_unixtime",
    parameters: &[Parameter::Number],
    required: 1,
    returns: Returns::Always(SqlType::Timestamp),
    evaluate: from_unixtime,
};

fn from_unixtime(arguments: &Arguments) -> Result<ArrayRef> {
    let seconds = arguments.operand(0)?.array();
    let out_of_range = || exec_datafusion_err!("the seconds are outside the range of TIMESTAMP");
    let millis: PrimitiveArray<TimestampMillisecondType> = if seconds.data_type().is_integer() {
        let whole = convert(seconds, &SqlType::BigInt, false)?;
        let whole = whole.as_primitive::<Int64Type>();
        whole.try_unary(|seconds| seconds.checked_mul(1_000).ok_or_else(out_of_range))?
    } else {
        let doubles = convert(seconds, &SqlType::Double, false)?;
        let doubles = doubles.as_primitive::<Float64Type>();
        doubles.try_unary(|seconds| {
            let millis = (seconds * 1_000.0).round();
            let is_in_range = millis.abs() < 9_223_372_036_854_775_808.0;
            is_in_range.then_some(millis as i64).ok_or_else(out_of_range)
        })?
    };
    Ok(Arc::new(millis))
}

pub(crate) static UNIX_TIMESTAMP: Native = Native {
    name: "unix_timestamp",
    parameters: &[Parameter::Instant],
    required: 1,
    returns: Returns::Always(SqlType::BigInt),
    evaluate: |arguments| {
        let time = arguments.primitive::<TimestampMillisecondType>(0)?;
        collect_primitive::<Int64Type>(arguments, |row| Ok(time.get(row).map(|time| time.div_euclid(1_000))))
    },
};
