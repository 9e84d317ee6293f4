use serde::Serialize;

use crate::LoadOutcome;

/// Something that happened to a load. As JSON, `event` says what.
///
/// ```
/// use velo_loader::ProgressEvent;
///
/// let event = ProgressEvent::TableSkipped {
///     table: "totals".to_owned(),
///     wave: 2,
///     needs: Some("orders".to_owned()),
///     cause: "`orders` failed: no route to host".to_owned(),
/// };
/// assert_eq!(
///     serde_json::to_string(&event)?,
///     r#"{"event":"table_skipped","table":"totals","wave":2,"needs":"orders","cause":"`orders` failed: no route to host"}"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ProgressEvent {
    /// All tables, as they are at this moment: comes first, and again when another load begins.
    InitialSnapshot {
        /// In load order.
        tables: Vec<TableProgress>,
        /// All of them together.
        summary: LoadSummary,
    },
    /// A table has started, or has got further. Told several times a second, as long as there is news.
    TableUpdate(TableProgress),
    /// All tables together have got further.
    SummaryUpdate(LoadSummary),
    /// A table is loaded.
    TableCompleted {
        /// Its name.
        table: String,
        /// Its wave, from 1.
        wave: usize,
        /// Rows that it holds.
        rows: u64,
        /// Bytes that it holds.
        bytes: u64,
        /// Rows that were read for it, by this load or an earlier one, and that it lacks.
        skipped_rows: u64,
        /// Attempts, the successful one included.
        attempts: u32,
        /// From the start of the first attempt to the end of the last.
        duration_ms: u64,
        /// How it came to be loaded.
        #[serde(flatten)]
        outcome: LoadOutcome,
    },
    /// A table could not be loaded, for good.
    TableFailed {
        /// Its name.
        table: String,
        /// Its wave, from 1.
        wave: usize,
        /// Attempts that were made.
        attempts: u32,
        /// From the start of the first attempt to the end of the last.
        duration_ms: u64,
        /// Why, with its causes.
        error: String,
    },
    /// A table is not loaded, since something that it needs is missing or the load has ended early.
    TableSkipped {
        /// Its name.
        table: String,
        /// Its wave, from 1.
        wave: usize,
        /// The table that it needs and that is not there; none when the load has ended early.
        #[serde(skip_serializing_if = "Option::is_none")]
        needs: Option<String>,
        /// Why, with the way to the table that failed.
        cause: String,
    },
    /// An attempt failed, and another one will be made.
    TableRetrying {
        /// Its name.
        table: String,
        /// Its wave, from 1.
        wave: usize,
        /// The attempt to come, from 2.
        attempt: u32,
        /// How long it is waited before.
        delay_ms: u64,
        /// Why the last one failed, with its causes.
        error: String,
    },
    /// Nothing happened for a while, and the stream is alive.
    KeepAlive,
}

/// What a table is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TableLoadState {
    /// Waits for other tables, or for its turn.
    Waiting,
    /// Is being loaded.
    Loading,
    /// Waits for its next attempt.
    Retrying,
    /// Is loaded.
    Completed,
    /// Could not be loaded.
    Failed,
    /// Was left out.
    Skipped,
}

impl TableLoadState {
    /// Whether nothing more happens to the table.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Skipped)
    }
}

/// How far a table is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableProgress {
    /// Its name.
    pub table: String,
    /// Its wave, from 1.
    pub wave: usize,
    /// What it is doing.
    pub state: TableLoadState,
    /// The current attempt, from 1; 0 before the first.
    pub attempt: u32,
    /// Rows read.
    pub rows: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Rows in all, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_rows: Option<u64>,
    /// Bytes in all, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_bytes: Option<u64>,
    /// Rows a second, smoothed.
    pub rows_per_second: f64,
    /// Bytes a second, smoothed.
    pub bytes_per_second: f64,
    /// How much has been read, if the total is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    /// Time until everything will have been read, at the rate of now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_remaining_ms: Option<u64>,
    /// Time since the first attempt started.
    pub elapsed_ms: u64,
    /// Tables that have to end before this one starts. Told in [`ProgressEvent::InitialSnapshot`]: a listener takes
    /// away those that are completed, failed or skipped since.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waits_for: Vec<String>,
}

/// How far all tables together are.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct LoadSummary {
    /// All tables.
    pub tables: usize,
    /// Tables that wait for others or for their turn.
    pub waiting: usize,
    /// Tables that are being loaded.
    pub loading: usize,
    /// Tables that wait for their next attempt.
    pub retrying: usize,
    /// Tables that are loaded.
    pub completed: usize,
    /// Tables that could not be loaded.
    pub failed: usize,
    /// Tables that were left out.
    pub skipped: usize,
    /// Rows read for all tables.
    pub rows: u64,
    /// Bytes read for all tables.
    pub bytes: u64,
    /// Rows a second, of all tables that are being loaded.
    pub rows_per_second: f64,
    /// Bytes a second, of all tables that are being loaded.
    pub bytes_per_second: f64,
    /// Tables of which the end is known, in percent of all.
    pub percent: f64,
    /// Time since the load began.
    pub elapsed_ms: u64,
}
