use std::fmt::Write;

use velo_common::Name;

use super::checksum::checksum_of;

/// Longest name of a directory. File systems allow 255 bytes; the rest is room for people.
const LENGTH_MAX: usize = 120;

/// The name of the directory of a table or a job: its own, in lower case, where that is harmless.
///
/// Names that differ in case alone are one, so that a file system that ignores case cannot mix two up. Every byte
/// other than `a-z 0-9 _ -` is written as `%` with two digits; what would be too long is cut, with a checksum of all.
pub(crate) fn directory_name(name: &str) -> String {
    let folded = Name::from(name).folded();
    if folded.is_empty() {
        return "%".to_owned();
    }
    let mut name = String::with_capacity(folded.len());
    for byte in folded.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => name.push(char::from(byte)),
            // Writing to a string cannot fail.
            _ => drop(write!(name, "%{byte:02X}")),
        }
    }
    if name.len() > LENGTH_MAX {
        let checksum = checksum_of(folded.as_bytes()).replace(':', "-");
        // `~` is in no other name.
        name.truncate(LENGTH_MAX - checksum.len() - 1);
        name = format!("{name}~{checksum}");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_are_harmless() {
        let cases = [
            ("orders", "orders"),
            ("Orders_2024-01", "orders_2024-01"),
            ("", "%"),
            (".", "%2E"),
            ("..", "%2E%2E"),
            ("../etc/passwd", "%2E%2E%2Fetc%2Fpasswd"),
            ("a\\b:c*d?e", "a%5Cb%3Ac%2Ad%3Fe"),
            ("%2e", "%252e"),
            ("Größe", "gr%C3%B6%C3%9Fe"),
            ("a\0b\n", "a%00b%0A"),
        ];
        for (table, expected) in cases {
            assert_eq!(directory_name(table), expected, "{table:?}");
        }
    }

    #[test]
    fn long_names_stay_different() {
        let long = "x".repeat(500);
        let longer = "x".repeat(501);
        assert_eq!(directory_name(&long).len(), LENGTH_MAX);
        assert_ne!(directory_name(&long), directory_name(&longer));
        assert_eq!(directory_name(&"ö".repeat(300)).len(), LENGTH_MAX);
    }
}
