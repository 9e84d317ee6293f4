use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use velo_data::{ColumnBounds, RowError, SourceOffset, StreamSchema, SystemColumn};

use crate::SourceError;

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
}

impl ReadRequest {
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
    /// Bytes of input behind these records, rejected ones included.
    pub bytes_read: u64,
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

    /// Opens all partitions, each at its beginning or where `from` says (by index of the partition).
    ///
    /// # Errors
    ///
    /// When a partition cannot be opened or does not fit the schema.
    async fn open(
        &self,
        request: &ReadRequest,
        from: &[Option<SourceOffset>],
    ) -> Result<Vec<Box<dyn PartitionReader>>, SourceError>;
}

/// Reads one partition, in order.
///
/// A reader is owned by one worker thread; it may block that thread while it waits for a disk.
#[async_trait]
pub trait PartitionReader: Send {
    /// The next batch; `None` at the end of a bounded partition.
    ///
    /// # Errors
    ///
    /// When reading fails for good. Records that merely cannot be decoded are in
    /// [`SourceBatch::rejected`].
    async fn next_batch(&mut self) -> Result<Option<SourceBatch>, SourceError>;

    /// Where the next batch starts.
    fn offset(&self) -> SourceOffset;

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
