use crate::json::members::Target;
use crate::json::scanner::{Scanner, ValueSpan};
use crate::json::string::unescape;
use crate::value::short_number::ShortNumber;

/// Where a value stands in the text of its record.
///
/// A scan of a block of records leaves one cell per record and column; columns are then built one after the
/// other, each in one loop over values of one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cell {
    /// First byte.
    pub(crate) start: u32,
    /// First byte behind it.
    pub(crate) end: u32,
    /// The number, if it is a short one and was read while it was passed over.
    pub(crate) number: Option<ShortNumber>,
    /// Whether there is a value, which NULL is not.
    pub(crate) is_present: bool,
    /// Whether the text has escapes (JSON) or doubled quotes (CSV).
    pub(crate) is_escaped: bool,
    /// CSV: whether the value stood in quotes, which are not part of the cell. JSON: whether the member had the
    /// column's name to the letter.
    pub(crate) is_marked: bool,
}

impl Cell {
    /// The cell of a JSON value.
    #[inline]
    pub(crate) fn of_json(value: ValueSpan) -> Self {
        Self {
            start: value.start as u32,
            end: value.end as u32,
            number: value.number,
            is_present: !value.is_null,
            is_escaped: value.is_escaped,
            is_marked: false,
        }
    }

    /// Takes over the value of a member: the last one wins, but one named to the letter before one that is not.
    #[inline]
    pub(crate) fn take_member(&mut self, target: Target, value: ValueSpan) {
        if target.is_exact || !self.is_marked {
            *self = Self::of_json(value);
            self.is_marked = target.is_exact;
        }
    }
}

/// How cells are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// JSON values, quotes included.
    Json,
    /// CSV fields without their quotes.
    Csv {
        /// The byte whose doubling stands for itself in a quoted field.
        quote: u8,
    },
    /// Names of JSON members, quotes included, which are text for keys of any type.
    MemberName,
}

/// A value as its syntax tells it, before its type is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// Text that can be anything: a CSV field.
    Bare(&'a str),
    /// A JSON string, unescaped.
    Text(&'a str),
    /// A JSON number.
    Number(&'a str),
    /// A JSON boolean.
    Boolean(bool),
    /// A JSON object or array.
    Nested(&'a str),
}

/// One column's cells in a block of records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cells<'a> {
    /// The records' texts, which the cells point into.
    pub(crate) texts: &'a [&'a str],
    /// The cells.
    pub(crate) places: &'a [Cell],
    /// For each cell the record it belongs to; `None` where there is one cell a record.
    pub(crate) rows: Option<&'a [u32]>,
    /// How the cells are written.
    pub(crate) syntax: Syntax,
}

impl<'a> Cells<'a> {
    /// The record that a cell belongs to.
    #[inline]
    pub(crate) fn row(&self, index: usize) -> usize {
        match self.rows {
            Some(rows) => rows[index] as usize,
            None => index,
        }
    }

    /// The text of the record that a cell belongs to.
    #[inline]
    pub(crate) fn text(&self, index: usize) -> &'a str {
        self.texts[self.row(index)]
    }

    /// The cell's own text; `None` for NULL.
    #[inline]
    pub(crate) fn raw(&self, index: usize) -> Option<&'a str> {
        let cell = self.places[index];
        if !cell.is_present {
            return None;
        }
        self.text(index).get(cell.start as usize..cell.end as usize)
    }

    /// What the cell says; `None` for NULL. `scratch` takes text that had to be unescaped.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "what most cells hold is then known where it is converted"
    )]
    pub(crate) fn token<'t>(&self, index: usize, scratch: &'t mut String) -> Option<Token<'t>>
    where
        'a: 't,
    {
        match self.plain_text(index) {
            Some(text) => Some(Token::Text(text)),
            None => self.other_token(index, scratch),
        }
    }

    /// The inside of a JSON string without escapes, which most texts are.
    #[inline]
    fn plain_text(&self, index: usize) -> Option<&'a str> {
        let cell = &self.places[index];
        if !cell.is_present || cell.is_escaped || self.syntax != Syntax::Json {
            return None;
        }
        let text = self.text(index);
        let start = cell.start as usize;
        if text.as_bytes().get(start) != Some(&b'"') {
            return None;
        }
        text.get(start + 1..(cell.end as usize).wrapping_sub(1))
    }

    #[inline(never)]
    fn other_token<'t>(&self, index: usize, scratch: &'t mut String) -> Option<Token<'t>>
    where
        'a: 't,
    {
        let raw = self.raw(index)?;
        let is_escaped = self.places[index].is_escaped;
        Some(match self.syntax {
            Syntax::Json => json_token(raw, is_escaped, scratch),
            Syntax::Csv { quote } if is_escaped => {
                scratch.clear();
                undouble(raw, quote, scratch);
                Token::Bare(scratch)
            }
            Syntax::Csv { .. } => Token::Bare(raw),
            Syntax::MemberName => match json_token(raw, is_escaped, scratch) {
                Token::Text(name) => Token::Bare(name),
                other => other,
            },
        })
    }

    /// A scanner at the cell's object or array, which `open` begins; `None` if it is another kind of value.
    pub(crate) fn container(&self, index: usize, open: u8) -> Option<Scanner<'a>> {
        let start = self.places[index].start as usize;
        let bytes = self.text(index).as_bytes();
        (bytes.get(start) == Some(&open)).then(|| Scanner::new(bytes, start))
    }
}

#[inline]
fn json_token<'t>(raw: &'t str, is_escaped: bool, scratch: &'t mut String) -> Token<'t> {
    match raw.as_bytes().first() {
        Some(b'"') => {
            let inside = raw.get(1..raw.len() - 1).unwrap_or_default();
            if !is_escaped {
                return Token::Text(inside);
            }
            scratch.clear();
            unescape(inside, scratch);
            Token::Text(scratch)
        }
        Some(b'{' | b'[') => Token::Nested(raw),
        Some(b't') => Token::Boolean(true),
        Some(b'f') => Token::Boolean(false),
        _ => Token::Number(raw),
    }
}

/// Appends a quoted CSV field with its doubled quotes made single.
pub(crate) fn undouble(field: &str, quote: u8, text: &mut String) {
    let mut rest = field;
    while let Some(at) = memchr::memchr(quote, rest.as_bytes()) {
        let (with_quote, tail) = rest.split_at(at + 1);
        text.push_str(with_quote);
        rest = tail.get(1..).unwrap_or_default();
    }
    text.push_str(rest);
}
