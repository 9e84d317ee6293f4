use super::calendar::{CivilTime, civil_timestamp};

/// The highest bit of every byte.
const HIGHEST: u64 = 0x8080_8080_8080_8080;

/// Milliseconds since the epoch of `YYYY-MM-DDTHH:MM:SS[.mmm]Z`, which is how most timestamps are written. `None`
/// for any other text, also where it is a timestamp.
#[inline]
pub(super) fn parse_fixed_timestamp(text: &[u8]) -> Option<i64> {
    const YEAR_MONTH: Template = Template::new(*b"0000-00-");
    const DAY_TO_MINUTE: Template = Template::new(*b"00T00:00");
    const SECOND: Template = Template::new(*b":00.000Z");
    let (first, rest) = text.split_first_chunk::<8>()?;
    let (second, third) = rest.split_first_chunk::<8>()?;
    let third = match (third.first_chunk::<8>(), third) {
        (Some(whole), [_, _, _, _, _, _, _, _]) => u64::from_le_bytes(*whole),
        (None, &[colon, tens, ones, zone]) => u64::from_le_bytes([colon, tens, ones, b'.', b'0', b'0', b'0', zone]),
        _ => return None,
    };
    let first = YEAR_MONTH.digits(u64::from_le_bytes(*first))?;
    let second = DAY_TO_MINUTE.digits(u64::from_le_bytes(*second))?;
    let third = SECOND.digits(third)?;
    civil_timestamp(CivilTime {
        year: first.pair(0) * 100 + first.pair(2),
        month: first.pair(5),
        day: second.pair(0),
        hours: second.pair(3),
        minutes: second.pair(6),
        seconds: third.pair(1),
        milliseconds: third.single(4) * 100 + third.pair(5),
    })
}

/// Eight bytes of which some are digits and the others known.
#[derive(Debug, Clone, Copy)]
struct Template {
    /// The known bytes, `0` for digits.
    bytes: u64,
    /// Added to what differs from `bytes`, it reaches the highest bit of each byte that differs too much.
    tolerance: u64,
}

impl Template {
    const fn new(bytes: [u8; 8]) -> Self {
        let mut tolerance = [0x7f; 8];
        let mut index = 0;
        while index < bytes.len() {
            if bytes[index] == b'0' {
                tolerance[index] -= 9;
            }
            index += 1;
        }
        Self {
            bytes: u64::from_le_bytes(bytes),
            tolerance: u64::from_le_bytes(tolerance),
        }
    }

    /// The digits of a word that matches.
    #[inline]
    fn digits(self, word: u64) -> Option<Digits> {
        let digits = word ^ self.bytes;
        // A byte that carries into the next one has its own highest bit set, so that no mismatch is missed.
        let mismatches = (digits.wrapping_add(self.tolerance) | digits) & HIGHEST;
        (mismatches == 0).then(|| Digits {
            digits,
            pairs: digits * 10 + (digits >> 8),
        })
    }
}

/// The digits of eight bytes, alone and with the next one as a number below 100.
#[derive(Debug, Clone, Copy)]
struct Digits {
    digits: u64,
    pairs: u64,
}

impl Digits {
    #[inline]
    fn single(self, place: u32) -> i64 {
        (self.digits >> (8 * place) & 0xff) as i64
    }

    #[inline]
    fn pair(self, place: u32) -> i64 {
        (self.pairs >> (8 * place) & 0xff) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_layouts_are_read_and_others_are_left() {
        // Expected values from DuckDB: `epoch_ms(TIMESTAMPTZ '…')`.
        let cases = [
            ("2024-02-29T12:34:56.789Z", Some(1_709_210_096_789)),
            ("2024-02-29T12:34:56Z", Some(1_709_210_096_000)),
            ("1969-12-31T23:59:59.999Z", Some(-1)),
            ("0001-01-01T00:00:00Z", Some(-62_135_596_800_000)),
            ("2023-02-29T00:00:00Z", None),
            ("2024-00-01T00:00:00Z", None),
            ("2024-13-01T00:00:00Z", None),
            ("2024-01-00T00:00:00Z", None),
            ("2024-01-01T24:00:00Z", None),
            ("2024-01-01T00:60:00Z", None),
            ("2024-01-01T00:00:60Z", None),
            ("2024-01-01 00:00:00Z", None),
            ("2024-01-01T00:00:00z", None),
            ("2024-01-01T00:00:00", None),
            ("2024-01-01T00:00:00.00Z", None),
            ("2024-01-01T00:00:00.0000Z", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_fixed_timestamp(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn any_byte_in_any_place_counts() {
        let layout = *b"2024-11-11T11:11:11.111Z";
        for place in 0..layout.len() {
            for byte in 0..=u8::MAX {
                let mut text = layout;
                text[place] = byte;
                let fixed = parse_fixed_timestamp(&text);
                if let Some(fixed) = fixed {
                    let general = super::super::parse_timestamp(std::str::from_utf8(&text).unwrap());
                    assert_eq!(Some(fixed), general, "{}", text.escape_ascii());
                }
                let fits = byte == layout[place] || (byte.is_ascii_digit() && layout[place].is_ascii_digit());
                assert!(fits || fixed.is_none(), "{}", text.escape_ascii());
            }
        }
    }
}
