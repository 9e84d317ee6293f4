//! Eight bytes of text at a time, in one machine word whose lowest byte is the first.
//!
//! Values are short, so that a few operations on a word beat both a loop over bytes, whose end the processor
//! cannot foresee, and a call to a vectorised search.

/// One in every byte.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The highest bit of every byte.
pub(crate) const HIGHEST: u64 = 0x8080_8080_8080_8080;

/// The same byte eight times.
pub(crate) const fn repeat(byte: u8) -> u64 {
    ONES * byte as u64
}

/// The first eight bytes; zeros where there are fewer.
#[inline]
pub(crate) fn load(bytes: &[u8]) -> u64 {
    match bytes.first_chunk::<8>() {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => load_short(bytes),
    }
}

/// The bytes at a place, if there are as many.
#[inline]
pub(crate) fn chunk<const BYTES: usize>(bytes: &[u8], at: usize) -> Option<&[u8; BYTES]> {
    bytes.get(at..at.wrapping_add(BYTES))?.first_chunk()
}

/// The word of fewer than eight bytes.
fn load_short(bytes: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        // The two halves may overlap, in bytes that are the same in both.
        let last = u64::from(u32::from_le_bytes(*last));
        return u64::from(u32::from_le_bytes(*first)) | last << (8 * (bytes.len() - 4));
    }
    let bytes = bytes.iter().rev();
    bytes.fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// The number that the decimal digits at the start of a word stand for, and how many they are.
#[inline]
pub(crate) fn leading_digits(word: u64) -> (u64, u32) {
    let digits = word ^ repeat(b'0');
    // A byte above nine reaches its highest bit when this is added. What carries into the next byte was above
    // nine itself, so that the lowest mark is right.
    let others = (digits.wrapping_add(repeat(0x7f - 9)) | digits) & HIGHEST;
    let length = others.trailing_zeros() / 8;
    if length == 0 {
        return (0, 0);
    }
    // Digits move up to the end of the word, as if zeros stood before them.
    let aligned = digits << (64 - 8 * length);
    (eight_digits(aligned), length)
}

/// The number that eight bytes from 0 to 9 stand for: neighbours are joined to pairs, pairs to fours, fours to
/// the whole.
#[inline]
fn eight_digits(digits: u64) -> u64 {
    const ALTERNATE_PAIRS: u64 = 0x0000_00ff_0000_00ff;
    let pairs = (digits * 10).wrapping_add(digits >> 8);
    let upper = (pairs & ALTERNATE_PAIRS).wrapping_mul(100 + (1_000_000 << 32));
    let lower = ((pairs >> 16) & ALTERNATE_PAIRS).wrapping_mul(1 + (10_000 << 32));
    upper.wrapping_add(lower) >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_up_to_the_first_other_byte() {
        let cases: [(&[u8], (u64, u32)); 12] = [
            (b"12345678", (12_345_678, 8)),
            (b"99999999", (99_999_999, 8)),
            (b"00000000", (0, 8)),
            (b"1234567.", (1_234_567, 7)),
            (b"123.4567", (123, 3)),
            (b"7,\"a\":10", (7, 1)),
            (b"42", (42, 2)),
            (b"", (0, 0)),
            (b"-1234567", (0, 0)),
            (b"10:/12\xff9", (10, 2)),
            (b"1\xff\xff\xff\xff\xff\xff\xff", (1, 1)),
            (b"12\x00\x0045", (12, 2)),
        ];
        for (text, expected) in cases {
            assert_eq!(leading_digits(load(text)), expected, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn short_text_is_filled_up_with_zeros() {
        for length in 0..=9 {
            let mut expected = [0; 8];
            let kept = length.min(8);
            expected[..kept].copy_from_slice(&b"abcdefghi"[..kept]);
            assert_eq!(load(&b"abcdefghi"[..length]).to_le_bytes(), expected);
        }
    }

    #[test]
    fn every_byte_but_a_digit_ends_the_number() {
        for byte in 0..=u8::MAX {
            let text = [b'1', b'2', byte, b'4', b'5', b'6', b'7', b'8'];
            let expected = match byte {
                b'0'..=b'9' => (12_045_678 + 100_000 * u64::from(byte - b'0'), 8),
                _ => (12, 2),
            };
            assert_eq!(leading_digits(load(&text)), expected, "{byte}");
        }
    }
}
