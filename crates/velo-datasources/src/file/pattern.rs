use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern};

/// A path with wildcards: `*` and `?` within a name, `[abc]` and `[!a-z]` for one character, `**` for any depth.
///
/// Names that begin with a dot are matched by patterns that do so too.
#[derive(Debug, Clone)]
pub(crate) struct PathPattern {
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
enum Part {
    Literal(OsString),
    Wildcard(Pattern),
    AnyDepth,
}

const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// Whether a path has wildcards in it.
pub(crate) fn has_wildcards(path: &Path) -> bool {
    path.as_os_str()
        .as_encoded_bytes()
        .iter()
        .any(|byte| matches!(byte, b'*' | b'?' | b'['))
}

impl PathPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// When a wildcard is malformed, such as a `[` that is never closed; the message says what is wrong.
    pub(crate) fn parse(path: &Path) -> Result<Self, &'static str> {
        Self::of_names(path.components().map(Component::as_os_str))
    }

    /// Reads a pattern of keys, in which the names between delimiters count as they stand, empty ones and `.` too.
    ///
    /// # Errors
    ///
    /// As [`PathPattern::parse`].
    pub(crate) fn of_key(key: &str) -> Result<Self, &'static str> {
        Self::of_names(key.split('/').map(OsStr::new))
    }

    fn of_names<'a>(names: impl Iterator<Item = &'a OsStr>) -> Result<Self, &'static str> {
        let parts = names.map(|name| match name.to_str() {
            _ if !has_wildcards(Path::new(name)) => Ok(Part::Literal(name.to_owned())),
            None => Err("a pattern must be UTF-8"),
            Some("**") => Ok(Part::AnyDepth),
            Some(text) => Pattern::new(text).map(Part::Wildcard).map_err(|error| error.msg),
        });
        let mut parts = parts.collect::<Result<Vec<_>, _>>()?;
        if let (Some(Part::AnyDepth), Ok(any_name)) = (parts.last(), Pattern::new("*")) {
            parts.push(Part::Wildcard(any_name)); // Everything below, which `**/*` means too.
        }
        Ok(Self { parts })
    }

    /// The files that match, in no particular order; one may come twice. Symbolic links to directories are not
    /// followed by `**`, so that circles end.
    ///
    /// # Errors
    ///
    /// When a directory cannot be listed; with its path.
    pub(crate) fn files(&self) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
        let mut found = Vec::new();
        walk(PathBuf::new(), &self.parts, &mut found)?;
        Ok(found)
    }

    /// Whether a path matches.
    pub(crate) fn matches(&self, path: &Path) -> bool {
        let names: Vec<&OsStr> = path.components().map(Component::as_os_str).collect();
        matches_names(&self.parts, &names)
    }

    /// Whether a key matches.
    pub(crate) fn matches_key(&self, key: &str) -> bool {
        let names: Vec<&OsStr> = key.split('/').map(OsStr::new).collect();
        matches_names(&self.parts, &names)
    }
}

fn matches_names(parts: &[Part], names: &[&OsStr]) -> bool {
    match (parts, names) {
        ([], []) => true,
        ([Part::AnyDepth, rest @ ..], _) => {
            matches_names(rest, names)
                || names
                    .split_first()
                    .is_some_and(|(_, below)| matches_names(parts, below))
        }
        ([Part::Literal(literal), rest @ ..], [name, below @ ..]) => literal == name && matches_names(rest, below),
        ([Part::Wildcard(pattern), rest @ ..], [name, below @ ..]) => {
            fits(pattern, &name.to_string_lossy()) && matches_names(rest, below)
        }
        _ => false,
    }
}

