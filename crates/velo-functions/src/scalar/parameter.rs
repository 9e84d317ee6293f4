use std::fmt;

use datafusion_common::ScalarValue;
use velo_data::SqlType;

use super::notation::{Notation, NotationError};
use crate::cast::can_cast;

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameter {
    /// Text.
    Text,
    /// Text in a notation of its own.
    In(Notation),
    /// Anything that can be written as text.
    Printable,
    /// A whole number.
    Integer,
    /// Any number, read as DOUBLE.
    Double,
    /// Any number, in its own type.
    Number,
    /// TIMESTAMP, DATE, epoch milliseconds, or text that is a point in time.
    Instant,
    /// TIMESTAMP or DATE, and nothing that is read as one.
    Moment,
    /// A point in time, or an INTERVAL.
    InstantOrInterval,
    /// Bytes, or text read as its UTF-8 bytes.
    Bytes,
    /// Record headers.
    Headers,
    /// An array of anything.
    Array,
    /// A map of anything.
    Map,
    /// A value of any type.
    Any,
}

impl Parameter {
    /// The type that an argument of this type is brought to; `None` when it is not taken.
    pub(crate) fn accept(self, given: &SqlType) -> Option<SqlType> {
        use SqlType::{BigInt, Bytes, Date, Double, Interval, Map, Null, String, Timestamp};
        match self {
            Self::Text | Self::In(_) => (given.is_text() || *given == Null).then_some(String),
            // Not all BYTES are text; a CAST says that these are meant to be.
            Self::Printable => (*given != Bytes && can_cast(given, &String)).then_some(String),
            Self::Integer => (given.is_integer() || *given == Null).then_some(BigInt),
            Self::Double => (given.is_numeric() || *given == Null).then_some(Double),
            Self::Number if *given == Null => Some(BigInt),
            Self::Number => given.is_numeric().then(|| given.clone()),
            Self::Instant => {
                let is_instant = matches!(given, Timestamp | Date | String | Null) || given.is_integer();
                is_instant.then_some(Timestamp)
            }
            Self::Moment => matches!(given, Timestamp | Date | Null).then_some(Timestamp),
            Self::InstantOrInterval if *given == Interval => Some(Interval),
            Self::InstantOrInterval => Self::Instant.accept(given),
            Self::Bytes => (given.is_text() || matches!(given, Bytes | Null)).then_some(Bytes),
            Self::Headers => {
                let headers = Map(Box::new(String), Box::new(Bytes));
                (*given == headers || *given == Null).then_some(headers)
            }
            Self::Array => matches!(given, SqlType::Array(_) | Null).then(|| given.clone()),
            Self::Map => matches!(given, Map(_, _) | Null).then(|| given.clone()),
            Self::Any => Some(given.clone()),
        }
    }

    /// Whether a call with this constant could ever work.
    ///
    /// # Errors
    ///
    /// Every row would fail.
    pub(crate) fn check(self, constant: &ScalarValue) -> Result<(), NotationError> {
        match (self, constant.try_as_str().flatten()) {
            (Self::In(notation), Some(text)) => notation.check(text),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text | Self::In(_) => "text",
            Self::Printable => "a value that can be written as text",
            Self::Integer => "a whole number",
            Self::Double | Self::Number => "a number",
            Self::Instant => "a TIMESTAMP, a DATE or epoch milliseconds",
            Self::Moment => "a TIMESTAMP or a DATE",
            Self::InstantOrInterval => "a TIMESTAMP, a DATE, epoch milliseconds or an INTERVAL",
            Self::Bytes => "BYTES or text",
            Self::Headers => "record headers",
            Self::Array => "an array",
            Self::Map => "a map",
            Self::Any => "a value",
        })
    }
}
