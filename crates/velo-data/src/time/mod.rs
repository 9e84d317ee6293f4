//! Points in time as text and as numbers: the one set of forms that casts, functions and the readers of every format take.
//!
//! | kind | texts |
//! |---|---|
//! | date | `2024-01-05`, `2024-1-5`, `20240105`; years of more than four digits with or without a sign |
//! | time | `03:04[:05[.678]]`, `3:4:5`, `T030405`, `0304`; the fraction may stand behind a comma |
//! | point in time | a date; or a date, `T` or blanks, a time; both with `Z`, `UTC`, an offset, or the name of a time zone behind |
//! | interval | `1 month 2 days 03:04:05`, `P1M2DT3H4M5S` |
//!
//! Blanks around and between the parts do not matter. `24:00:00` is the midnight that ends a day. Digits behind the
//! millisecond are cut off.

mod calendar;
mod fixed;
mod format;
mod interval;
mod pattern;
mod text;
mod zone;

pub use calendar::{MS_PER_DAY, civil_from_days};
pub use format::{TimeFormat, TimeProblem, plausible_millis};
pub use interval::parse_interval;
pub use pattern::{ReadTime, TimePattern};
pub use text::{parse_date, parse_time, parse_timestamp};
pub use zone::Zone;
