use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use velo_data::{ChangelogMode, StreamBatch};

use crate::SinkError;

/// What a sink has done, told when it is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SinkSummary {
    /// Rows written.
    pub rows_written: u64,
    /// Deletes and retractions that the sink cannot express and so left out.
    pub deletes_skipped: u64,
    /// NaN and infinities written as null because the format has no word for them.
    pub non_finite_as_null: u64,
    /// Bytes written.
    pub bytes_written: u64,
}

/// Where what a sink has written ends at its destination.
///
/// The form in which it is written down is JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SinkPosition {
    /// In a file.
    File {
        /// Bytes that the file has.
        bytes: u64,
    },
}

/// Where rows go.
///
/// A sink is owned by one worker thread; it may block that thread while it waits for a disk.
#[async_trait]
pub trait Sink: Send {
    /// What it is told of changes: what replaces and deletes rows, unless it wants the old values along with the new ones
    /// ([`ChangelogMode::Retract`]). A sink that cannot express deletes leaves them out, and counts them.
    fn takes(&self) -> ChangelogMode {
        ChangelogMode::Upsert
    }

    /// Writes the rows, in order; they need not have reached their destination yet.
    ///
    /// # Errors
    ///
    /// When the destination cannot be written; [`SinkError::is_closed_pipe`] tells a reader that went away.
    async fn write(&mut self, batch: &StreamBatch) -> Result<(), SinkError>;

    /// Makes everything written so far visible at the destination.
    ///
    /// # Errors
    ///
    /// As [`Sink::write`].
    async fn flush(&mut self) -> Result<(), SinkError>;

    /// Makes everything written so far durable at the destination, and tells where that ends, so that a sink can be opened
    /// again behind it ([`open_sink`](crate::open_sink)). More may be written afterwards.
    ///
    /// The default flushes and returns `None`: rows on the standard output, for example, cannot be taken back.
    ///
    /// # Errors
    ///
    /// As [`Sink::write`]; and [`SinkError::CannotResume`] where rows are complete only when the sink finishes.
    async fn prepare(&mut self) -> Result<Option<SinkPosition>, SinkError> {
        self.flush().await?;
        Ok(None)
    }

    /// Says that nothing more will be written, so that others who write to the same sink wait for it no longer; then as
    /// [`Sink::prepare`], but without waiting for them. The sink is still to be finished or abandoned.
    ///
    /// # Errors
    ///
    /// As [`Sink::prepare`].
    async fn end(&mut self) -> Result<Option<SinkPosition>, SinkError> {
        self.prepare().await
    }

    /// Flushes and closes; nothing may be written afterwards.
    ///
    /// A file that is replaced is so now; until then it is what it was.
    ///
    /// # Errors
    ///
    /// As [`Sink::write`].
    async fn finish(&mut self) -> Result<SinkSummary, SinkError>;

    /// Closes a sink whose rows are not complete, because the run was interrupted or failed.
    ///
    /// A file is left as it was before the sink was opened, but for rows that were flushed to it. What cannot be taken
    /// back, such as rows on the standard output, is finished, which is what the default does.
    ///
    /// # Errors
    ///
    /// As [`Sink::write`].
    async fn abandon(&mut self) -> Result<SinkSummary, SinkError> {
        self.finish().await
    }
}
