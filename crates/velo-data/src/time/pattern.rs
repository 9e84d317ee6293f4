//! Patterns of dates and times: strftime (`%Y-%m-%d`), and Java's (`yyyy-MM-dd`).

use chrono::format::{Item, Parsed, StrftimeItems};
use chrono::{NaiveDateTime, NaiveTime};

/// A pattern that was checked.
///
/// A text with a `%` is a strftime pattern with DuckDB's meaning of the fractions (`%g` milliseconds, `%f`
/// microseconds, `%n` nanoseconds); one without is a Java pattern.
#[derive(Debug, Clone)]
pub struct TimePattern {
    items: Vec<Item<'static>>,
}

impl TimePattern {
    /// Checks a pattern.
    ///
    /// # Errors
    ///
    /// The text is neither kind of pattern; the message says why.
    pub fn parse(pattern: &str) -> Result<Self, String> {
        let strftime = if pattern.contains('%') {
            from_duckdb(pattern)
        } else {
            from_java(pattern)?
        };
        let items = StrftimeItems::new(&strftime)
            .parse_to_owned()
            .map_err(|_| format!("`{pattern}` is not a pattern of dates and times"))?;
        Ok(Self { items })
    }

    /// What it is made of.
    pub fn items(&self) -> &[Item<'static>] {
        &self.items
    }

    /// Reads a whole text. Without a time of day it is midnight; a UTC offset is taken off.
    pub fn read(&self, text: &str) -> Option<ReadTime> {
        let mut parsed = Parsed::new();
        chrono::format::parse(&mut parsed, text, self.items.iter()).ok()?;
        if let Some(seconds) = parsed.timestamp() {
            return Some(ReadTime::Utc(chrono::DateTime::from_timestamp(seconds, 0)?.naive_utc()));
        }
        let date = parsed.to_naive_date().ok()?;
        let has_time = parsed.hour_mod_12().is_some();
        let time = if has_time {
            time_of_day(&mut parsed)?
        } else {
            NaiveTime::MIN
        };
        let local = date.and_time(time);
        Some(match parsed.offset() {
            Some(seconds) => ReadTime::Utc(local.checked_sub_offset(chrono::FixedOffset::east_opt(seconds)?)?),
            None => ReadTime::Local(local),
        })
    }
}

/// A time that was read, and whether its text said how it relates to UTC.
pub enum ReadTime {
    /// In UTC: the text had an offset, or was a number of seconds.
    Utc(NaiveDateTime),
    /// What a clock shows somewhere.
    Local(NaiveDateTime),
}

/// Hours alone are enough: the minute is then 0.
fn time_of_day(parsed: &mut Parsed) -> Option<NaiveTime> {
    if parsed.minute().is_none() {
        parsed.set_minute(0).ok()?;
    }
    parsed.to_naive_time().ok()
}

/// Chrono's own fractions differ from DuckDB's.
fn from_duckdb(pattern: &str) -> String {
    let mut strftime = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        strftime.push(character);
        if character == '%' {
            match characters.next() {
                Some('g') => strftime.push_str("3f"),
                Some('f') => strftime.push_str("6f"),
                Some('n') => strftime.push_str("9f"),
                Some(other) => strftime.push(other),
                None => {}
            }
        }
    }
    strftime
}

fn from_java(pattern: &str) -> Result<String, String> {
    let mut strftime = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let run = rest.chars().take_while(|&other| other == first).count();
        if first == '\'' {
            let (literal, after) =
                quoted(rest).ok_or_else(|| format!("a quote in the pattern `{pattern}` is never closed"))?;
            strftime.push_str(&literal.replace('%', "%%"));
            rest = after;
            continue;
        }
        if first.is_ascii_alphabetic() {
            let field = java_field(first, run)
                .ok_or_else(|| format!("`{}` in the pattern `{pattern}` has no meaning", &rest[..run]))?;
            // Java writes the point before the fraction itself.
            strftime.push_str(field);
            rest = &rest[run..];
        } else {
            strftime.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    Ok(strftime)
}

/// A quoted literal at the start of a text, and what follows it; `''` is a quote.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let inner = &text[1..];
    let end = inner.find('\'')?;
    let literal = if end == 0 { "'" } else { &inner[..end] };
    Some((literal, &inner[end + 1..]))
}

fn java_field(letter: char, run: usize) -> Option<&'static str> {
    Some(match (letter, run) {
        ('y' | 'u', 1 | 4) => "%Y",
        ('y' | 'u', 2) => "%y",
        ('M' | 'L', 1) => "%-m",
        ('M' | 'L', 2) => "%m",
        ('M' | 'L', 3) => "%b",
        ('M' | 'L', 4) => "%B",
        ('d', 1) => "%-d",
        ('d', 2) => "%d",
        ('D', 3) => "%j",
        ('E', 1..=3) => "%a",
        ('E', 4) => "%A",
        ('H', 1) => "%-H",
        ('H', 2) => "%H",
        ('h', 1) => "%-I",
        ('h', 2) => "%I",
        ('m', 1) => "%-M",
        ('m', 2) => "%M",
        ('s', 1) => "%-S",
        ('s', 2) => "%S",
        ('S', 3) => "%3f",
        ('S', 6) => "%6f",
        ('S', 9) => "%9f",
        ('a', 1) => "%p",
        ('X' | 'x', 3) => "%:z",
        ('Z', 1) | ('x', 2) => "%z",
        ('V' | 'z', 1 | 2) => "%Z",
        _ => return None,
    })
}