fn walk(at: PathBuf, parts: &[Part], found: &mut Vec<PathBuf>) -> Result<(), (PathBuf, io::Error)> {
    match parts {
        [] => found.push(at),
        [Part::Literal(name), rest @ ..] => {
            let next = at.join(name);
            if rest.is_empty() && next.is_file() || !rest.is_empty() && next.is_dir() {
                walk(next, rest, found)?;
            }
        }
        [Part::Wildcard(pattern), rest @ ..] => {
            for entry in entries(&at)? {
                if fits(pattern, &entry.name.to_string_lossy()) && entry.path.is_dir() != rest.is_empty() {
                    walk(entry.path, rest, found)?;
                }
            }
        }
        [Part::AnyDepth, rest @ ..] => {
            for entry in entries(&at)? {
                if entry.is_directory && !is_hidden(&entry.name.to_string_lossy()) {
                    walk(entry.path, parts, found)?;
                }
            }
            walk(at, rest, found)?;
        }
    }
    Ok(())
}

fn fits(pattern: &Pattern, name: &str) -> bool {
    (!is_hidden(name) || is_hidden(pattern.as_str())) && pattern.matches_with(name, OPTIONS)
}

/// Whether a name is one that listings leave out; our own temporary files have such names.
pub(crate) fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
}

/// Something in a directory.
pub(super) struct Entry {
    pub(super) name: OsString,
    pub(super) path: PathBuf,
    /// Whether it is a directory itself, not a link to one.
    pub(super) is_directory: bool,
}

/// What is in a directory; the empty path is the working directory.
pub(super) fn entries(directory: &Path) -> Result<Vec<Entry>, (PathBuf, io::Error)> {
    let shown = if directory.as_os_str().is_empty() {
        Path::new(".")
    } else {
        directory
    };
    let failed = |error| (shown.to_owned(), error);
    let read = |entry: io::Result<fs::DirEntry>| {
        let entry = entry?;
        Ok(Entry {
            path: directory.join(entry.file_name()),
            name: entry.file_name(),
            is_directory: entry.file_type()?.is_dir(),
        })
    };
    let listed = fs::read_dir(shown).map_err(failed)?;
    listed.map(read).collect::<io::Result<Vec<_>>>().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_match_name_by_name() {
        let cases = [
            ("a/*.csv", "a/b.csv", true),
            ("a/*.csv", "a/.b.csv", false),
            ("a/.*.csv", "a/.b.csv", true),
            ("a/*.csv", "a/b/c.csv", false),
            ("a/**/*.csv", "a/c.csv", true),
            ("a/**/*.csv", "a/b/c/d.csv", true),
            ("a/**", "a/b/c.csv", true),
            ("a/**", "b/c.csv", false),
            ("day[0-9]?.csv", "day1x.csv", true),
            ("day[!0-9].csv", "day1.csv", false),
            ("/data/*/x.csv", "/data/1/x.csv", true),
        ];
        for (pattern, path, expected) in cases {
            let pattern = PathPattern::parse(Path::new(pattern)).unwrap();
            assert_eq!(pattern.matches(Path::new(path)), expected, "{pattern:?} {path}");
        }
    }

    #[test]
    fn keys_match_as_they_stand() {
        let cases = [
            ("d//*.csv", "d//x.csv", true),
            ("d//*.csv", "d/x.csv", false),
            ("d/*.csv", "d//x.csv", false),
            ("d/**/*.csv", "d//x.csv", true),
            ("/*.csv", "/x.csv", true),
            ("/*.csv", "x.csv", false),
            ("d/./*.csv", "d/./x.csv", true),
            ("d/./*.csv", "d/x.csv", false),
            ("a[[]1].csv", "a[1].csv", true),
            ("a b+%20*.csv", "a b+%20c.csv", true),
        ];
        for (pattern, key, expected) in cases {
            let parsed = PathPattern::of_key(pattern).unwrap();
            assert_eq!(parsed.matches_key(key), expected, "{pattern} {key}");
        }
    }

    #[test]
    fn malformed_patterns_are_told() {
        assert!(PathPattern::parse(Path::new("a[0-9.csv")).is_err());
        assert!(PathPattern::parse(Path::new("a**b/c.csv")).is_err());
    }
}
