use crate::value::word::chunk;

/// Bytes that are compared as one integer, without a call.
const HEAD_BYTES: usize = size_of::<u128>();

/// Longest text that is worth remembering.
const LEAD_BYTES_MAX: usize = 256;

/// What stands in front of a member's value, from the end of the previous one on: a comma, the name, a colon, and the
/// white space between them.
///
/// Who finds the same bytes at the same point of an object knows that it goes on with the same member, without a look
/// at any of its parts.
#[derive(Debug)]
pub(super) struct Lead {
    bytes: Vec<u8>,
    /// The first bytes, behind them zeros.
    head: u128,
    /// Ones where `head` has bytes.
    head_mask: u128,
}

impl Default for Lead {
    /// A lead that no text begins with.
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            head: u128::MAX,
            head_mask: 0,
        }
    }
}

impl Lead {
    /// Remembers another text, or none if it is too long.
    pub(super) fn replace(&mut self, bytes: &[u8]) {
        if bytes.is_empty() || bytes.len() > LEAD_BYTES_MAX {
            *self = Self::default();
            return;
        }
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
        let head = bytes.iter().take(HEAD_BYTES).rev();
        self.head = head.fold(0, |head, byte| head << 8 | u128::from(*byte));
        let unused_bits = 8 * HEAD_BYTES.saturating_sub(bytes.len()) as u32;
        self.head_mask = u128::MAX.checked_shr(unused_bits).unwrap_or(0);
    }

    /// Bytes that it takes.
    #[inline]
    pub(super) fn length(&self) -> usize {
        self.bytes.len()
    }

    /// Whether it stands at a place.
    #[inline]
    pub(super) fn is_at(&self, text: &[u8], at: usize) -> bool {
        match chunk::<HEAD_BYTES>(text, at) {
            Some(head) if u128::from_le_bytes(*head) & self.head_mask != self.head => false,
            Some(_) if self.bytes.len() <= HEAD_BYTES => true,
            _ => self.is_all_at(text, at),
        }
    }

    #[inline(never)]
    fn is_all_at(&self, text: &[u8], at: usize) -> bool {
        !self.bytes.is_empty() && text.get(at..).is_some_and(|text| text.starts_with(&self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_compared_to_the_last_byte() {
        for length in [1, 2, 15, 16, 17, 40, LEAD_BYTES_MAX] {
            let bytes: Vec<u8> = (0..length).map(|at| b'a' + (at % 26) as u8).collect();
            let mut lead = Lead::default();
            lead.replace(&bytes);
            assert_eq!(lead.length(), length);
            assert!(lead.is_at(&bytes, 0));
            assert!(lead.is_at(&[&bytes[..], b"0123456789abcdef"].concat(), 0));
            assert!(!lead.is_at(&bytes[..length - 1], 0));
            for at in 0..length {
                let mut other = [&bytes[..], b"0123456789abcdef"].concat();
                other[at] ^= 1;
                assert!(!lead.is_at(&other, 0), "byte {at} of {length}");
                assert!(!lead.is_at(&other[..length], 0), "byte {at} of {length}");
            }
        }
    }

    #[test]
    fn no_text_begins_with_a_lead_that_is_not_known() {
        let mut lead = Lead::default();
        for _ in 0..2 {
            for text in [&b""[..], b"\"a\":1}", &[0; 32], &[255; 32]] {
                assert!(!lead.is_at(text, 0), "{}", text.escape_ascii());
            }
            lead.replace(b",\"a\":");
            lead.replace(&[b' '; LEAD_BYTES_MAX + 1]);
        }
    }
}
