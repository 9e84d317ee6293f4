use std::pin::pin;

use arrow::array::ArrayRef;
use futures_util::TryStreamExt;
use tokio::sync::oneshot;
use tokio_postgres::types::{FromSql, ToSql, Type};
use tokio_postgres::{Error, Row, Transaction};

use super::decode::decode_column;
use super::error::Place;
use super::incremental::Incremental;
use super::session::{Access, Session};
use super::size::expected_size;
use super::types::WireType;
use crate::database::rows::{Faults, Selection};
use crate::database::scan::{Beginning, Mark, ScannedRows};
use crate::{BatchSender, SourceBatch, SourceError};

/// What a scan reads, and from where.
pub(super) struct ScanPlan {
    pub(super) scanned: ScannedRows<WireType, Incremental>,
    pub(super) place: Place,
    pub(super) access: Access,
    pub(super) fetch_size: usize,
}

impl ScanPlan {
    /// Tells where it begins and then hands on the rows, both in one snapshot.
    pub(super) async fn run(self, batches: BatchSender, tell: oneshot::Sender<Beginning>) -> Result<(), SourceError> {
        let mut session = Session::open(&self.place, &self.access).await?;
        let snapshot = session.snapshot(self.access.timeouts).await;
        let (transaction, cancel) = snapshot.map_err(|error| self.place.error(&error))?;
        let beginning = self.beginning(&transaction).await;
        let beginning = beginning.map_err(|error| self.place.error(&error))?;
        let went_back = beginning.mark.went_back;
        let is_awaited = tell.send(beginning).is_ok();
        if is_awaited && !went_back {
            self.read(&transaction, &batches).await?;
        }
        cancel.disarm();
        Ok(())
    }

    async fn beginning(&self, transaction: &Transaction<'_>) -> Result<Beginning, Error> {
        let scanned = &self.scanned;
        let mark = match &scanned.incremental {
            Some(incremental) => incremental.mark(transaction, &scanned.rows, scanned.since()).await?,
            None => Mark::default(),
        };
        let plan = format!("EXPLAIN {}", self.statement());
        let size = expected_size(&transaction.query(&plan, &self.parameters()).await?);
        Ok(Beginning { mark, size })
    }

    fn statement(&self) -> String {
        let scanned = &self.scanned;
        let condition = scanned.since().and(scanned.incremental.as_ref());
        scanned.statement(condition.map(Incremental::condition).as_deref())
    }

    /// Those of the statement.
    fn parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
        let since = self.scanned.since();
        since
            .into_iter()
            .map(|since| &since.value as &(dyn ToSql + Sync))
            .collect()
    }

    async fn read(&self, transaction: &Transaction<'_>, batches: &BatchSender) -> Result<(), SourceError> {
        let failed = |error: Error| self.place.error(&error);
        let statement = transaction.prepare(&self.statement()).await.map_err(failed)?;
        let portal = transaction.bind(&statement, &self.parameters()).await.map_err(failed)?;
        let fetch_size = i32::try_from(self.fetch_size).unwrap_or(i32::MAX);
        let mut pending = PendingRows::default();
        loop {
            let fetched = transaction
                .query_portal_raw(&portal, fetch_size)
                .await
                .map_err(failed)?;
            let mut fetched = pin!(fetched);
            let mut count = 0;
            while let Some(row) = fetched.try_next().await.map_err(failed)? {
                count += 1;
                pending.rows.push(row);
                if pending.rows.len() >= self.scanned.selection.batch_rows_max
                    && !batches.send(pending.take(&self.scanned.selection)?).await
                {
                    return Ok(());
                }
            }
            if count < self.fetch_size {
                break; // There was less than the fetch asked for.
            }
        }
        if !pending.rows.is_empty() {
            batches.send(pending.take(&self.scanned.selection)?).await;
        }
        Ok(())
    }
}

/// Rows that are not in a batch yet.
#[derive(Default)]
struct PendingRows {
    rows: Vec<Row>,
    /// Rows before them.
    before: u64,
}

impl PendingRows {
    /// Makes a batch of them.
    fn take(&mut self, selection: &Selection<WireType>) -> Result<SourceBatch, SourceError> {
        let mut faults = Faults::default();
        let mut bytes_read = 0;
        let mut cells: Vec<Option<&[u8]>> = Vec::with_capacity(self.rows.len());
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(selection.columns.len());
        for (index, column) in selection.columns.iter().enumerate() {
            cells.clear();
            cells.extend(self.rows.iter().map(|row| cell(row, index)));
            bytes_read += cells.iter().flatten().map(|cell| cell.len() as u64).sum::<u64>();
            let mut on_fault = |row, message| faults.add(row, index, message);
            arrays.push(decode_column(&cells, &column.from, &column.read_as, &mut on_fault));
        }
        let batch = selection.batch(&arrays, self.rows.len(), self.before, faults, bytes_read);
        self.before += self.rows.len() as u64;
        self.rows.clear();
        batch
    }
}

/// A value as the server sent it, whatever its type.
struct Wire<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Wire<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// The value of a column; a statement gives as many as it has.
fn cell(row: &Row, index: usize) -> Option<&[u8]> {
    row.try_get::<_, Option<Wire<'_>>>(index)
        .ok()
        .flatten()
        .map(|wire| wire.0)
}
