use velo_common::{nearest, parse_duration};

/// What a property takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// Any text.
    Text,
    /// A file of data, or an address; a relative path starts where it is written, unless the caller says where data is.
    DataPath,
    /// The address of a database server, or the file of a database, which goes as `DataPath`.
    DatabaseUrl,
    /// A further file of the program; a relative path starts where it is written.
    ProgramPath,
    /// `true` or `false`.
    Boolean,
    /// A whole number that is at least this.
    Integer(u64),
    /// `5m`, `500ms`; a bare number is seconds.
    Duration,
    /// One character, or `\t`.
    Character,
    /// One of these words.
    Choice(&'static [&'static str]),
}

impl ValueKind {
    /// Why `text` is no such value, in words that follow "`key` ".
    pub(crate) fn check(self, text: &str) -> Result<(), String> {
        match self {
            Self::Text | Self::DataPath | Self::DatabaseUrl | Self::ProgramPath => Ok(()),
            Self::Boolean if parse_boolean(text).is_some() => Ok(()),
            Self::Boolean => Err(format!("takes `true` or `false`, not `{text}`")),
            Self::Integer(least) => match text.parse::<u64>() {
                Ok(number) if number >= least => Ok(()),
                _ => Err(format!("takes a whole number of at least {least}, not `{text}`")),
            },
            Self::Duration => parse_duration(text)
                .map(drop)
                .map_err(|error| format!("takes a duration, not `{text}`: {error}")),
            Self::Character if text.chars().count() == 1 || text == "\\t" => Ok(()),
            Self::Character => Err(format!("takes one character, not `{text}`")),
            Self::Choice(words) if words.iter().any(|word| word.eq_ignore_ascii_case(text)) => Ok(()),
            Self::Choice(words) => {
                let meant = nearest(text, words.iter().copied());
                let hint = meant
                    .map(|word| format!("; did you mean `{word}`?"))
                    .unwrap_or_default();
                Err(format!("takes {}, not `{text}`{hint}", one_of(words)))
            }
        }
    }
}

/// `true` and `false` in any case.
pub(crate) fn parse_boolean(text: &str) -> Option<bool> {
    [("true", true), ("false", false)]
        .into_iter()
        .find_map(|(word, value)| word.eq_ignore_ascii_case(text).then_some(value))
}

fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
        None => String::new(),
    }
}
