use std::borrow::Cow;

use crate::TableMetadata;

/// What is known about a table in a few words each: `file`, `1,200 rows`, `3.4 MB`, `priority 5`, `tag daily`.
pub(super) fn facts(metadata: &TableMetadata) -> Vec<String> {
    let source_type = metadata
        .source_type
        .as_deref()
        .map(|source_type| visible(source_type).into_owned());
    let rows = metadata.estimated_rows.map(|rows| counted(rows, "row"));
    let bytes = metadata.estimated_bytes.map(byte_size);
    let priority = (metadata.priority != 0).then(|| format!("priority {}", metadata.priority));
    let tags = metadata.tags.iter().map(|tag| format!("tag {}", visible(tag)));
    [source_type, rows, bytes, priority]
        .into_iter()
        .flatten()
        .chain(tags)
        .collect()
}

/// A name as it can be drawn: characters that control a terminal or end a line become their pictures.
pub(super) fn visible(name: &str) -> Cow<'_, str> {
    if name.chars().any(char::is_control) {
        name.chars().map(picture).collect()
    } else {
        Cow::Borrowed(name)
    }
}

/// `␊` for a line feed, and so on; those that Unicode has no picture of become the replacement character.
pub(super) fn picture(character: char) -> char {
    match u32::from(character) {
        code @ ..0x20 => char::from_u32(0x2400 + code).unwrap_or(char::REPLACEMENT_CHARACTER),
        0x7f => '␡',
        _ if character.is_control() => char::REPLACEMENT_CHARACTER,
        _ => character,
    }
}

/// `1 row`, `1,200 rows`.
pub(super) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(count))
}

/// Digits in groups of three.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Bytes in the largest decimal unit of which there is at least one, with one digit behind the point.
fn byte_size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (1_000_000_000_000, "TB"),
        (1_000_000_000, "GB"),
        (1_000_000, "MB"),
        (1_000, "kB"),
    ];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => counted(bytes, "byte"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let cases = [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1_000, "1.0 kB"),
            (3_456_789, "3.4 MB"),
            (u64::MAX, "18446744.0 TB"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(byte_size(bytes), expected);
        }
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!(counted(1, "table"), "1 table");
        assert_eq!(counted(0, "row"), "0 rows");
        assert_eq!(counted(999, "row"), "999 rows");
        assert_eq!(counted(1_234_567, "row"), "1,234,567 rows");
    }

    #[test]
    fn nothing_drawn_controls_a_terminal() {
        assert_eq!(visible("a\nb\u{1b}[31m\u{7f}\u{9b}é"), "a␊b␛[31m␡\u{fffd}é");
    }
}
