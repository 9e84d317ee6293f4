use std::fmt;
use std::str::FromStr;

use velo_common::nearest;

/// What becomes of a stream that joins a table which cannot be had: not ready in time, or failed.
///
/// A key that is missing in a loaded table is no such case, but an ordinary join without a match.
///
/// ```
/// use velo_loader::TableMissingDataStrategy;
///
/// let strategy: TableMissingDataStrategy = "emit_with_nulls".parse()?;
/// assert_eq!(strategy, TableMissingDataStrategy::EmitWithNulls);
/// assert_eq!(strategy.to_string(), "emit_with_nulls");
/// # Ok::<(), velo_loader::UnknownStrategy>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TableMissingDataStrategy {
    /// The stream does not start; its statement fails.
    #[default]
    FailFast,
    /// Records that would be looked up are left out, and counted.
    SkipRecord,
    /// Records pass, with NULL in the columns of the table.
    EmitWithNulls,
    /// Records pass, with the defaults that are configured for the columns of the table.
    UseDefaults,
    /// The stream waits, and the table is tried again.
    WaitAndRetry,
}

impl TableMissingDataStrategy {
    /// All of them, the default first.
    pub const ALL: [Self; 5] = [
        Self::FailFast,
        Self::SkipRecord,
        Self::EmitWithNulls,
        Self::UseDefaults,
        Self::WaitAndRetry,
    ];

    /// The word by which it is configured.
    pub const fn word(self) -> &'static str {
        match self {
            Self::FailFast => "fail_fast",
            Self::SkipRecord => "skip_record",
            Self::EmitWithNulls => "emit_with_nulls",
            Self::UseDefaults => "use_defaults",
            Self::WaitAndRetry => "wait_and_retry",
        }
    }
}

impl fmt::Display for TableMissingDataStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A word that names no strategy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no strategy for tables that are missing{}", instead(word))]
pub struct UnknownStrategy {
    /// What was written.
    pub word: String,
}

fn instead(word: &str) -> String {
    let words = TableMissingDataStrategy::ALL.map(TableMissingDataStrategy::word);
    match nearest(word, words) {
        Some(near) => format!(": did you mean `{near}`?"),
        None => format!(": there are {}", words.join(", ")),
    }
}

impl FromStr for TableMissingDataStrategy {
    type Err = UnknownStrategy;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let is_meant = |strategy: &Self| strategy.word().eq_ignore_ascii_case(word);
        Self::ALL
            .into_iter()
            .find(is_meant)
            .ok_or_else(|| UnknownStrategy { word: word.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_strategy_is_read_as_it_is_written() {
        for strategy in TableMissingDataStrategy::ALL {
            assert_eq!(strategy.to_string().to_uppercase().parse(), Ok(strategy));
        }
    }

    #[test]
    fn a_mistyped_strategy_is_answered_with_the_nearest() {
        let message = |word: &str| {
            word.parse::<TableMissingDataStrategy>()
                .map_err(|error| error.to_string())
        };
        assert_eq!(
            message("skip_records"),
            Err("`skip_records` is no strategy for tables that are missing: did you mean `skip_record`?".to_owned())
        );
        assert_eq!(
            message("x"),
            Err("`x` is no strategy for tables that are missing: \
                 there are fail_fast, skip_record, emit_with_nulls, use_defaults, wait_and_retry"
                .to_owned())
        );
    }
}
