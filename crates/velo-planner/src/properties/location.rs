//! Relative paths that a program writes, and the directories in which they start.

use std::path::{Path, PathBuf};

use super::{Properties, PropertyValue, ValueKind, definition};

/// Where the relative paths start that stand in one file of a program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BaseDirectory {
    /// Those of data: sources, sinks, dead letters.
    pub data: PathBuf,
    /// Those of further files of the program, such as schemas.
    pub program: PathBuf,
}

/// A path of a sink that names no file: the standard output, and nowhere.
const WORDS: [&str; 2] = ["-", "discard"];

/// Puts the directory in which they start before the relative paths among the values.
pub(super) fn locate(properties: &mut Properties, base: &BaseDirectory) {
    for (key, value) in properties {
        if let Some(definition) = definition(key) {
            value.locate(definition.value, base);
        }
    }
}

impl PropertyValue {
    /// Puts the directory in which it starts before a relative path.
    pub(crate) fn locate(&mut self, kind: ValueKind, base: &BaseDirectory) {
        let located = match kind {
            ValueKind::DataPath => located(&self.text, &base.data),
            ValueKind::DatabaseUrl => located_database(&self.text, &base.data),
            ValueKind::ProgramPath => located(&self.text, &base.program),
            _ => None,
        };
        if let Some(located) = located {
            self.relative = Some(std::mem::replace(&mut self.text, located));
        }
    }
}

/// The path from where the process runs; none if it is an address, an absolute path, or no file at all.
fn located(text: &str, base: &Path) -> Option<String> {
    let path = text.strip_prefix("file://").unwrap_or(text);
    if path.is_empty() || path.contains("://") || WORDS.contains(&path) || Path::new(path).is_absolute() {
        return None;
    }
    if base.as_os_str().is_empty() {
        return Some(path.to_owned());
    }
    let base = base.to_string_lossy();
    // In a pattern the directory must not become a part of it.
    let base = if path.contains(['*', '?', '[']) {
        escaped(&base)
    } else {
        base.into_owned()
    };
    Some(Path::new(&base).join(path).to_string_lossy().into_owned())
}

/// A directory as a pattern that matches it alone.
fn escaped(directory: &str) -> String {
    let mut pattern = String::with_capacity(directory.len());
    for character in directory.chars() {
        match character {
            '*' | '?' | '[' => pattern.extend(['[', character, ']']),
            other => pattern.push(other),
        }
    }
    pattern
}

/// The same for the file of an SQLite database: `sqlite:path`, `sqlite://path`.
fn located_database(url: &str, base: &Path) -> Option<String> {
    let (scheme, path) = url.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("sqlite") {
        return None;
    }
    let path = path.strip_prefix("//").unwrap_or(path);
    Some(format!("{scheme}:{}", located(path, base)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_path_starts_in_its_directory() {
        let cases = [
            ("orders.csv", "shop", Some("shop/orders.csv")),
            ("../orders.csv", "shop", Some("shop/../orders.csv")),
            ("orders.csv", "", Some("orders.csv")),
            ("file://orders.csv", "shop", Some("shop/orders.csv")),
            ("*.csv", "a[1]b*", Some("a[[]1]b[*]/*.csv")),
            ("orders.csv", "a[1]", Some("a[1]/orders.csv")),
            ("/data/orders.csv", "shop", None),
            ("file:///data/orders.csv", "shop", None),
            ("s3://bucket/orders.csv", "shop", None),
            ("https://host/orders.csv", "shop", None),
            ("-", "shop", None),
            ("discard", "shop", None),
            ("", "shop", None),
        ];
        for (text, base, expected) in cases {
            assert_eq!(located(text, Path::new(base)).as_deref(), expected, "{text} in {base}");
        }
    }

    #[test]
    fn the_file_of_a_database_too() {
        let cases = [
            ("sqlite:crm.sqlite", Some("sqlite:shop/crm.sqlite")),
            ("SQLite://crm.sqlite", Some("SQLite:shop/crm.sqlite")),
            ("sqlite:///data/crm.sqlite", None),
            ("sqlite:", None),
            ("postgres://host/shop", None),
            ("nonsense", None),
        ];
        for (url, expected) in cases {
            assert_eq!(located_database(url, Path::new("shop")).as_deref(), expected, "{url}");
        }
    }
}
