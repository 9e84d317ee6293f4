//! `REGEXP_EXTRACT`; matching and replacing are DataFusion's.

use datafusion_common::{Result, exec_datafusion_err, exec_err};
use regex::Regex;
use velo_data::SqlType;

use arrow::datatypes::Int64Type;

use super::native::{Native, Returns, collect_text};
use super::notation::Notation;
use super::parameter::Parameter;

pub(crate) static REGEXP_EXTRACT: Native = Native {
    name: "regexp_extract",
    parameters: &[
        Parameter::Text,
        Parameter::In(Notation::RegularExpression),
        Parameter::Integer,
    ],
    required: 2,
    returns: Returns::Always(SqlType::String),
    evaluate: |arguments| {
        let (text, pattern) = (arguments.text(0)?, arguments.text(1)?);
        let group = if arguments.len() > 2 {
            Some(arguments.primitive::<Int64Type>(2)?)
        } else {
            None
        };
        let mut cache = PatternCache::default();
        collect_text(arguments, |row, out| {
            let group = match &group {
                Some(group) => group.get(row),
                None => Some(0),
            };
            let (Some(text), Some(pattern), Some(group)) = (text.get(row), pattern.get(row), group) else {
                return Ok(false);
            };
            let captures = cache.compiled(pattern)?.captures(text);
            let found = captures
                .zip(usize::try_from(group).ok())
                .and_then(|(captures, group)| captures.get(group));
            out.push_str(found.map_or("", |found| found.as_str()));
            Ok(true)
        })
    },
};

/// # Errors
///
/// The text is no regular expression; the message says why in one line.
pub(super) fn compile(pattern: &str) -> Result<Regex> {
    Regex::new(pattern).map_err(|error| {
        let report = error.to_string();
        let reason = report.lines().last().unwrap_or_default();
        let reason = reason.strip_prefix("error: ").unwrap_or(reason);
        exec_datafusion_err!("`{pattern}` is not a regular expression: {reason}")
    })
}

/// The letters that say how a pattern matches, and what each does.
pub(super) const MATCH_FLAGS: &[(char, &str)] = &[
    ('i', "ignores case"),
    ('m', "lets ^ and $ match at lines"),
    ('s', "lets . match line ends"),
    ('x', "ignores white space in the pattern"),
    ('U', "swaps greedy and lazy"),
];

/// [`MATCH_FLAGS`], and the one that replaces every match.
pub(super) const REPLACE_FLAGS: &[(char, &str)] = &[
    ('g', "replaces every match"),
    MATCH_FLAGS[0],
    MATCH_FLAGS[1],
    MATCH_FLAGS[2],
    MATCH_FLAGS[3],
    MATCH_FLAGS[4],
];

/// # Errors
///
/// There is no flag, some letter is none of the flags, or stands there twice.
pub(super) fn check_flags(text: &str, flags: &[(char, &str)]) -> Result<()> {
    if text.is_empty() {
        return exec_err!("flags are given, and there are none in the text");
    }
    for (at, letter) in text.char_indices() {
        if flags.iter().all(|(flag, _)| *flag != letter) {
            return exec_err!("`{letter}` is no flag of a regular expression");
        }
        if text[..at].contains(letter) {
            return exec_err!("the flag `{letter}` is given twice");
        }
    }
    Ok(())
}

/// The last pattern, since nearly always all rows have the same.
#[derive(Default)]
struct PatternCache {
    last: Option<(String, Regex)>,
}

impl PatternCache {
    fn compiled(&mut self, pattern: &str) -> Result<&Regex> {
        let entry = match self.last.take() {
            Some((known, regex)) if known == pattern => (known, regex),
            _ => (pattern.to_owned(), compile(pattern)?),
        };
        Ok(&self.last.insert(entry).1)
    }
}
