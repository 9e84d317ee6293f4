//! `CONVERT_TZ`: wall-clock time from one time zone to another.

use arrow::datatypes::TimestampMillisecondType;
use chrono::DateTime;
use datafusion_common::{Result, exec_datafusion_err};
use velo_data::SqlType;
use velo_data::time::Zone;

use super::super::native::{Native, Returns, collect_primitive};
use super::super::notation::Notation;
use super::super::parameter::Parameter;

/// # Errors
///
/// There is no such zone.
pub(crate) fn read_zone(text: &str) -> Result<Zone> {
    Zone::parse(text).ok_or_else(|| exec_datafusion_err!("`{text}` is not a time zone"))
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
            from.constant().map(read_zone).transpose()?,
            to.constant().map(read_zone).transpose()?,
        );
        collect_primitive::<TimestampMillisecondType>(arguments, |row| {
            let (Some(time), Some(from), Some(to)) = (time.get(row), from.get(row), to.get(row)) else {
                return Ok(None);
            };
            let from = constants.0.map_or_else(|| read_zone(from), Ok)?;
            let to = constants.1.map_or_else(|| read_zone(to), Ok)?;
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
