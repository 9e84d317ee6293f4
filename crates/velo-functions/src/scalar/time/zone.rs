//! `CONVERT_TZ`: wall-clock time from one time zone to another.

use std::str::FromStr;

use arrow::datatypes::TimestampMillisecondType;
use chrono::{DateTime, FixedOffset, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;
use datafusion_common::{Result, exec_datafusion_err};
use velo_data::SqlType;

use super::super::native::{Native, Returns, collect_primitive};
use super::super::notation::Notation;
use super::super::parameter::Parameter;

/// A time zone by IANA name or by offset.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Zone {
    Named(Tz),
    Fixed(FixedOffset),
}

impl Zone {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        if let Ok(zone) = Tz::from_str(text) {
            return Ok(Self::Named(zone));
        }
        match FixedOffset::from_str(text) {
            Ok(offset) => Ok(Self::Fixed(offset)),
            Err(_) => Err(exec_datafusion_err!("`{text}` is not a time zone")),
        }
    }

    pub(crate) fn offset_at(self, utc: NaiveDateTime) -> FixedOffset {
        match self {
            Self::Named(zone) => zone.offset_from_utc_datetime(&utc).fix(),
            Self::Fixed(offset) => offset,
        }
    }

    /// UTC of a wall-clock time. One that comes twice is its first occurrence; one that the clock skips is read with
    /// the offset before the gap.
    pub(crate) fn to_utc(self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        let offset = match self {
            Self::Fixed(offset) => offset,
            Self::Named(zone) => {
                let before_gap = || {
                    let earlier = local.checked_sub_signed(TimeDelta::hours(3))?;
                    zone.offset_from_local_datetime(&earlier).earliest()
                };
                let offset = zone.offset_from_local_datetime(&local).earliest();
                offset.or_else(before_gap)?.fix()
            }
        };
        local.checked_sub_offset(offset)
    }
}

pub(crate) static CONVERT_TZ: Native = Native {
    name: "convert_tz",
    parameters: &[
        Parameter::Instant,
        Parameter::In(Notation::TimeZone),
        Parameter::In(Notation::TimeZone),
    ],
    required: 3,
    returns: Returns::Always(SqlType::Timestamp),
    evaluate: |arguments| {
        let time = arguments.primitive::<TimestampMillisecondType>(0)?;
        let (from, to) = (arguments.text(1)?, arguments.text(2)?);
        let constants = (
            from.constant().map(Zone::parse).transpose()?,
            to.constant().map(Zone::parse).transpose()?,
        );
        collect_primitive::<TimestampMillisecondType>(arguments, |row| {
            let (Some(time), Some(from), Some(to)) = (time.get(row), from.get(row), to.get(row)) else {
                return Ok(None);
            };
            let from = constants.0.map_or_else(|| Zone::parse(from), Ok)?;
            let to = constants.1.map_or_else(|| Zone::parse(to), Ok)?;
            match converted(time, from, to) {
                Some(time) => Ok(Some(time)),
                None => Err(exec_datafusion_err!("{time} is outside the range of dates")),
            }
        })
    },
};

fn converted(time_ms: i64, from: Zone, to: Zone) -> Option<i64> {
    let local = DateTime::from_timestamp_millis(time_ms)?.naive_utc();
    let utc = from.to_utc(local)?;
    let moved = utc.checked_add_offset(to.offset_at(utc))?;
    Some(moved.and_utc().timestamp_millis())
}
