//! Functions of points in time. They take TIMESTAMP, DATE, epoch milliseconds and text in ISO 8601.

mod format;
mod part;
mod shift;
mod to_char;
mod unit;
mod zone;

pub(super) use format::read_pattern;
pub(crate) use format::{DATE_FORMAT, FROM_UNIXTIME, PARSE_TIMESTAMP, UNIX_TIMESTAMP};
pub(crate) use part::DATE_PART;
pub(super) use part::Part;
pub(crate) use shift::{DATE_DIFF, DATE_TRUNC, MAKE_INTERVAL};
pub(crate) use to_char::TO_CHAR;
pub(super) use to_char::Template;
pub(super) use unit::parse_unit;
pub(crate) use zone::CONVERT_TZ;
pub(super) use zone::read_zone;

const MILLIS_PER_DAY: i64 = 86_400_000;
