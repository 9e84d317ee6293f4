use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use arrow::datatypes::{Int64Type, SchemaRef};
use arrow::error::ArrowError;
use async_trait::async_trait;
use velo_data::{Clock, SystemColumn, UnknownMembers, record_batch};

use super::{Rate, RowGenerator, Rows};
use crate::{NextBatch, PartitionReader, ReadRequest, SourceBatch, SourceError, SplitPosition};

/// Most rows of one batch, whatever is asked for, so that long texts do not fill the memory.
const BATCH_ROWS_MAX: usize = 65_536;

/// Shortest time until the next look, so that fast sources give batches and not single rows.
const PAUSE_MIN: Duration = Duration::from_millis(10);

/// Bytes that a value counts for in progress. What is generated was never written anywhere.
pub(super) const VALUE_BYTES: u64 = 8;

/// When rows are due.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    pub(super) rate: Rate,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) started_ms: i64,
    /// Position of the row that was due when it started.
    pub(super) first_position: u64,
}

impl Pace {
    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.clock.now_ms().saturating_sub(self.started_ms)).unwrap_or(0)
    }

    /// The first position that is not due.
    fn end_position(&self) -> u64 {
        let due = self.rate.count_within(self.elapsed_ms());
        self.first_position.saturating_add(due)
    }

    /// How long it takes until a position is due.
    fn pause_before(&self, position: u64) -> Duration {
        let due_ms = self.rate.ms_of(position.saturating_sub(self.first_position));
        Duration::from_millis(due_ms.saturating_sub(self.elapsed_ms()))
    }
}

/// Reads one split: every n-th row of the source.
pub(super) struct GeneratedReader {
    pub(super) generator: Arc<dyn RowGenerator>,
    pub(super) request: Arc<ReadRequest>,
    pub(super) schema: SchemaRef,
    pub(super) split: u64,
    pub(super) splits: u64,
    /// The row that comes next.
    pub(super) next_row: u64,
    /// The first row behind the end.
    pub(super) end_row: u64,
    pub(super) batch_rows_max: usize,
    /// Where absent, rows come as fast as they are read.
    pub(super) pace: Option<Pace>,
}

impl GeneratedReader {
    fn records(&self, rows: &Rows) -> Result<RecordBatch, ArrowError> {
        let user = self
            .request
            .columns
            .iter()
            .map(|column| self.generator.column(*column, rows));
        let system = self.request.system.iter().map(|column| Ok(self.system(*column, rows)));
        let columns: Vec<ArrayRef> = user.chain(system).collect::<Result<_, _>>()?;
        record_batch(&self.schema, columns, rows.count)
    }

    fn system(&self, column: SystemColumn, rows: &Rows) -> ArrayRef {
        let known = match column {
            SystemColumn::Offset => Some(rows.primitive::<Int64Type>(|row| row as i64)),
            SystemColumn::Partition => Some(rows.primitive::<Int64Type>(|_| self.split as i64)),
            SystemColumn::EventTime => self.generator.event_times(rows),
            _ => None,
        };
        known.unwrap_or_else(|| new_null_array(&column.sql_type().arrow(), rows.count))
    }
}

#[async_trait]
impl PartitionReader for GeneratedReader {
    async fn next_batch(&mut self) -> Result<NextBatch, SourceError> {
        if self.next_row >= self.end_row {
            return Ok(NextBatch::End);
        }
        let mut end_row = self.end_row;
        if let Some(pace) = &self.pace {
            end_row = end_row.min(self.generator.rows_before(pace.end_position()));
            if self.next_row >= end_row {
                let pause = pace.pause_before(self.generator.position_of(self.next_row));
                return Ok(NextBatch::NotYet(pause.max(PAUSE_MIN)));
            }
        }
        let available = (end_row - self.next_row).div_ceil(self.splits);
        let rows = Rows {
            first: self.next_row,
            stride: self.splits,
            count: usize::try_from(available).map_or(self.batch_rows_max, |rows| rows.min(self.batch_rows_max)),
        };
        let records = self.records(&rows).map_err(|error| SourceError::Task {
            message: error.to_string(),
        })?;
        self.next_row = rows.number(rows.count);
        Ok(NextBatch::Batch(SourceBatch {
            records,
            rejected: Vec::new(),
            unknown: UnknownMembers::default(),
            bytes_read: rows.count as u64 * self.generator.schema().user_columns() as u64 * VALUE_BYTES,
        }))
    }

    fn position(&mut self) -> Result<SplitPosition, SourceError> {
        Ok(SplitPosition::Rows { next: self.next_row })
    }

    fn set_batch_rows_max(&mut self, batch_rows_max: usize) {
        self.batch_rows_max = batch_rows(batch_rows_max);
    }
}

/// Rows of a batch, given how many are asked for.
pub(super) fn batch_rows(asked: usize) -> usize {
    asked.clamp(1, BATCH_ROWS_MAX)
}
