use std::time::Duration;

/// A unit of time, as durations and intervals name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TimeUnit {
    /// `us`, `MICROSECOND`.
    Microsecond,
    /// `ms`, `MILLISECOND`.
    Millisecond,
    /// `s`, `SECOND`.
    Second,
    /// `m`, `MINUTE`.
    Minute,
    /// `h`, `HOUR`.
    Hour,
    /// `d`, `DAY`: 24 hours.
    Day,
    /// `w`, `WEEK`: 7 days.
    Week,
    /// `MONTH`: a calendar unit, of no fixed length.
    Month,
    /// `QUARTER`: three months.
    Quarter,
    /// `YEAR`: twelve months.
    Year,
    /// `DECADE`: ten years.
    Decade,
    /// `CENTURY`: a hundred years.
    Century,
    /// `MILLENNIUM`: a thousand years.
    Millennium,
}

impl TimeUnit {
    /// All units, smallest first.
    pub const ALL: [Self; 13] = [
        Self::Microsecond,
        Self::Millisecond,
        Self::Second,
        Self::Minute,
        Self::Hour,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Quarter,
        Self::Year,
        Self::Decade,
        Self::Century,
        Self::Millennium,
    ];

    /// The unit that a word means, in any case, singular or plural, short or long.
    pub fn parse(word: &str) -> Option<Self> {
        let folded = word.to_ascii_lowercase();
        let singular = folded
            .strip_suffix('s')
            .filter(|stem| stem.len() > 1 && *stem != "m")
            .unwrap_or(&folded);
        match singular {
            // The plural of `century`, without its last letter.
            "centurie" => Some(Self::Century),
            word => Self::ALL.into_iter().find(|unit| unit.words().contains(&word)),
        }
    }

    /// The words that mean the unit, lower case, singular; all but single letters and `ms` may end in an `s`.
    pub const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Microsecond => &["us", "u", "microsecond"],
            Self::Millisecond => &["ms", "milli", "msec", "millisecond"],
            Self::Second => &["s", "sec", "second"],
            Self::Minute => &["m", "min", "minute"],
            Self::Hour => &["h", "hr", "hour"],
            Self::Day => &["d", "day"],
            Self::Week => &["w", "week"],
            Self::Month => &["month"],
            Self::Quarter => &["quarter"],
            Self::Year => &["y", "year"],
            Self::Decade => &["decade"],
            Self::Century => &["century"],
            Self::Millennium => &["millennium", "millennia"],
        }
    }

    /// The long form, upper case, singular: what SQL calls it.
    pub const fn keyword(self) -> &'static str {
        match self {
            Self::Microsecond => "MICROSECOND",
            Self::Millisecond => "MILLISECOND",
            Self::Second => "SECOND",
            Self::Minute => "MINUTE",
            Self::Hour => "HOUR",
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
            Self::Quarter => "QUARTER",
            Self::Year => "YEAR",
            Self::Decade => "DECADE",
            Self::Century => "CENTURY",
            Self::Millennium => "MILLENNIUM",
        }
    }

    /// Length in nanoseconds; `None` for calendar units.
    pub const fn nanoseconds(self) -> Option<u64> {
        Some(match self {
            Self::Microsecond => 1_000,
            Self::Millisecond => 1_000_000,
            Self::Second => 1_000_000_000,
            Self::Minute => 60_000_000_000,
            Self::Hour => 3_600_000_000_000,
            Self::Day => 86_400_000_000_000,
            Self::Week => 604_800_000_000_000,
            Self::Month | Self::Quarter | Self::Year | Self::Decade | Self::Century | Self::Millennium => return None,
        })
    }

    /// Length in months; `None` for units of fixed length.
    pub const fn months(self) -> Option<u16> {
        Some(match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Year => 12,
            Self::Decade => 120,
            Self::Century => 1_200,
            Self::Millennium => 12_000,
            Self::Microsecond
            | Self::Millisecond
            | Self::Second
            | Self::Minute
            | Self::Hour
            | Self::Day
            | Self::Week => return None,
        })
    }
}

/// Why a text is no duration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DurationError {
    /// There is no number where one should stand.
    NoNumber,
    /// The word behind the number is no unit of fixed length.
    UnknownUnit(String),
    /// More than 584 years.
    TooLong,
}

impl std::fmt::Display for DurationError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoNumber => f.write_str("a duration is a number and a unit, such as `5m` or `1.5h`"),
            Self::UnknownUnit(unit) => write!(f, "unknown unit `{unit}`: use ms, s, m, h, d or w"),
            Self::TooLong => f.write_str("the duration is too long"),
        }
    }
}

impl std::error::Error for DurationError {}

