//! Which parts of a source are read, and how far.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{FileOffset, PartitionReader, RecordPlace};

/// Names a split of a source, the same from one run to the next: the path of a file, the number of a generator's split.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SplitId(String);

impl SplitId {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for SplitId {
    fn from(name: String) -> Self {
        Self(name)
    }
}

impl From<&str> for SplitId {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

/// A split that has a number alone, from 0.
impl From<u64> for SplitId {
    fn from(number: u64) -> Self {
        Self(number.to_string())
    }
}

impl fmt::Display for SplitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far a split was read: where its next batch starts.
///
/// The form in which it is written down is JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SplitPosition {
    /// Nothing was read.
    Beginning,
    /// In a file that may grow, or behind the end of one that can only be read whole.
    File(FileOffset),
    /// In the middle of a file that can only be read whole: compressed text, a JSON array, Parquet, Avro.
    WithinFile {
        /// What tells whether it is still that file, as it was.
        file: FileOffset,
        /// First byte of its text that was not handed on; 0 in Parquet and Avro.
        byte: u64,
        /// The record that comes next.
        next: RecordPlace,
    },
    /// Among rows that are generated.
    Rows {
        /// Number of the row that comes next, from 0, counted over all splits.
        next: u64,
    },
    /// Among batches in memory.
    Batches {
        /// Number of the batch that comes next, from 0.
        next: u64,
    },
}

impl SplitPosition {
    /// What tells whether a file is still the one that was read; absent where nothing was read of a file.
    pub(crate) fn file(&self) -> Option<&FileOffset> {
        match self {
            Self::File(file) | Self::WithinFile { file, .. } => Some(file),
            Self::Beginning | Self::Rows { .. } | Self::Batches { .. } => None,
        }
    }
}

/// How far each split of a source was read.
pub type SplitPositions = BTreeMap<SplitId, SplitPosition>;

/// A split that is being read.
pub struct OpenSplit {
    /// Its name.
    pub id: SplitId,
    /// Reads it.
    pub reader: Box<dyn PartitionReader>,
}

impl OpenSplit {
    /// Splits that have numbers alone, in their order.
    pub fn numbered(readers: impl IntoIterator<Item = Box<dyn PartitionReader>>) -> Vec<Self> {
        let numbered = (0_u64..).zip(readers);
        numbered
            .map(|(number, reader)| Self {
                id: number.into(),
                reader,
            })
            .collect()
    }
}

/// The position of each of `splits` splits that have numbers alone, if there is one for it.
///
/// # Errors
///
/// The first split that a position is for and that is not there.
pub(crate) fn numbered_positions(
    positions: Option<&SplitPositions>,
    splits: u64,
) -> Result<Vec<Option<&SplitPosition>>, &SplitId> {
    let ids: Vec<SplitId> = (0..splits).map(SplitId::from).collect();
    let Some(positions) = positions else {
        return Ok(vec![None; ids.len()]);
    };
    match positions.keys().find(|id| !ids.contains(id)) {
        Some(unknown) => Err(unknown),
        None => Ok(ids.iter().map(|id| positions.get(id)).collect()),
    }
}
