use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use velo_common::Name;

use crate::KEY_GROUPS;
use crate::files::{ArrowFile, Damage, FileError};
use crate::manifest::Manifest;

/// What a checkpoint consists of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckpointManifest {
    /// The format of the manifest and of what it describes.
    pub format_version: u32,
    /// The job, as it was spelled.
    pub job: String,
    /// Grows with each checkpoint of the job.
    pub number: u64,
    /// How many key groups keys are divided into: [`KEY_GROUPS`].
    pub key_groups: u16,
    /// How far the job was.
    #[serde(flatten)]
    pub details: CheckpointDetails,
    /// Operators with their state, in the order in which they were written.
    pub operators: Vec<OperatorEntry>,
}

impl Manifest for CheckpointManifest {
    const FORMAT_VERSION: u32 = 1;
}

/// How far a job was when a checkpoint was taken, beside the state of its operators.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CheckpointDetails {
    /// When it was taken, in milliseconds since the epoch.
    pub taken_at_ms: i64,
    /// The number of workers.
    pub parallelism: usize,
    /// The statements of the job, with what each of them remembers.
    pub statements: Vec<StatementEntry>,
    /// How far its sources were read.
    pub inputs: Vec<InputEntry>,
    /// How far its sinks were written.
    pub outputs: Vec<OutputEntry>,
}

/// A statement of a job, and what tells whether another of that name remembers the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementEntry {
    /// Its name.
    pub statement: String,
    /// Its operators with state, whether they had any or not.
    pub operators: Vec<NamedId>,
    /// What it reads beside other statements.
    pub inputs: Vec<NamedId>,
    /// The sinks that it writes to.
    pub sinks: Vec<String>,
}

/// An id, and what people call what it is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedId {
    /// The id.
    pub id: String,
    /// The kind of an operator, or the name of what is read.
    pub name: String,
}

/// A relation that a statement reads from a source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputEntry {
    /// The id of the operator that reads it.
    pub id: String,
    /// The statement.
    pub statement: String,
    /// The relation, as the statement names it.
    pub relation: String,
    /// Its splits.
    pub splits: Vec<SplitEntry>,
}

/// How far one split of a source was read, such as a file or a partition of a topic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SplitEntry {
    /// The split, in whatever form its source names it.
    pub split: String,
    /// What is read next, in whatever form its source understands.
    pub position: Value,
    /// The latest event time that was read, in milliseconds since the epoch; none before the first row.
    pub event_time_ms_max: Option<i64>,
    /// Whether it was read to its end.
    pub ended: bool,
}

/// How far a sink was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutputEntry {
    /// The sink, by its name in the program.
    pub sink: String,
    /// What was written, in whatever form the sink understands.
    pub position: Value,
}

/// An operator of a checkpoint, and the files with its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorEntry {
    /// Which operator it is.
    #[serde(flatten)]
    pub descriptor: OperatorDescriptor,
    /// Its state; none when it has none.
    pub files: Vec<StateFile>,
}

/// What tells an operator from others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorDescriptor {
    /// Its id, which stays the same as long as its state can be taken up. Ids that differ in case alone are one.
    pub id: String,
    /// The statement that it belongs to.
    pub statement: String,
    /// Its kind, such as `windowed aggregate`.
    pub operator: String,
    /// Whether its input had ended.
    pub ended: bool,
}

/// A file with state of one instance of an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateFile {
    /// The instance that wrote it, from 0 on.
    pub instance: usize,
    /// What the state belongs to.
    #[serde(flatten)]
    pub scope: StateScope,
    /// The file.
    #[serde(flatten)]
    pub file: ArrowFile,
}

/// What the state in a file belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scope", rename_all = "snake_case")]
pub enum StateScope {
    /// To keys: a batch for each key group.
    Keyed {
        /// The key groups in the order of the batches: ascending.
        key_groups: Vec<u16>,
    },
    /// To no key: one batch.
    Shared,
}

impl CheckpointManifest {
    /// Bytes of state.
    pub fn bytes(&self) -> u64 {
        let files = self.operators.iter().flat_map(|operator| &operator.files);
        files.map(|file| file.file.bytes).sum()
    }

    /// Compares what is in the manifest of a checkpoint with the place where it was found.
    pub(super) fn check(&self, job: &str, number: u64, path: &Path) -> Result<(), FileError> {
        let message = if Name::from(self.job.as_str()).folded() != Name::from(job).folded() {
            format!("it is of job `{}`", self.job)
        } else if self.number != number {
            format!("it is of checkpoint {}", self.number)
        } else if self.key_groups != KEY_GROUPS {
            format!(
                "it divides keys into {} groups instead of {KEY_GROUPS}",
                self.key_groups
            )
        } else {
            let mut files = self.operators.iter().flat_map(|operator| &operator.files);
            let Some(message) = files.find_map(StateFile::key_group_defect) else {
                return Ok(());
            };
            message
        };
        Err(FileError::damaged(path, Damage::Manifest { message }))
    }
}

impl StateFile {
    /// What is wrong with the key groups.
    fn key_group_defect(&self) -> Option<String> {
        let StateScope::Keyed { key_groups } = &self.scope else {
            return None;
        };
        let name = &self.file.name;
        if let Some(group) = key_groups.iter().find(|group| **group >= KEY_GROUPS) {
            return Some(format!("key group {group} of `{name}` is out of range"));
        }
        let mut pairs = key_groups.iter().zip(key_groups.iter().skip(1));
        let (before, group) = pairs.find(|(before, group)| before >= group)?;
        Some(format!("key group {group} of `{name}` comes after {before}"))
    }
}
