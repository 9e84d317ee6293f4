//! Rows that tables lack, as they are kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use velo_data::RowErrorCause;

/// Samples that are kept of the rows of one cause.
const SAMPLES_MAX: usize = 5;

/// Rows that were read for a table and that it lacks: kept with it, so that later loads tell of them again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SkippedRows {
    /// What became of them, in words that change when something else would become of them now.
    pub policy: String,
    /// How many, by statement and cause.
    pub causes: Vec<SkippedOfCause>,
}

/// Rows that a statement has given up for one cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedOfCause {
    /// The statement: the table's own, or that of a stream which it reads.
    pub statement: String,
    /// Why.
    #[serde(with = "cause_as_word")]
    pub cause: RowErrorCause,
    /// How many.
    pub rows: u64,
    /// What was wrong with some of them, and where they came from.
    pub samples: Vec<String>,
}

impl SkippedRows {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.causes.is_empty()
    }

    /// How many there are.
    pub fn rows(&self) -> u64 {
        self.causes.iter().map(|skipped| skipped.rows).sum()
    }

    /// These rows, and those that statements have given up since.
    #[must_use]
    pub fn with(&self, since: impl IntoIterator<Item = SkippedOfCause>, policy: &str) -> Self {
        let mut all: BTreeMap<(String, RowErrorCause), SkippedOfCause> = BTreeMap::new();
        for skipped in self.causes.iter().cloned().chain(since) {
            let key = (skipped.statement.clone(), skipped.cause);
            match all.get_mut(&key) {
                Some(known) => {
                    known.rows += skipped.rows;
                    known.samples.extend(skipped.samples);
                    known.samples.truncate(SAMPLES_MAX);
                }
                None => {
                    all.insert(key, skipped);
                }
            }
        }
        Self {
            policy: policy.to_owned(),
            causes: all.into_values().collect(),
        }
    }
}

mod cause_as_word {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};
    use velo_data::RowErrorCause;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    pub(super) fn serialize<S: Serializer>(cause: &RowErrorCause, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(cause.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RowErrorCause, D::Error> {
        let word = String::deserialize(deserializer)?;
        let mut known = RowErrorCause::ALL.into_iter();
        known
            .find(|cause| cause.as_str() == word)
            .ok_or_else(|| D::Error::custom(format!("there is no cause `{word}`")))
    }
}
