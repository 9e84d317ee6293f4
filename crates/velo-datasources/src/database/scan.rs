use std::future::Future;

use tokio::sync::oneshot;

use super::rows::Selection;
use super::statement::{column_expression, select};
use crate::{
    BatchSender, ChannelReader, DatabaseRows, NextBatch, PartitionReader, SizeEstimate, SourceError, spawn_reader,
};

/// The position of a scan, read in the snapshot that the scan sees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// The highest value of the incremental column.
    pub(super) value: Option<String>,
    /// Whether it is below that of an earlier load: rows were removed.
    pub(super) went_back: bool,
}

/// Which rows a scan brings.
#[derive(Debug, Clone)]
pub(super) struct Since {
    /// The highest value that is loaded.
    pub(super) value: String,
}

/// The rows of a scan, whatever the database: `T` is what it says of a column, `I` what it knows of the incremental one.
#[derive(Debug, Clone)]
pub(super) struct ScannedRows<T, I> {
    pub(super) selection: Selection<T>,
    pub(super) rows: DatabaseRows,
    pub(super) incremental: Option<I>,
    since: Option<Since>,
}

impl<T: Clone, I> ScannedRows<T, I> {
    /// Rows since a position; without an incremental column there is none.
    pub(super) fn new(
        selection: Selection<T>,
        rows: &DatabaseRows,
        incremental: Option<I>,
        since: Option<Since>,
    ) -> Self {
        Self {
            selection,
            rows: rows.clone(),
            since: since.filter(|_| incremental.is_some()),
            incremental,
        }
    }

    /// The position that the rows come behind; none if all are read.
    pub(super) fn since(&self) -> Option<&Since> {
        self.since.as_ref()
    }

    /// The statement that reads them, of which a condition may leave some out.
    pub(super) fn statement(&self, condition: Option<&str>) -> String {
        select(
            &self.rows,
            self.selection.columns.iter().map(column_expression),
            condition,
        )
    }
}

/// What a scan tells before its first row.
#[derive(Debug, Clone, Default)]
pub(super) struct Beginning {
    pub(super) mark: Mark,
    /// How much it will bring.
    pub(super) size: SizeEstimate,
}

/// A scan that has begun.
pub(super) struct Scan {
    pub(super) reader: ChannelReader,
    pub(super) beginning: Beginning,
}

/// Starts a scan and waits until it has told where it begins.
pub(super) async fn start_scan<F>(
    scan: impl FnOnce(BatchSender, oneshot::Sender<Beginning>) -> F,
) -> Result<Scan, SourceError>
where
    F: Future<Output = Result<(), SourceError>> + Send + 'static,
{
    let (tell, told) = oneshot::channel();
    let mut reader = spawn_reader(|batches| scan(batches, tell))?;
    match told.await {
        Ok(beginning) => Ok(Scan { reader, beginning }),
        // It has ended before it could tell: its error says why.
        Err(_) => match reader.next_batch().await? {
            NextBatch::Batch(_) | NextBatch::NotYet(_) | NextBatch::End => Err(SourceError::Task {
                message: "the scan ended without a position".to_owned(),
            }),
        },
    }
}
