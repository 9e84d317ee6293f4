//! The proleptic Gregorian calendar, without going through a library.

/// Milliseconds of a day.
pub const MS_PER_DAY: i64 = 24 * MS_PER_HOUR;
pub(super) const MS_PER_SECOND: i64 = 1_000;
pub(super) const MS_PER_MINUTE: i64 = 60 * MS_PER_SECOND;
pub(super) const MS_PER_HOUR: i64 = 60 * MS_PER_MINUTE;

/// The parts of a time in UTC, not yet known to be one.
#[derive(Debug, Clone, Copy)]
pub(super) struct CivilTime {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) hours: i64,
    pub(super) minutes: i64,
    pub(super) seconds: i64,
    pub(super) milliseconds: i64,
}

/// Milliseconds since the epoch, if there is such a day and such a time of day.
#[inline]
pub(super) fn civil_timestamp(time: CivilTime) -> Option<i64> {
    let of_day = time_of_day(time.hours, time.minutes, time.seconds, time.milliseconds)?;
    let days = checked_days(time.year, time.month, time.day)?;
    Some(days * MS_PER_DAY + of_day)
}

/// Days since the epoch, if there is such a day.
#[inline]
pub(super) fn checked_days(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_day = (1..=12).contains(&month) && day >= 1 && day <= days_of_month(year, month);
    is_day.then(|| days_from_civil(year, month, day))
}

/// Milliseconds of the day, if there is such a time on a clock; `24:00:00` is not.
#[inline]
pub(super) fn time_of_day(hours: i64, minutes: i64, seconds: i64, milliseconds: i64) -> Option<i64> {
    let is_time = hours <= 23 && minutes <= 59 && seconds <= 59;
    is_time.then_some(hours * MS_PER_HOUR + minutes * MS_PER_MINUTE + seconds * MS_PER_SECOND + milliseconds)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 (Hinnant, "chrono-compatible low-level date algorithms"): years begin in March, so that the leap
/// day is the last of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a day since 1970-01-01.
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}
