//! Syntax trees as canonical SQL: upper-case keywords, one spelling for each meaning, one space between tokens, and
//! no more parentheses than the tree needs. What is printed parses to an equal tree.

mod expr;
mod names;
mod query;
mod statement;
mod window;

use std::fmt::{self, Display, Formatter};

/// Writes the items with commas between them.
fn list<T: Display>(f: &mut Formatter<'_>, items: impl IntoIterator<Item = T>) -> fmt::Result {
    for (index, item) in items.into_iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        write!(f, "{separator}{item}")?;
    }
    Ok(())
}

/// Writes the items in parentheses with a blank before them, or nothing when there are none.
fn optional_list<T: Display>(f: &mut Formatter<'_>, items: &[T]) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    f.write_str(" (")?;
    list(f, items)?;
    f.write_str(")")
}

/// Writes ` keyword value`, or nothing.
fn clause<T: Display>(f: &mut Formatter<'_>, keyword: &str, value: Option<T>) -> fmt::Result {
    value.map_or(Ok(()), |value| write!(f, " {keyword} {value}"))
}

/// Writes ` keyword a, b`, or nothing when there are no items.
fn list_clause<T: Display>(f: &mut Formatter<'_>, keyword: &str, items: &[T]) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    write!(f, " {keyword} ")?;
    list(f, items)
}

/// Writes the words with a blank before them if the condition holds.
fn flag(f: &mut Formatter<'_>, given: bool, words: &str) -> fmt::Result {
    if given { write!(f, " {words}") } else { Ok(()) }
}

/// A string literal.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.0.replace('\'', "''"))
    }
}

/// A length of time in the largest unit that divides it.
struct Length(std::time::Duration);

impl Display for Length {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&velo_common::format_duration(self.0))
    }
}
