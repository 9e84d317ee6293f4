use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use datafusion_common::ScalarValue;
use velo_common::nearest;

/// What a statement does when a table that it joins cannot be had: it failed, or is not ready in time. A key that the table
/// does not have is another matter, which the kind of the join decides.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MissingTable {
    /// How long the table is waited for.
    pub wait_timeout: Option<Duration>,
    /// What happens then.
    pub strategy: TableMissingDataStrategy,
}

/// What happens when a table is still missing after it was waited for.
///
/// It is read from a word, in any case; what belongs to it beside the word has its default then.
///
/// ```
/// use velo_planner::plan::TableMissingDataStrategy;
///
/// let strategy: TableMissingDataStrategy = "emit_with_nulls".parse()?;
/// assert_eq!(strategy, TableMissingDataStrategy::EmitWithNulls);
/// assert_eq!(strategy.to_string(), "emit_with_nulls");
/// assert_eq!(TableMissingDataStrategy::default().word(), "fail_fast");
/// # Ok::<(), velo_planner::plan::UnknownStrategy>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub enum TableMissingDataStrategy {
    /// The statement fails.
    #[default]
    FailFast,
    /// Rows are left out, and counted.
    SkipRecord,
    /// Rows come out with NULL in the table's columns.
    EmitWithNulls,
    /// Rows come out with constants in these of the table's user columns, by index, and NULL in the others.
    UseDefaults(Vec<(usize, ScalarValue)>),
    /// The table is waited for so many times more, and then the statement fails.
    WaitAndRetry {
        /// How often; 3 times unless told.
        max_retries: u32,
        /// How long it takes from one time to the next; 5 s unless told.
        delay: Duration,
    },
}

impl TableMissingDataStrategy {
    /// The words of all of them, that of the default first.
    pub const WORDS: &'static [&'static str] = &[
        "fail_fast",
        "skip_record",
        "emit_with_nulls",
        "use_defaults",
        "wait_and_retry",
    ];

    /// The word by which it is configured.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::FailFast => "fail_fast",
            Self::SkipRecord => "skip_record",
            Self::EmitWithNulls => "emit_with_nulls",
            Self::UseDefaults(_) => "use_defaults",
            Self::WaitAndRetry { .. } => "wait_and_retry",
        }
    }

    /// Whether the statement runs without the table: what becomes of its rows then is for the look-up.
    pub const fn goes_on_without(&self) -> bool {
        match self {
            Self::FailFast | Self::WaitAndRetry { .. } => false,
            Self::SkipRecord | Self::EmitWithNulls | Self::UseDefaults(_) => true,
        }
    }
}

impl fmt::Display for TableMissingDataStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for TableMissingDataStrategy {
    type Err = UnknownStrategy;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Ok(match word.to_ascii_lowercase().as_str() {
            "fail_fast" => Self::FailFast,
            "skip_record" => Self::SkipRecord,
            "emit_with_nulls" => Self::EmitWithNulls,
            "use_defaults" => Self::UseDefaults(Vec::new()),
            "wait_and_retry" => Self::WaitAndRetry {
                max_retries: 3,
                delay: Duration::from_secs(5),
            },
            _ => return Err(UnknownStrategy { word: word.to_owned() }),
        })
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
    let words = TableMissingDataStrategy::WORDS;
    match nearest(word, words.iter().copied()) {
        Some(near) => format!(": did you mean `{near}`?"),
        None => format!(": there are {}", words.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_strategy_is_read_as_it_is_written() {
        for word in TableMissingDataStrategy::WORDS {
            let strategy = word.to_uppercase().parse::<TableMissingDataStrategy>();
            assert_eq!(strategy.map(|strategy| strategy.to_string()), Ok((*word).to_owned()));
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