/// Reads `5m`, `1.5h`, `500ms`, `1 hour 30 minutes`; a bare number is seconds.
///
/// # Errors
///
/// When the text is not a list of numbers with units of fixed length, or is longer than 584 years.
///
/// ```
/// use std::time::Duration;
/// assert_eq!(velo_common::parse_duration("1 hour 30 minutes"), Ok(Duration::from_secs(5_400)));
/// assert_eq!(velo_common::parse_duration("90"), Ok(Duration::from_secs(90)));
/// ```
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(DurationError::NoNumber);
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let number_end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(number_end);
        let tail = tail.trim_start();
        let unit_end = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let unit_nanos = match unit {
            "" => TimeUnit::Second.nanoseconds(),
            word => TimeUnit::parse(word).and_then(TimeUnit::nanoseconds),
        };
        let unit_nanos = match (number.is_empty(), unit_nanos) {
            (true, _) => return Err(DurationError::NoNumber),
            (_, None) => return Err(DurationError::UnknownUnit(unit.to_owned())),
            (_, Some(nanos)) => nanos,
        };
        let part = scaled(number, unit_nanos)?;
        total = total.checked_add(part).ok_or(DurationError::TooLong)?;
        rest = tail.trim_start();
    }
    Ok(total)
}

/// `number` times `unit_nanos`, exact to the nanosecond.
fn scaled(number: &str, unit_nanos: u64) -> Result<Duration, DurationError> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.contains('.') || (whole.is_empty() && fraction.is_empty()) {
        return Err(DurationError::NoNumber);
    }
    let mut nanos = match whole {
        "" => 0,
        digits => digits
            .parse::<u64>()
            .ok()
            .and_then(|n| n.checked_mul(unit_nanos))
            .ok_or(DurationError::TooLong)?,
    };
    let mut place = u128::from(unit_nanos);
    let mut below = 0u128;
    for digit in fraction.bytes().take(18) {
        // Digits past the eighteenth are below a nanosecond for every unit.
        below = below * 10 + u128::from(digit - b'0') * u128::from(unit_nanos);
        place *= 10;
    }
    let scale = place / u128::from(unit_nanos);
    nanos = nanos
        .checked_add((below / scale) as u64)
        .ok_or(DurationError::TooLong)?;
    Ok(Duration::from_nanos(nanos))
}

/// Writes a duration the way SQL files do: the largest unit that divides it, such as `90s` or `1500ms`.
pub fn format_duration(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let units = [
        ("w", 604_800_000_000_000u128),
        ("d", 86_400_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    let small = [
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
        ("ms", 1_000_000),
        ("us", 1_000),
    ];
    if nanos == 0 {
        return "0s".to_owned();
    }
    units
        .into_iter()
        .chain(small)
        .find(|(_, size)| nanos.is_multiple_of(*size))
        .map_or_else(
            || format!("{}us", nanos as f64 / 1e3),
            |(unit, size)| format!("{}{unit}", nanos / size),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let cases = [
            ("5m", 300_000),
            ("500ms", 500),
            ("1.5h", 5_400_000),
            ("1d", 86_400_000),
            ("1w", 604_800_000),
            ("5 MINUTES", 300_000),
            ("1 hour 30 minutes", 5_400_000),
            ("0.001", 1),
            (".5s", 500),
            ("0", 0),
        ];
        for (text, millis) in cases {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn bad_durations() {
        assert_eq!(parse_duration(""), Err(DurationError::NoNumber));
        assert_eq!(parse_duration("m"), Err(DurationError::NoNumber));
        assert_eq!(parse_duration("-5m"), Err(DurationError::NoNumber));
        assert_eq!(parse_duration("1.2.3s"), Err(DurationError::NoNumber));
        assert_eq!(
            parse_duration("5 fortnights"),
            Err(DurationError::UnknownUnit("fortnights".into()))
        );
        assert_eq!(
            parse_duration("1 month"),
            Err(DurationError::UnknownUnit("month".into()))
        );
        assert_eq!(parse_duration("99999999999999w"), Err(DurationError::TooLong));
    }

    #[test]
    fn units_are_read_as_they_are_written() {
        for unit in TimeUnit::ALL {
            let keyword = unit.keyword();
            assert_eq!(TimeUnit::parse(keyword), Some(unit), "{keyword}");
            assert_ne!(unit.nanoseconds().is_some(), unit.months().is_some(), "{keyword}");
        }
        for (plural, unit) in [("centuries", TimeUnit::Century), ("millennia", TimeUnit::Millennium)] {
            assert_eq!(TimeUnit::parse(plural), Some(unit));
        }
    }

    #[test]
    fn formatting_uses_the_largest_unit() {
        for text in ["5m", "90s", "1500ms", "1w", "0s", "36h"] {
            assert_eq!(format_duration(parse_duration(text).expect("valid")), text);
        }
    }
}
