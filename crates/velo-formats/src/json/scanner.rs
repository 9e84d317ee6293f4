//! A validating scanner over the bytes of one JSON text.
//!
//! It finds where values start and end and builds nothing, so that members nobody asked for cost no more than
//! being looked at. The text is known to be UTF-8; everything else that RFC 8259 demands is checked here.

use std::fmt;

/// Deepest nesting of objects and arrays; the kinds of the open ones are the bits of one integer.
pub(crate) const DEPTH_MAX: u32 = u128::BITS;

/// Where and why a text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// Byte in the text, from 0.
    pub(crate) at: usize,
    /// What is wrong there.
    pub(crate) problem: &'static str,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.problem, self.at + 1)
    }
}

/// A value's place in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ValueSpan {
    /// First byte.
    pub(crate) start: usize,
    /// First byte behind it.
    pub(crate) end: usize,
    /// Whether it is a string with escapes.
    pub(crate) is_escaped: bool,
}

/// A position in a JSON text.
#[derive(Debug, Clone)]
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    /// A scanner at byte `at` of `bytes`.
    pub(crate) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// The next byte to look at.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The bytes not yet looked at.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Passes over `count` bytes that the caller has recognised.
    pub(crate) fn advance(&mut self, count: usize) {
        self.at += count;
    }

    /// The next byte behind white space, not passed over.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    /// Passes over white space and then `byte`, if it is there.
    #[inline]
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// An error at the next byte.
    #[cold]
    pub(crate) fn error(&self, problem: &'static str) -> SyntaxError {
        let at = self.at.min(self.bytes.len());
        SyntaxError { at, problem }
    }

    /// Passes over white space up to the end of the text.
    pub(crate) fn end(&mut self) -> Result<(), SyntaxError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.error("text goes on behind the value")),
        }
    }

    /// Passes over one value of any kind.
    #[inline]
    pub(crate) fn value(&mut self) -> Result<ValueSpan, SyntaxError> {
        let first = self.peek();
        let start = self.at;
        let is_escaped = match first {
            Some(b'"') => self.string()?,
            Some(b'-' | b'0'..=b'9') => {
                self.number()?;
                false
            }
            _ => {
                self.nested_value()?;
                false
            }
        };
        Ok(ValueSpan {
            start,
            end: self.at,
            is_escaped,
        })
    }

    /// Passes over an array and tells its elements.
    pub(crate) fn elements(&mut self, mut element: impl FnMut(ValueSpan)) -> Result<(), SyntaxError> {
        if !self.take(b'[') {
            return Err(self.error("expected an array"));
        }
        if self.take(b']') {
            return Ok(());
        }
        loop {
            element(self.value()?);
            if !self.take(b',') {
                break;
            }
        }
        if self.take(b']') {
            Ok(())
        } else {
            Err(self.error("expected `,` or `]`"))
        }
    }

    /// Passes over an object and tells its members' names and values.
    pub(crate) fn members(&mut self, mut member: impl FnMut(ValueSpan, ValueSpan)) -> Result<(), SyntaxError> {
        if !self.take(b'{') {
            return Err(self.error("expected an object"));
        }
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.error("expected a member name"));
            }
            let name = self.value()?;
            self.colon()?;
            member(name, self.value()?);
            if !self.take(b',') {
                break;
            }
        }
        if self.take(b'}') {
            Ok(())
        } else {
            Err(self.error("expected `,` or `}`"))
        }
    }

    /// Passes over a string, quotes included; tells whether it has escapes.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<bool, SyntaxError> {
        self.at += 1;
        let mut is_escaped = false;
        loop {
            self.at += plain_prefix(self.rest());
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(is_escaped);
                }
                Some(b'\\') => {
                    is_escaped = true;
                    self.escape()?;
                }
                Some(_) => return Err(self.error("control character in a string")),
                None => return Err(self.error("unterminated string")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), SyntaxError> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u') => {
                let unit = self.code_unit()?;
                match unit {
                    0xD800..=0xDBFF if matches!(self.code_unit(), Ok(0xDC00..=0xDFFF)) => Ok(()),
                    0xD800..=0xDFFF => Err(self.error("lone surrogate in a string")),
                    _ => Ok(()),
                }
            }
            _ => Err(self.error("unknown escape in a string")),
        }
    }

    /// Passes over `\uXXXX`.
    fn code_unit(&mut self) -> Result<u16, SyntaxError> {
        let digits = match self.rest() {
            [b'\\', b'u', a, b, c, d, ..] => [*a, *b, *c, *d],
            _ => return Err(self.error("unfinished escape in a string")),
        };
        let Some(unit) = parse_hex4(digits) else {
            return Err(self.error("unknown escape in a string"));
        };
        self.at += 6;
        Ok(unit)
    }

    /// Passes over a number.
    #[inline]
    fn number(&mut self) -> Result<(), SyntaxError> {
        if self.bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        if self.bytes.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        match self.bytes.get(self.at) {
            Some(byte) if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-') => {
                Err(self.error("malformed number"))
            }
            _ => Ok(()),
        }
    }

    #[inline]
    fn digits(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.error("malformed number"));
        }
        Ok(())
    }

    fn literal(&mut self, word: &'static [u8]) -> Result<(), SyntaxError> {
        if !self.rest().starts_with(word) {
            return Err(self.error("expected a value"));
        }
        self.at += word.len();
        Ok(())
    }

    /// Passes over a value, nested ones without recursion.
    fn nested_value(&mut self) -> Result<(), SyntaxError> {
        let mut open = OpenContainers::default();
        loop {
            match self.peek() {
                Some(b'{') => {
                    self.at += 1;
                    if !self.take(b'}') {
                        self.push(&mut open, true)?;
                        self.member_name()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.at += 1;
                    if !self.take(b']') {
                        self.push(&mut open, false)?;
                        continue;
                    }
                }
                Some(b'"') => {
                    self.string()?;
                }
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.literal(b"true")?,
                Some(b'f') => self.literal(b"false")?,
                Some(b'n') => self.literal(b"null")?,
                _ => return Err(self.error("expected a value")),
            }
            if self.close(&mut open)? {
                return Ok(());
            }
        }
    }

    fn push(&self, open: &mut OpenContainers, is_object: bool) -> Result<(), SyntaxError> {
        if open.depth == DEPTH_MAX {
            return Err(self.error("nested too deeply"));
        }
        open.push(is_object);
        Ok(())
    }

    /// Passes over what may follow a value: closing brackets, and a comma if another value comes. True when
    /// nothing is open any more.
    fn close(&mut self, open: &mut OpenContainers) -> Result<bool, SyntaxError> {
        while let Some(is_object) = open.innermost() {
            if self.take(b',') {
                if is_object {
                    self.member_name()?;
                }
                return Ok(false);
            }
            if !self.take(if is_object { b'}' } else { b']' }) {
                let problem = if is_object {
                    "expected `,` or `}`"
                } else {
                    "expected `,` or `]`"
                };
                return Err(self.error(problem));
            }
            open.pop();
        }
        Ok(true)
    }

    /// Passes over a member's name and the colon.
    fn member_name(&mut self) -> Result<(), SyntaxError> {
        if self.peek() != Some(b'"') {
            return Err(self.error("expected a member name"));
        }
        self.string()?;
        self.colon()
    }

    /// Passes over a colon.
    #[inline]
    pub(crate) fn colon(&mut self) -> Result<(), SyntaxError> {
        if self.take(b':') {
            Ok(())
        } else {
            Err(self.error("expected `:`"))
        }
    }
}

