//! Text that others have written, made fit for one line of a terminal.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Control characters as escapes: what others have written must not break lines or command the terminal.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut printable = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if character.is_control() {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    Cow::Owned(printable)
}

/// The text in at most so many columns; one that is wider ends in `…`.
pub(crate) fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    if text.width() <= columns {
        return Cow::Borrowed(text);
    }
    match columns.checked_sub(1) {
        Some(left) => Cow::Owned(format!("{}…", prefix(text, left))),
        None => Cow::Borrowed(""),
    }
}

/// As much of the beginning of the text as fits into so many columns.
pub(crate) fn prefix(text: &str, columns: usize) -> &str {
    let mut width = 0;
    let too_wide = |(_, character): &(usize, char)| {
        width += character.width().unwrap_or(0);
        width > columns
    };
    match text.char_indices().find(too_wide) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_the_columns_it_takes() {
        let cases = [
            ("orders", 6, "orders"),
            ("orders", 5, "orde…"),
            ("数量表", 6, "数量表"),
            // A wide character that does not fit whole is left out.
            ("数量表", 4, "数…"),
            ("orders", 1, "…"),
            ("orders", 0, ""),
        ];
        for (text, columns, expected) in cases {
            assert_eq!(cut(text, columns), expected, "{text} in {columns}");
        }
    }

    #[test]
    fn control_characters_become_visible() {
        assert_eq!(printable("a\nb\u{1b}[31m"), "a\\nb\\u{1b}[31m");
        assert!(matches!(printable("größe"), Cow::Borrowed("größe")));
    }
}
