use std::str::FromStr;

use chrono::{FixedOffset, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

/// A time zone by IANA name or by offset.
#[derive(Debug, Clone, Copy)]
pub enum Zone {
    /// A zone whose offset changes.
    Named(Tz),
    /// A fixed distance from UTC.
    Fixed(FixedOffset),
}

impl Zone {
    /// `Europe/Berlin`, `+02:00` and their like.
    pub fn parse(text: &str) -> Option<Self> {
        match Tz::from_str(text) {
            Ok(zone) => Some(Self::Named(zone)),
            Err(_) => FixedOffset::from_str(text).ok().map(Self::Fixed),
        }
    }

    /// How far the zone's clocks are ahead of UTC at a time in UTC.
    pub fn offset_at(self, utc: NaiveDateTime) -> FixedOffset {
        match self {
            Self::Named(zone) => zone.offset_from_utc_datetime(&utc).fix(),
            Self::Fixed(offset) => offset,
        }
    }

    /// UTC of what a clock in the zone shows, by PostgreSQL's rules: a time that comes twice is the later one, and one that
    /// the clock skips is read with the offset before the gap.
    pub fn to_utc(self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        let offset = match self {
            Self::Fixed(offset) => offset,
            Self::Named(zone) => {
                // Clocks skip an hour or two, and a whole day where a zone changed sides of the date line.
                let before_gap = |hours| {
                    let earlier = local.checked_sub_signed(TimeDelta::hours(hours))?;
                    zone.offset_from_local_datetime(&earlier).latest()
                };
                let offset = zone.offset_from_local_datetime(&local).latest();
                offset.or_else(|| before_gap(3)).or_else(|| before_gap(27))?.fix()
            }
        };
        local.checked_sub_offset(offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PostgreSQL 15: `SELECT TIMESTAMP '…' AT TIME ZONE '…'`.
    #[test]
    fn times_that_come_twice_or_never() {
        let cases = [
            ("2024-10-27T02:30:00", "Europe/Berlin", "2024-10-27T01:30:00"),
            ("2024-10-27T01:59:59", "Europe/Berlin", "2024-10-26T23:59:59"),
            ("2024-03-31T02:30:00", "Europe/Berlin", "2024-03-31T01:30:00"),
            ("2024-11-03T01:30:00", "America/New_York", "2024-11-03T06:30:00"),
            ("2024-04-07T01:45:00", "Australia/Lord_Howe", "2024-04-06T15:15:00"),
            ("2011-12-30T12:00:00", "Pacific/Apia", "2011-12-30T22:00:00"),
            ("2024-01-01T00:00:00", "+05:30", "2023-12-31T18:30:00"),
        ];
        for (local, zone, utc) in cases {
            let read = |text: &str| text.parse::<NaiveDateTime>().unwrap();
            assert_eq!(
                Zone::parse(zone).unwrap().to_utc(read(local)),
                Some(read(utc)),
                "{local} {zone}"
            );
        }
    }
}
