use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::types::Value;
use rusqlite::{Connection, Error, Row};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::SqliteFile;
use super::builder::{ColumnBuilder, bytes_of};
use super::incremental::{Highest, Incremental};
use crate::database::rows::{Faults, Selection};
use crate::database::scan::{Beginning, ScannedRows};
use crate::{BatchSender, SourceBatch, SourceError};

/// What a scan reads, and from where.
pub(super) struct ScanPlan {
    pub(super) scanned: ScannedRows<(), Incremental>,
    pub(super) file: SqliteFile,
}

/// Steps of SQLite's machine from one look at whether somebody still waits to the next: some microseconds.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

/// Tells a connection on another thread when nobody waits for it any more.
#[derive(Default)]
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl ScanPlan {
    /// Tells where it begins and then hands on the rows, both in one snapshot.
    pub(super) async fn run(self, batches: BatchSender, tell: oneshot::Sender<Beginning>) -> Result<(), SourceError> {
        let stop = StopOnDrop::default();
        let is_stopped = Arc::clone(&stop.0);
        let runtime = Handle::current();
        let work = move || {
            let mut connection = self.file.open()?;
            let look = move || is_stopped.load(Ordering::Relaxed);
            let watched = connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(look));
            watched.map_err(|error| self.file.place.error(&error))?;
            self.read(&connection, tell, &|batch| runtime.block_on(batches.send(batch)))
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|error| Err(failed(&error)))
    }

    fn read(
        &self,
        connection: &Connection,
        tell: oneshot::Sender<Beginning>,
        send: &dyn Fn(SourceBatch) -> bool,
    ) -> Result<(), SourceError> {
        let failed = |error: Error| self.file.place.error(&error);
        // The first statement that reads takes the snapshot, and the others see it, too.
        connection
            .execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")
            .map_err(failed)?;
        let scanned = &self.scanned;
        let highest = match &scanned.incremental {
            Some(incremental) => incremental.highest(connection, &scanned.rows, &self.file.place)?,
            None => Highest::default(),
        };
        let since = scanned.since();
        let earlier = since.and_then(|since| highest.earlier(since));
        let size = self.file.count(
            connection,
            &scanned.rows,
            self.condition(earlier.as_ref()).as_deref(),
            earlier.as_ref(),
        )?;
        let mark = highest.mark(since);
        let went_back = mark.went_back;
        let is_awaited = tell.send(Beginning { mark, size }).is_ok();
        if is_awaited && !went_back {
            self.read_rows(connection, earlier.as_ref(), send)?;
        }
        Ok(())
    }

    /// Which rows are new, given the value that is loaded.
    fn condition(&self, earlier: Option<&Value>) -> Option<String> {
        earlier
            .and(self.scanned.incremental.as_ref())
            .map(Incremental::condition)
    }

    fn read_rows(
        &self,
        connection: &Connection,
        earlier: Option<&Value>,
        send: &dyn Fn(SourceBatch) -> bool,
    ) -> Result<(), SourceError> {
        let failed = |error: Error| self.file.place.error(&error);
        let text = self.scanned.statement(self.condition(earlier).as_deref());
        let mut statement = connection.prepare(&text).map_err(failed)?;
        let rows = statement.query(rusqlite::params_from_iter(earlier));
        let mut rows = rows.map_err(failed)?;
        let mut pending = PendingRows::new(&self.scanned.selection);
        while let Some(row) = rows.next().map_err(failed)? {
            pending.push(row).map_err(failed)?;
            if pending.rows >= self.scanned.selection.batch_rows_max && !send(pending.take()?) {
                return Ok(());
            }
        }
        if pending.rows > 0 {
            send(pending.take()?);
        }
        Ok(())
    }
}

/// Rows that are not in a batch yet.
struct PendingRows<'a> {
    selection: &'a Selection<()>,
    builders: Vec<ColumnBuilder>,
    rows: usize,
    /// Rows before them.
    before: u64,
    bytes: u64,
    faults: Faults,
}

impl<'a> PendingRows<'a> {
    fn new(selection: &'a Selection<()>) -> Self {
        let builders = selection
            .columns
            .iter()
            .map(|column| ColumnBuilder::new(&column.read_as));
        Self {
            selection,
            builders: builders.collect(),
            rows: 0,
            before: 0,
            bytes: 0,
            faults: Faults::default(),
        }
    }

    fn push(&mut self, row: &Row<'_>) -> Result<(), Error> {
        for (index, builder) in self.builders.iter_mut().enumerate() {
            let value = row.get_ref(index)?;
            self.bytes += bytes_of(value);
            if let Err(message) = builder.push(value) {
                self.faults.add(self.rows, index, message);
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Makes a batch of them.
    fn take(&mut self) -> Result<SourceBatch, SourceError> {
        let arrays: Vec<_> = self.builders.iter_mut().map(ColumnBuilder::finish).collect();
        let (rows, first) = (std::mem::take(&mut self.rows), self.before);
        self.before += rows as u64;
        let faults = std::mem::take(&mut self.faults);
        let bytes = std::mem::take(&mut self.bytes);
        self.selection.batch(&arrays, rows, first, faults, bytes)
    }
}

/// A thread that ended without a result.
pub(super) fn failed(error: &tokio::task::JoinError) -> SourceError {
    SourceError::Task {
        message: error.to_string(),
    }
}
