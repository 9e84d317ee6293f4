//! Keys as the library holds them.
//!
//! A key of S3 is any text, such as `d//x.csv` or `/a`. The paths of the library have no empty names, no `.` and `..`, and no
//! control characters. Parts of a key that a path cannot hold are written with [`ESCAPE`] there, and requests are sent
//! with the key itself, see [`wire`](super::wire).

use std::fmt::Write as _;

use object_store::path::Path;

/// A character for private use; where a key has it, it is doubled.
const ESCAPE: char = '\u{F8FF}';

/// [`ESCAPE`] in the path of a URL.
pub(super) const ESCAPE_IN_URL: &str = "%EF%A3%BF";

/// Stands behind an escape for a name without characters.
pub(super) const EMPTY_NAME: char = '_';

/// The path that stands for a key.
///
/// # Errors
///
/// Never: what a path cannot hold is escaped.
pub(super) fn path_of(key: &str) -> Result<Path, object_store::path::Error> {
    Path::parse(escaped(key))
}

/// A key as a text that is a path.
pub(super) fn escaped(key: &str) -> String {
    if key.is_empty() {
        return String::new(); // The root of the bucket.
    }
    let mut path = String::with_capacity(key.len());
    for (place, name) in key.split('/').enumerate() {
        if place > 0 {
            path.push('/');
        }
        match name {
            "" => path.extend([ESCAPE, EMPTY_NAME]),
            _ if is_relative(name) => name.chars().for_each(|dot| push_code(&mut path, dot)),
            _ => push_name(&mut path, name),
        }
    }
    path
}

fn push_name(path: &mut String, name: &str) {
    // Blanks at the ends get lost where the library reads listings.
    let is_end = |place: usize, character: char| place == 0 || place + character.len_utf8() == name.len();
    for (place, character) in name.char_indices() {
        match character {
            ESCAPE => path.extend([ESCAPE, ESCAPE]),
            ' ' if is_end(place, ' ') => push_code(path, ' '),
            character if character.is_ascii_control() => push_code(path, character),
            character => path.push(character),
        }
    }
}

fn push_code(path: &mut String, character: char) {
    path.push(ESCAPE);
    // Writing to a text cannot fail.
    let _ = write!(path, "{:02X}", u32::from(character));
}

fn is_relative(name: &str) -> bool {
    matches!(name, "." | "..")
}

/// The key that a path stands for.
pub(super) fn key_of(path: &Path) -> String {
    let path: &str = path.as_ref();
    let mut key = String::with_capacity(path.len());
    let mut characters = path.chars();
    while let Some(character) = characters.next() {
        if character != ESCAPE {
            key.push(character);
            continue;
        }
        match characters.next() {
            Some(ESCAPE) => key.push(ESCAPE),
            Some(first @ ('0'..='9' | 'A'..='F')) => {
                let digits = first
                    .to_digit(16)
                    .zip(characters.next().and_then(|second| second.to_digit(16)));
                key.extend(digits.and_then(|(first, second)| char::from_u32(first * 16 + second)));
            }
            _ => {} // A name without characters.
        }
    }
    key
}

/// Whether an object can be asked for: the library takes `.` and `..` out of the addresses that it sends.
pub(super) fn can_be_asked_for(key: &str) -> bool {
    !key.split('/').any(is_relative)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_paths_hold_is_held_as_it_is() {
        let keys = [
            "a.csv",
            "day=1/a b+c%20.csv",
            "a[1].csv",
            "ä/~#?.csv",
            "...",
            "a/.b",
            "a\\b",
            "\u{E000}",
        ];
        for key in keys {
            assert_eq!(escaped(key), key);
        }
    }

    #[test]
    fn what_paths_do_not_hold_is_held_otherwise() {
        let keys = [
            "d//x.csv",
            "/a",
            "a/",
            "//",
            "/",
            ".",
            "a/../b",
            "a\tb",
            " a",
            "a ",
            "\u{7F}",
            "\u{F8FF}",
            "\u{F8FF}_/",
        ];
        for key in keys {
            let path = path_of(key).unwrap();
            assert_ne!(path.as_ref(), key);
            assert_eq!(key_of(&path), key, "{path}");
        }
        assert!(can_be_asked_for("a/.../b"));
        assert!(!can_be_asked_for("a/../b"));
    }

    proptest! {
        #[test]
        fn every_key_has_a_path_of_its_own(key in "([ a/.\u{F8FF}_09AF\u{1}\u{7F}ä]|\\PC){0,12}") {
            let path = path_of(&key).unwrap();
            prop_assert_eq!(path.as_ref(), escaped(&key));
            prop_assert_eq!(key_of(&path), key);
        }
    }
}
