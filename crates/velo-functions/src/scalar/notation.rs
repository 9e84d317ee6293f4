//! Texts that are a notation of their own: checked where they are constants, before anything runs.

use chrono_tz::TZ_VARIANTS;
use datafusion_common::Result;
use velo_common::{TimeUnit, nearest};

use super::encoding::Encoding;
use super::json::JsonPath;
use super::regex::{MATCH_FLAGS, REPLACE_FLAGS, check_flags, compile};
use super::time::{Part, Template, read_pattern, read_zone};
use crate::error::error_message;

/// What the text of an argument is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notation {
    /// `day`, `MONTHS`.
    TimeUnit,
    /// `year`, `dow`, `epoch`.
    DatePart,
    /// `^a+$`.
    RegularExpression,
    /// `i`, `ms`: how to match.
    MatchFlags,
    /// Those, and `g` for every match.
    ReplaceFlags,
    /// `%Y-%m-%d`, `yyyy-MM-dd`.
    TimePattern,
    /// `YYYY-MM-DD`.
    ToChar,
    /// `Europe/Berlin`, `+02:00`.
    TimeZone,
    /// `$.a.b[0]`.
    JsonPath,
    /// `base64`, `hex`.
    Encoding,
}

/// Why a constant is not in its notation, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotationError {
    pub(crate) message: String,
    pub(crate) help: String,
}

impl Notation {
    /// # Errors
    ///
    /// The text is not in this notation, so that every row would fail.
    pub(crate) fn check(self, text: &str) -> Result<(), NotationError> {
        self.read(text).map_err(|error| NotationError {
            message: error_message(&error),
            help: self.help(text),
        })
    }

    fn read(self, text: &str) -> Result<()> {
        match self {
            Self::TimeUnit => super::time::parse_unit(text).map(drop),
            Self::DatePart => Part::read(text).map(drop),
            Self::RegularExpression => compile(text).map(drop),
            Self::MatchFlags => check_flags(text, MATCH_FLAGS),
            Self::ReplaceFlags => check_flags(text, REPLACE_FLAGS),
            Self::TimePattern => read_pattern(text).map(drop),
            Self::ToChar => Template::parse(text).map(drop),
            Self::TimeZone => read_zone(text).map(drop),
            Self::JsonPath => JsonPath::parse(text).map(drop),
            Self::Encoding => Encoding::parse(text).map(drop),
        }
    }

    /// What to write instead of `text`.
    fn help(self, text: &str) -> String {
        let units = || TimeUnit::ALL.map(|unit| unit.keyword().to_ascii_lowercase());
        match self {
            Self::TimeUnit => one_of("unit", text, &units().each_ref().map(String::as_str)),
            Self::DatePart => one_of("part", text, &Part::NAMES),
            Self::Encoding => one_of("encoding", text, &["base64", "hex"]),
            Self::TimeZone => match nearest(text, TZ_VARIANTS.iter().map(|zone| zone.name())) {
                Some(zone) => format!("a similar time zone exists: `{zone}`"),
                None => "write an IANA name such as `Europe/Berlin`, or an offset such as `+02:00`".to_owned(),
            },
            Self::RegularExpression => {
                "a backslash takes the meaning from a special character: `\\(` is a parenthesis".to_owned()
            }
            Self::MatchFlags => flags_help(MATCH_FLAGS),
            Self::ReplaceFlags => flags_help(REPLACE_FLAGS),
            Self::TimePattern => {
                "write a strftime pattern such as `%Y-%m-%d %H:%M:%S`, or a Java one such as `yyyy-MM-dd HH:mm:ss`"
                    .to_owned()
            }
            Self::ToChar => {
                "write a pattern as in PostgreSQL, such as `YYYY-MM-DD HH24:MI:SS`, or DATE_FORMAT with a strftime or Java one"
                    .to_owned()
            }
            Self::JsonPath => "write a path such as `$.a.b[0]`, or the name of one field".to_owned(),
        }
    }
}

fn flags_help(flags: &[(char, &str)]) -> String {
    let flags: Vec<String> = flags
        .iter()
        .map(|(flag, meaning)| format!("`{flag}` {meaning}"))
        .collect();
    format!("the flags are {}", flags.join(", "))
}

/// The nearest of a few words, else all of them.
fn one_of(what: &str, text: &str, words: &[&str]) -> String {
    match nearest(text, words.iter().copied()) {
        Some(word) => format!("a similar {what} exists: `{word}`"),
        None => {
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            format!("the {what}s are {}", words.join(", "))
        }
    }
}
