use datafusion_common::{Result, exec_datafusion_err};
use velo_common::TimeUnit;

/// Nanoseconds in the millisecond that points in time are counted in.
const NANOS_PER_MILLI: u64 = 1_000_000;

/// Reads `day`, `DAYS` and their like.
pub(crate) fn parse_unit(text: &str) -> Result<TimeUnit> {
    TimeUnit::parse(text.trim()).ok_or_else(|| exec_datafusion_err!("`{text}` is not a unit of time"))
}

/// Milliseconds, for units of a fixed length that is not below one.
pub(super) fn millis(unit: TimeUnit) -> Option<i64> {
    let millis = unit.nanoseconds()? / NANOS_PER_MILLI;
    i64::try_from(millis).ok().filter(|millis| *millis > 0)
}

/// Months, for units that have no fixed length; 0 for the others.
pub(super) fn months(unit: TimeUnit) -> i64 {
    unit.months().map_or(0, i64::from)
}