/// Which containers are open, innermost last.
#[derive(Debug, Default)]
struct OpenContainers {
    are_objects: u128,
    depth: u32,
}

impl OpenContainers {
    fn push(&mut self, is_object: bool) {
        self.are_objects = (self.are_objects << 1) | u128::from(is_object);
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.are_objects >>= 1;
        self.depth -= 1;
    }

    fn innermost(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.are_objects & 1 == 1)
    }
}

/// The number that four hexadecimal digits stand for.
pub(crate) fn parse_hex4(digits: [u8; 4]) -> Option<u16> {
    digits.iter().try_fold(0u16, |unit, digit| {
        let value = char::from(*digit).to_digit(16)?;
        Some(unit << 4 | value as u16)
    })
}

/// Length of the part of a string that holds no quote, backslash or control character.
///
/// Eight bytes at a time: a byte below `n` leaves its high bit set in `word - n` and had it clear before.
#[inline]
pub(crate) fn plain_prefix(bytes: &[u8]) -> usize {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zero_bytes = |word: u64| word.wrapping_sub(LOW) & !word;
    let mut length = 0;
    let mut rest = bytes;
    while let Some((chunk, tail)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let control = word.wrapping_sub(LOW * 0x20) & !word;
        let special =
            control | zero_bytes(word ^ (LOW * u64::from(b'"'))) | zero_bytes(word ^ (LOW * u64::from(b'\\')));
        let special = special & HIGH;
        if special != 0 {
            // Borrows may mark bytes above the first special one, never below it.
            return length + (special.trailing_zeros() / 8) as usize;
        }
        length += 8;
        rest = tail;
    }
    let is_special = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
    length + rest.iter().position(is_special).unwrap_or(rest.len())
}
