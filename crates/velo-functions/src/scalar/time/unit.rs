use datafusion_common::{DataFusionError, Result, exec_datafusion_err};

/// A unit of time, as functions take it in text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    Decade,
    Century,
    Millennium,
}

impl Unit {
    /// Reads `day`, `DAYS` and their like.
    pub(super) fn parse(text: &str) -> Result<Self> {
        Self::by_name(text).ok_or_else(|| unknown(text))
    }

    fn by_name(text: &str) -> Option<Self> {
        Some(match text.trim().to_ascii_lowercase().as_str() {
            "millisecond" | "milliseconds" | "ms" => Self::Millisecond,
            "second" | "seconds" | "s" => Self::Second,
            "minute" | "minutes" | "m" => Self::Minute,
            "hour" | "hours" | "h" => Self::Hour,
            "day" | "days" | "d" => Self::Day,
            "week" | "weeks" | "w" => Self::Week,
            "month" | "months" => Self::Month,
            "quarter" | "quarters" => Self::Quarter,
            "year" | "years" | "y" => Self::Year,
            "decade" | "decades" => Self::Decade,
            "century" | "centuries" => Self::Century,
            "millennium" | "millennia" => Self::Millennium,
            _ => return None,
        })
    }

    /// Milliseconds, for units that have a fixed length.
    pub(super) const fn millis(self) -> Option<i64> {
        Some(match self {
            Self::Millisecond => 1,
            Self::Second => 1_000,
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
            Self::Week => 7 * 86_400_000,
            _ => return None,
        })
    }

    /// Months, for units that have no fixed length; 0 for the others.
    pub(super) const fn months(self) -> i64 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Year => 12,
            Self::Decade => 120,
            Self::Century => 1_200,
            Self::Millennium => 12_000,
            _ => 0,
        }
    }
}

fn unknown(text: &str) -> DataFusionError {
    exec_datafusion_err!(
        "`{text}` is not a unit of time; units are millisecond, second, minute, hour, day, week, month, quarter, year"
    )
}
