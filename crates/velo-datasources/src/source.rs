use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use velo_data::{ColumnBounds, RowError, StreamSchema, SystemColumn, UnknownMembers};

use crate::{OpenSplit, SourceError, SplitPosition, SplitPositions};

/// What is wanted of a source.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadRequest {
    /// Indexes into the source's user columns: only these are decoded, in this order.
    pub columns: Vec<usize>,
    /// Metadata columns that stand behind them.
    pub system: Vec<SystemColumn>,
    /// Which of the requested columns' values are wanted. Records outside of the bounds may be left out.
    pub bounds: Vec<ColumnBounds>,
    /// Most rows of one batch.
    pub batch_rows_max: usize,
    /// Threads that a source may decode with; with 1 it decodes where it is read.
    pub decode_threads: usize,
    /// Whether a source that grows, such as a watched file, is followed; otherwise it is read to the end that is met.
    pub follow: bool,
}

impl ReadRequest {
    /// The same request without the columns at these places of it.
    pub(crate) fn without(&self, places: &[usize]) -> Self {
        let columns = self.columns.iter().enumerate();
        let left = columns.filter(|(place, _)| !places.contains(place));
        Self {
            columns: left.map(|(_, column)| *column).collect(),
            ..self.clone()
        }
    }

    /// The bounds, with columns as indexes into those that are requested.
    pub(crate) fn requested_bounds(&self) -> Vec<ColumnBounds> {
        let bounds = self.bounds.iter().filter_map(|bounds| {
            Some(ColumnBounds {
                column: self.columns.iter().position(|column| *column == bounds.column)?,
                ..bounds.clone()
            })
        });
        bounds.collect()
    }
}

/// Records of one read, decoded.
#[derive(Debug, Clone)]
pub struct SourceBatch {
    /// The requested columns, then the requested metadata columns.
    pub records: RecordBatch,
    /// Records that could not be decoded, in the order of the input; they are not in `records`.
    pub rejected: Vec<RowError>,
    /// Values that no column is for, of a source whose columns were found out from other records.
    pub unknown: UnknownMembers,
    /// Bytes of input behind these records, rejected ones included.
    pub bytes_read: u64,
}

/// What a look at a partition brings.
#[derive(Debug, Clone)]
pub enum NextBatch {
    /// Records, or records that could not be decoded; never neither.
    Batch(SourceBatch),
    /// All that there is has been read, and more may come: it is worth another look after this time. Only a partition
    /// that is followed says so, and one whose rows come at a rate.
    NotYet(Duration),
    /// Nothing follows.
    End,
}

impl From<Option<SourceBatch>> for NextBatch {
    /// What a bounded partition brings.
    fn from(batch: Option<SourceBatch>) -> Self {
        batch.map_or(Self::End, Self::Batch)
    }
}

/// Where records come from: something with a schema and partitions.
#[async_trait]
pub trait Source: Send + Sync + std::fmt::Debug {
    /// All columns that can be asked for.
    fn schema(&self) -> &StreamSchema;

    /// Metadata columns that this source has values for.
    fn system_columns(&self) -> &[SystemColumn];

    /// Bytes that reading to the end will take, if known: the basis of progress.
    fn estimated_bytes(&self) -> Option<u64>;

    /// Whether it decodes its one partition on threads of their own, if a request allows several: whoever reads it then has
    /// time for more than reading.
    fn decodes_apart(&self) -> bool {
        false
    }

    /// Whether it leaves out records by the bounds of a request ([`ReadRequest::bounds`]).
    fn skips_by_bounds(&self) -> bool {
        false
    }

    /// Whether reading can go on from a position; otherwise the source is always read whole, from its beginning.
    fn is_resumable(&self) -> bool;

    /// Opens all splits, each at its beginning, or where an earlier run was that told `from`. A split that has come since
    /// is read from its beginning.
    ///
    /// # Errors
    ///
    /// When a split cannot be opened or does not fit the schema, and when what had been read is not there any more as it
    /// was ([`SourceError::CannotResume`]).
    async fn open(&self, request: &ReadRequest, from: Option<&SplitPositions>) -> Result<Vec<OpenSplit>, SourceError>;

    /// The first record of the source, or of one of its first parts, if that record and those behind it cannot be read;
    /// `None` if some can, if there is none, and from a source whose records can be looked at but once.
    ///
    /// Only the values of the given columns, as indexes into the source's user columns, have to fit their types.
    ///
    /// # Errors
    ///
    /// When the source cannot be read as its format at all.
    fn unreadable_beginning(&self, _columns: &[usize]) -> Result<Option<RowError>, SourceError> {
        Ok(None)
    }
}

/// Reads one split, in order.
///
/// A reader is owned by one worker thread; it may block that thread while it waits for a disk.
#[async_trait]
pub trait PartitionReader: Send {
    /// The next batch, the end of a bounded split, or that there is nothing yet.
    ///
    /// A reader that is caught up returns at once, and leaves the waiting to its caller: who reads several partitions
    /// turns to the others meanwhile, and sees when it is asked to stop.
    ///
    /// # Errors
    ///
    /// When reading fails for good. Records that merely cannot be decoded are in
    /// [`SourceBatch::rejected`].
    async fn next_batch(&mut self) -> Result<NextBatch, SourceError>;

    /// Where the next batch starts. It takes little time, and none at all where nothing was read since it was asked last.
    ///
    /// # Errors
    ///
    /// When it cannot be told: of a source that is not [resumable](Source::is_resumable), or where the operating system
    /// refuses to tell of the file.
    fn position(&mut self) -> Result<SplitPosition, SourceError>;

    /// Bytes of a partition that is followed which are there and have not been read; `None` if nobody can tell.
    fn lag_bytes(&self) -> Option<u64> {
        None
    }

    /// Asks for at most so many rows a batch from now on. Readers whose batches are made elsewhere do not follow.
    fn set_batch_rows_max(&mut self, _batch_rows_max: usize) {}
}

/// The columns of a [`SourceBatch`] that answers `request`.
pub(crate) fn requested_schema(schema: &StreamSchema, request: &ReadRequest) -> SchemaRef {
    let user = request
        .columns
        .iter()
        .map(|index| Arc::clone(&schema.user_fields()[*index]));
    let system = request
        .system
        .iter()
        .map(|column| Arc::new(column.sql_type().field(column.name(), true)));
    Arc::new(Schema::new(user.chain(system).collect::<Vec<_>>()))
}
