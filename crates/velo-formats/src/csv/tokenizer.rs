use crate::CsvOptions;

/// A field of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RawField {
    /// First byte in the record, behind an opening quote.
    pub(crate) start: usize,
    /// First byte behind it: that of a closing quote.
    pub(crate) end: usize,
    /// Whether it stood in quotes.
    pub(crate) is_quoted: bool,
    /// Whether it holds doubled quotes.
    pub(crate) is_escaped: bool,
}

/// What the input begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tokenized {
    /// A record.
    Record {
        /// Bytes without the line end.
        length: usize,
        /// Bytes with the line end.
        consumed: usize,
        /// Number of fields; an empty line has one.
        fields: usize,
    },
    /// Something that is no record.
    Malformed(&'static str),
    /// The record's end is not there yet, or nothing is left.
    Incomplete,
}

/// Takes the record that `input` begins with apart and tells its fields in order, with their numbers.
///
/// A field is quoted if its first byte is a quote; quotes further on in an unquoted field stand for themselves.
/// The first fields may have been told when the record turns out malformed or incomplete.
pub(crate) fn tokenize(
    input: &[u8],
    is_end: bool,
    options: CsvOptions,
    mut field: impl FnMut(usize, RawField),
) -> Tokenized {
    if input.is_empty() {
        return Tokenized::Incomplete;
    }
    let (mut at, mut fields) = (0, 0);
    loop {
        let found = match input.get(at) {
            Some(byte) if *byte == options.quote => quoted_field(input, at + 1, is_end, options.quote),
            _ => unquoted_field(input, at, is_end, options.delimiter),
        };
        let (raw, behind) = match found {
            Found::Field(raw, behind) => (raw, behind),
            Found::Malformed(problem) => return Tokenized::Malformed(problem),
            Found::Incomplete => return Tokenized::Incomplete,
        };
        field(fields, raw);
        fields += 1;
        let line_end = match input.get(behind..).unwrap_or_default() {
            [byte, ..] if *byte == options.delimiter => {
                at = behind + 1;
                continue;
            }
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            [b'\r'] if is_end => 1,
            [] if is_end => 0,
            [] | [b'\r'] => return Tokenized::Incomplete,
            _ => return Tokenized::Malformed("text goes on behind a closing quote"),
        };
        return Tokenized::Record {
            length: behind,
            consumed: behind + line_end,
            fields,
        };
    }
}

enum Found {
    /// A field, and the first byte behind it and its quotes.
    Field(RawField, usize),
    Malformed(&'static str),
    Incomplete,
}

fn quoted_field(input: &[u8], start: usize, is_end: bool, quote: u8) -> Found {
    let mut at = start;
    let mut is_escaped = false;
    while let Some(found) = memchr::memchr(quote, input.get(at..).unwrap_or_default()) {
        let end = at + found;
        if input.get(end + 1) == Some(&quote) {
            is_escaped = true;
            at = end + 2;
            continue;
        }
        let raw = RawField {
            start,
            end,
            is_quoted: true,
            is_escaped,
        };
        return Found::Field(raw, end + 1);
    }
    if is_end {
        Found::Malformed("a quoted field is never closed")
    } else {
        Found::Incomplete
    }
}

fn unquoted_field(input: &[u8], start: usize, is_end: bool, delimiter: u8) -> Found {
    let rest = input.get(start..).unwrap_or_default();
    let length = match find_either(rest, delimiter, b'\n') {
        Some(length) => length,
        None if is_end => rest.len(),
        None => return Found::Incomplete,
    };
    let text = &rest[..length];
    let ends_line = rest.get(length) != Some(&delimiter);
    let end = start
        + if ends_line {
            text.strip_suffix(b"\r").unwrap_or(text).len()
        } else {
            length
        };
    let raw = RawField {
        start,
        end,
        is_quoted: false,
        is_escaped: false,
    };
    Found::Field(raw, end)
}

/// Place of the first byte that is one of two.
///
/// Fields are short, so that eight bytes at a time in line beat a call to a vectorised search.
#[inline]
fn find_either(bytes: &[u8], first: u8, second: u8) -> Option<usize> {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zero_bytes = |word: u64| word.wrapping_sub(LOW) & !word & HIGH;
    let mut passed = 0;
    let mut rest = bytes;
    while let Some((chunk, tail)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let found = zero_bytes(word ^ (LOW * u64::from(first))) | zero_bytes(word ^ (LOW * u64::from(second)));
        if found != 0 {
            // Borrows may mark bytes above the first one found, never below it.
            return Some(passed + (found.trailing_zeros() / 8) as usize);
        }
        passed += 8;
        rest = tail;
    }
    let place = rest.iter().position(|byte| *byte == first || *byte == second);
    place.map(|place| passed + place)
}
