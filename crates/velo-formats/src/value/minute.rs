use super::word::HIGHEST;

/// Where the digits are in `:SS.mmmZ`.
const SECOND: u64 = u64::from_le_bytes(*b":00.000Z");
/// Added to what differs from [`SECOND`], it reaches the highest bit of each byte that differs too much.
const TOLERANCE: u64 = u64::from_le_bytes([0x7f, 0x76, 0x76, 0x7f, 0x76, 0x76, 0x76, 0x7f]);

/// Reads points in time, of which many are in one minute.
///
/// What comes before the seconds of `YYYY-MM-DDTHH:MM:SS.mmmZ` is compared to that of the last one, and no calendar is
/// asked where it is the same.
#[derive(Debug, Default)]
pub(crate) struct MinuteReader {
    /// The minute that was read last, as it is written and in milliseconds since the epoch.
    known: Option<(u128, i64)>,
}

impl MinuteReader {
    /// Milliseconds since the epoch: what `read` says, which takes texts for ISO 8601.
    #[inline]
    pub(crate) fn read<E>(&mut self, text: &str, read: impl FnOnce(&str) -> Result<i64, E>) -> Result<i64, E> {
        let Some((minute, milliseconds)) = split(text.as_bytes()) else {
            return read(text);
        };
        if let Some((known, start_ms)) = self.known
            && known == minute
        {
            return Ok(start_ms + milliseconds);
        }
        let time_ms = read(text)?;
        if let [_, _, _, _, b'-', _, _, b'-', _, _, b'T', _, _, b':', _, _] = minute.to_le_bytes() {
            self.known = Some((minute, time_ms - milliseconds));
        }
        Ok(time_ms)
    }
}

/// The text up to the minute, and the milliseconds from there on; `None` if they are not written in the usual way.
#[inline]
fn split(text: &[u8]) -> Option<(u128, i64)> {
    let (minute, rest) = text.split_first_chunk::<16>()?;
    let digits = u64::from_le_bytes(*<&[u8; 8]>::try_from(rest).ok()?) ^ SECOND;
    if (digits.wrapping_add(TOLERANCE) | digits) & HIGHEST != 0 {
        return None;
    }
    let [_, ten_seconds, seconds, _, hundreds, tens, ones, _] = digits.to_le_bytes().map(i64::from);
    let milliseconds = (ten_seconds * 10 + seconds) * 1000 + (hundreds * 10 + tens) * 10 + ones;
    (ten_seconds < 6).then_some((u128::from_le_bytes(*minute), milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use velo_data::time::parse_timestamp;

    #[test]
    fn a_time_is_what_it_is_alone() {
        let texts = [
            "2024-01-01T10:00:00.000Z",
            "2024-01-01T10:00:59.999Z",
            "2024-01-01T10:00:60.000Z",
            "2024-01-01T10:01:07.080Z",
            "2024-01-01T10:01:07.08Z",
            "2024-01-01T10:01:07Z",
            "2024-01-01T10:01:07.0801",
            "2024-01-01T10:01:0a.080Z",
            "2024-01-01T10:01:07,080Z",
            "2024-01-01T10:01-07.080Z",
            "2024-01-01T10:01:07.080z",
            "2024-02-30T10:01:07.080Z",
            "2024-02-30T10:01:08.080Z",
            "1969-12-31T23:59:59.999Z",
            "+12345-01-01T1:2:03.456Z",
            "+123456-01-01T10:20.000Z",
            "+123456-01-01T10:30.000Z",
            " 2024-01-01 9:01:07.080Z",
            "0000000000000000:07.080Z",
            "",
        ];
        let mut minutes = MinuteReader::default();
        // Twice each, and each behind each.
        for before in texts {
            for text in texts {
                let _ = minutes.read(before, |text| parse_timestamp(text).ok_or(()));
                let found = minutes.read(text, |text| parse_timestamp(text).ok_or(()));
                assert_eq!(found.ok(), parse_timestamp(text), "{text} behind {before}");
            }
        }
    }

    #[test]
    fn the_calendar_is_asked_once_a_minute() {
        let mut minutes = MinuteReader::default();
        let mut asked = 0;
        for text in [
            "2024-01-01T10:00:01.000Z",
            "2024-01-01T10:00:02.500Z",
            "2024-01-01T10:01:00.000Z",
        ] {
            let read = |text: &str| {
                asked += 1;
                parse_timestamp(text).ok_or(())
            };
            assert_eq!(minutes.read(text, read).ok(), parse_timestamp(text));
        }
        assert_eq!(asked, 2);
    }
}
