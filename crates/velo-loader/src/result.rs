use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::load::chain;
use crate::{LoadOutcome, SkipCause, TableFailure};

/// How a load of several tables ended. Every table is in exactly one of `successful`, `failed` and `skipped`, each in
/// load order.
///
/// It is written as the last line of a load's events:
///
/// ```
/// use velo_loader::ParallelLoadingResult;
///
/// let result = ParallelLoadingResult::default();
/// assert!(result.is_complete());
/// assert_eq!(
///     serde_json::to_string(&result)?,
///     r#"{"event":"result","successful":[],"failed":{},"skipped":{},"total_duration_ms":0,"waves":[]}"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct ParallelLoadingResult {
    /// Tables that are loaded now.
    pub successful: IndexMap<String, TableLoadStats>,
    /// Tables that could not be loaded, and why.
    pub failed: IndexMap<String, TableFailure>,
    /// Tables that were not tried, or not to the end, and why.
    pub skipped: IndexMap<String, SkipCause>,
    /// Time from the start of the load to its end.
    pub total_duration: Duration,
    /// What became of each wave.
    pub waves: Vec<WaveStats>,
}

impl ParallelLoadingResult {
    /// Of a load that could not begin, and why: all of its tables are skipped.
    pub fn not_begun(tables: impl IntoIterator<Item = String>, message: &str) -> Self {
        let message: Arc<str> = message.into();
        let cause = || SkipCause::NotBegun {
            message: Arc::clone(&message),
        };
        Self {
            skipped: tables.into_iter().map(|table| (table, cause())).collect(),
            ..Self::default()
        }
    }

    /// Whether every table is loaded.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.skipped.is_empty()
    }

    /// Whether the load ended because somebody cancelled it.
    pub fn was_cancelled(&self) -> bool {
        let is_cancelled = |cause: &SkipCause| matches!(cause, SkipCause::Cancelled { .. });
        self.skipped.values().any(is_cancelled)
    }
}

impl Serialize for ParallelLoadingResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let successful: Vec<&String> = self.successful.keys().collect();
        let failed: IndexMap<&String, String> = self
            .failed
            .iter()
            .map(|(table, failure)| (table, chain(failure)))
            .collect();
        let skipped: IndexMap<&String, String> = self
            .skipped
            .iter()
            .map(|(table, cause)| (table, cause.to_string()))
            .collect();
        let mut map = serializer.serialize_map(Some(6))?;
        map.serialize_entry("event", "result")?;
        map.serialize_entry("successful", &successful)?;
        map.serialize_entry("failed", &failed)?;
        map.serialize_entry("skipped", &skipped)?;
        map.serialize_entry("total_duration_ms", &millis(self.total_duration))?;
        map.serialize_entry("waves", &self.waves)?;
        map.end()
    }
}

/// What it took to load one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableLoadStats {
    /// Rows that it holds.
    pub rows: u64,
    /// Bytes that it holds.
    pub bytes: u64,
    /// Rows that were read for it, by this load or an earlier one, and that it lacks.
    pub skipped_rows: u64,
    /// How it came to be loaded.
    pub outcome: LoadOutcome,
    /// Attempts, the successful one included.
    pub attempts: u32,
    /// Time from the start of the first attempt to the end of the last.
    pub duration: Duration,
}

/// What became of one wave.
///
/// ```
/// use std::time::Duration;
/// use velo_loader::WaveStats;
///
/// let wave = WaveStats {
///     wave: 1,
///     tables: vec!["orders".to_owned(), "prices".to_owned()],
///     duration: Duration::from_millis(1_500),
///     successful: 1,
///     failed: 1,
/// };
/// assert_eq!(
///     serde_json::to_string(&wave)?,
///     r#"{"wave":1,"tables":["orders","prices"],"duration_ms":1500,"successful":1,"failed":1}"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaveStats {
    /// Its number, from 1.
    pub wave: usize,
    /// Its tables, in load order.
    pub tables: Vec<String>,
    /// Time from the first start of one of its tables to the last end; nothing when none was started.
    #[serde(rename = "duration_ms", serialize_with = "serialize_millis")]
    pub duration: Duration,
    /// Tables of it that are loaded.
    pub successful: usize,
    /// Tables of it that failed; those in neither number were skipped.
    pub failed: usize,
}

/// Whole milliseconds, as they are written in events.
pub(crate) fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

pub(crate) fn serialize_millis<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(millis(*duration))
}
