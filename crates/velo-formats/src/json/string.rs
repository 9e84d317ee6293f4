//! Text in and out of JSON strings, and JSON text without white space.

use super::plain::plain_end;
use super::scanner::parse_hex4;

/// Appends what the inside of a JSON string stands for; the string has been scanned.
pub(crate) fn unescape(inside: &str, text: &mut String) {
    let mut rest = inside;
    while let Some(backslash) = memchr::memchr(b'\\', rest.as_bytes()) {
        let (plain, escape) = rest.split_at(backslash);
        text.push_str(plain);
        let (character, length) = escaped_character(escape.as_bytes());
        text.push(character);
        rest = escape.get(length..).unwrap_or_default();
    }
    text.push_str(rest);
}

/// The character behind a backslash, and how many bytes stand for it.
fn escaped_character(escape: &[u8]) -> (char, usize) {
    let simple = match escape.get(1) {
        Some(b'n') => '\n',
        Some(b't') => '\t',
        Some(b'r') => '\r',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'u') => return unicode_character(escape),
        Some(other) => char::from(*other),
        None => char::REPLACEMENT_CHARACTER,
    };
    (simple, 2)
}

fn unicode_character(escape: &[u8]) -> (char, usize) {
    let unit_at = |at: usize| match escape.get(at..at + 6) {
        Some([b'\\', b'u', a, b, c, d]) => parse_hex4([*a, *b, *c, *d]),
        _ => None,
    };
    let units = [unit_at(0), unit_at(6)].into_iter().map_while(|unit| unit);
    match char::decode_utf16(units).next() {
        Some(Ok(character)) => (character, 6 * character.len_utf16()),
        _ => (char::REPLACEMENT_CHARACTER, 6),
    }
}

/// Appends text as a JSON string, quotes included; only what must be escaped is.
pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (plain, special) = rest.split_at(plain_end(rest, 0));
        out.extend_from_slice(plain);
        let Some((byte, tail)) = special.split_first() else {
            break;
        };
        write_escape(*byte, out);
        rest = tail;
    }
    out.push(b'"');
}

fn write_escape(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        0x08 => out.extend_from_slice(b"\\b"),
        0x0c => out.extend_from_slice(b"\\f"),
        control => {
            let digits = [HEX[usize::from(control >> 4)], HEX[usize::from(control & 0xf)]];
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&digits);
        }
    }
}

/// Hands on JSON text without the white space between its tokens, piece by piece.
pub(crate) fn compact(json: &str, mut piece: impl FnMut(&str)) {
    let mut rest = json;
    while let Some(special) = rest.bytes().position(|byte| byte.is_ascii_whitespace() || byte == b'"') {
        let (before, from) = rest.split_at(special);
        piece(before);
        let is_string = from.starts_with('"');
        let (token, tail) = from.split_at(if is_string { string_length(from.as_bytes()) } else { 1 });
        if is_string {
            piece(token);
        }
        rest = tail;
    }
    piece(rest);
}

/// Length of the JSON string that `bytes` begins with, quotes included.
fn string_length(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        at += found;
        if bytes.get(at) == Some(&b'"') {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}
