//! A validating scanner over the bytes of one JSON text.
//!
//! It finds where values start and end and builds nothing, so that members nobody asked for cost no more than
//! being looked at. The text is known to be UTF-8; everything else that RFC 8259 demands is checked here.

use std::fmt;

use super::plain::plain_end;
use crate::value::short_number::ShortNumber;

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
    /// Whether it is `null`.
    pub(crate) is_null: bool,
    /// Whether it is a string with escapes.
    pub(crate) is_escaped: bool,
    /// The number, if it is a short one.
    pub(crate) number: Option<ShortNumber>,
}

impl ValueSpan {
    /// The place of a value about which there is nothing else to be said.
    #[inline]
    fn new(start: usize, end: usize) -> Self {
        Self {
            start,
            end,
            is_null: false,
            is_escaped: false,
            number: None,
        }
    }
}

/// A position in a JSON text.
///
/// Whatever is rare is done by a function that takes the scanner by value and gives the next place back: a scanner
/// that is never borrowed lives in registers, which makes the usual path twice as fast.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Whether `\n` is no white space, since it ends the text and `bytes` go on behind it.
    is_line: bool,
}

impl<'a> Scanner<'a> {
    /// A scanner at byte `at` of `bytes`.
    pub(crate) fn new(bytes: &'a [u8], at: usize) -> Self {
        let is_line = false;
        Self { bytes, at, is_line }
    }

    /// A scanner of the line that `bytes` begin with, whose end nobody has looked for. It finds an error where it
    /// would without what comes behind the line, but may call it something else.
    pub(crate) fn of_line(bytes: &'a [u8]) -> Self {
        let is_line = true;
        Self { bytes, at: 0, is_line }
    }

    /// The next byte to look at.
    #[inline]
    pub(crate) fn position(self) -> usize {
        self.at
    }

    /// The bytes not yet looked at.
    #[inline]
    pub(crate) fn rest(self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Passes over what stands before a place that the caller has found.
    #[inline]
    pub(crate) fn move_to(&mut self, at: usize) {
        self.at = at;
    }

    /// The next byte behind white space, not passed over.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        match self.bytes.get(self.at) {
            Some(byte) if *byte > b' ' => Some(*byte),
            None => None,
            Some(_) => {
                self.at = self.behind_white_space();
                self.bytes.get(self.at).copied()
            }
        }
    }

    fn behind_white_space(self) -> usize {
        let is_white = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r') || (**byte == b'\n' && !self.is_line);
        self.at + self.rest().iter().take_while(is_white).count()
    }

    /// Passes over white space and then `byte`, if it is there.
    #[inline]
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let found = self.bytes.get(self.at) == Some(&byte) || self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// An error at the next byte.
    #[cold]
    pub(crate) fn error(self, problem: &'static str) -> SyntaxError {
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

    /// All bytes, those before the position included.
    #[inline]
    pub(crate) fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Passes over one value of any kind; what nearly all values are is told without a call.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call would borrow the scanner")]
    pub(crate) fn value(&mut self) -> Result<ValueSpan, SyntaxError> {
        match self.bytes.get(self.at) {
            Some(b'"') => {
                let end = plain_end(self.bytes, self.at + 1);
                if self.bytes.get(end) == Some(&b'"') {
                    let value = ValueSpan::new(self.at, end + 1);
                    self.at = end + 1;
                    return Ok(value);
                }
            }
            Some(b'-' | b'0'..=b'9') => {
                if let Some((number, length)) = ShortNumber::scan(self.rest()) {
                    let value = ValueSpan {
                        number: Some(number),
                        ..ValueSpan::new(self.at, self.at + length)
                    };
                    self.at += length;
                    return Ok(value);
                }
            }
            _ => {}
        }
        let value = self.any_value()?;
        self.at = value.end;
        Ok(value)
    }

    /// The next value, which may be any.
    #[inline(never)]
    fn any_value(mut self) -> Result<ValueSpan, SyntaxError> {
        let first = self.peek();
        let start = self.at;
        let (mut is_escaped, mut number) = (false, None);
        match first {
            Some(b'"') => is_escaped = self.string()?,
            Some(b'-' | b'0'..=b'9') => number = self.number()?,
            _ => self.at = self.behind_any_value()?,
        }
        Ok(ValueSpan {
            start,
            end: self.at,
            is_null: first == Some(b'n'),
            is_escaped,
            number,
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
    pub(crate) fn string(&mut self) -> Result<bool, SyntaxError> {
        self.at += 1;
        self.at = plain_end(self.bytes, self.at);
        if self.bytes.get(self.at) == Some(&b'"') {
            self.at += 1;
            return Ok(false);
        }
        self.at = self.behind_escaped_string()?;
        Ok(true)
    }

    /// The place behind the rest of a string, from a byte on that does not stand for itself and is no quote.
    #[inline(never)]
    fn behind_escaped_string(mut self) -> Result<usize, SyntaxError> {
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => return Ok(self.at + 1),
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(self.error("control character in a string")),
                None => return Err(self.error("unterminated string")),
            }
            self.at = plain_end(self.bytes, self.at);
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

    /// Passes over a number, and reads it if it is short.
    fn number(&mut self) -> Result<Option<ShortNumber>, SyntaxError> {
        if let Some((number, length)) = ShortNumber::scan(self.rest()) {
            self.at += length;
            return Ok(Some(number));
        }
        self.at = self.behind_number()?;
        Ok(None)
    }

    /// The place behind any number.
    #[inline(never)]
    fn behind_number(mut self) -> Result<usize, SyntaxError> {
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
            _ => Ok(self.at),
        }
    }

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

    /// The place behind a value of any kind; nested ones take no recursion.
    #[inline(never)]
    fn behind_any_value(mut self) -> Result<usize, SyntaxError> {
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
                Some(b'-' | b'0'..=b'9') => drop(self.number()?),
                Some(b't') => self.literal(b"true")?,
                Some(b'f') => self.literal(b"false")?,
                Some(b'n') => self.literal(b"null")?,
                _ => return Err(self.error("expected a value")),
            }
            if self.close(&mut open)? {
                return Ok(self.at);
            }
        }
    }

    fn push(self, open: &mut OpenContainers, is_object: bool) -> Result<(), SyntaxError> {
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
