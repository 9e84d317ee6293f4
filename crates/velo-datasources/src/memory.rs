use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use velo_data::{ChangelogMode, StreamBatch, StreamSchema, SystemColumn, UnknownMembers};

use crate::split::numbered_positions;
use crate::{
    Increment, NextBatch, OpenSplit, PartitionReader, ReadRequest, Sink, SinkError, SinkSummary, SizeEstimate, Source,
    SourceBatch, SourceError, SourceOffset, SplitPosition, SplitPositions, TableDataSource, TableLoad,
};

/// A source whose records the embedding program holds in memory.
///
/// Batches are handed on as they were given, whatever [`ReadRequest::batch_rows_max`] says: whoever made them
/// decided where they end.
#[derive(Debug, Clone)]
pub struct MemorySource {
    schema: StreamSchema,
    system: Vec<SystemColumn>,
    partitions: Vec<Arc<[RecordBatch]>>,
    bytes: u64,
}

impl MemorySource {
    /// Partitions of batches, each with the columns of `schema`, metadata columns included.
    pub fn new(schema: StreamSchema, partitions: Vec<Vec<RecordBatch>>) -> Self {
        let partitions: Vec<Arc<[RecordBatch]>> = partitions.into_iter().map(Into::into).collect();
        let batches = partitions.iter().flat_map(|partition| partition.iter());
        Self {
            system: schema.system_columns().iter().map(|(column, _)| *column).collect(),
            bytes: batches.map(|batch| batch.get_array_memory_size() as u64).sum(),
            schema,
            partitions,
        }
    }

    /// The batch that comes next in each partition.
    fn next_batches(&self, from: Option<&SplitPositions>) -> Result<Vec<usize>, SourceError> {
        let cannot_resume = |reason| SourceError::CannotResume { reason };
        let positions = numbered_positions(from, self.partitions.len() as u64)
            .map_err(|split| cannot_resume(format!("memory holds no partition {split} any more")))?;
        let partitions = self.partitions.iter().zip(positions).enumerate();
        let next = partitions.map(|(number, (batches, position))| match position {
            None | Some(SplitPosition::Beginning) => Ok(0),
            Some(SplitPosition::Batches { next }) => usize::try_from(*next)
                .ok()
                .filter(|next| *next <= batches.len())
                .ok_or_else(|| {
                    cannot_resume(format!(
                        "{next} batches of partition {number} in memory had been read, and it has {}",
                        batches.len()
                    ))
                }),
            Some(_) => Err(cannot_resume(format!(
                "partition {number} was not in memory when it was read"
            ))),
        });
        next.collect()
    }
}

#[async_trait]
impl Source for MemorySource {
    fn schema(&self) -> &StreamSchema {
        &self.schema
    }

    fn system_columns(&self) -> &[SystemColumn] {
        &self.system
    }

    fn estimated_bytes(&self) -> Option<u64> {
        Some(self.bytes)
    }

    fn is_resumable(&self) -> bool {
        true
    }

    async fn open(&self, request: &ReadRequest, from: Option<&SplitPositions>) -> Result<Vec<OpenSplit>, SourceError> {
        let next = self.next_batches(from)?;
        let schema = crate::source::requested_schema(&self.schema, request);
        let system = request.system.iter().map(|column| self.schema.system(*column));
        let columns: Vec<Option<usize>> = request.columns.iter().map(|index| Some(*index)).chain(system).collect();
        let readers = self.partitions.iter().zip(next).map(|(batches, next)| {
            Box::new(MemoryReader {
                batches: Arc::clone(batches),
                columns: columns.clone(),
                schema: Arc::clone(&schema),
                next,
            }) as Box<dyn PartitionReader>
        });
        Ok(OpenSplit::numbered(readers))
    }
}

/// What is held in memory is loaded anew each time: nothing tells whether it is what an earlier program held.
#[async_trait]
impl TableDataSource for MemorySource {
    fn schema(&self) -> &StreamSchema {
        &self.schema
    }

    fn location(&self) -> String {
        "memory".to_owned()
    }

    fn supports_incremental(&self) -> bool {
        false
    }

    async fn current_offset(&self) -> Result<SourceOffset, SourceError> {
        Ok(SourceOffset::Unknown)
    }

    async fn size_estimate(&self) -> Result<SizeEstimate, SourceError> {
        let batches = self.partitions.iter().flat_map(|partition| partition.iter());
        Ok(SizeEstimate {
            rows: Some(batches.map(|batch| batch.num_rows() as u64).sum()),
            bytes: Some(self.bytes),
        })
    }

    async fn bulk_load(&self, request: &ReadRequest) -> Result<TableLoad, SourceError> {
        Ok(TableLoad {
            partitions: self
                .open(request, None)
                .await?
                .into_iter()
                .map(|split| split.reader)
                .collect(),
            size: self.size_estimate().await?,
            reached: SourceOffset::Unknown.into(),
        })
    }

    async fn incremental_load(&self, _request: &ReadRequest, _since: &SourceOffset) -> Result<Increment, SourceError> {
        Ok(Increment::Reload {
            reason: "what is held in memory is always loaded whole".to_owned(),
        })
    }
}

struct MemoryReader {
    batches: Arc<[RecordBatch]>,
    /// Index of each requested column in the batches; `None` for metadata that they lack.
    columns: Vec<Option<usize>>,
    schema: SchemaRef,
    next: usize,
}

impl MemoryReader {
    fn select(&self, batch: &RecordBatch) -> Result<RecordBatch, SourceError> {
        let fields = self.schema.fields().iter();
        let columns = self.columns.iter().zip(fields).map(|(index, field)| match index {
            Some(index) => Arc::clone(batch.column(*index)),
            None => new_null_array(field.data_type(), batch.num_rows()),
        });
        let columns: Vec<ArrayRef> = columns.collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options).map_err(|error| {
            SourceError::Format {
                path: "memory".into(),
                message: error.to_string(),
            }
        })
    }
}

#[async_trait]
impl PartitionReader for MemoryReader {
    async fn next_batch(&mut self) -> Result<NextBatch, SourceError> {
        let Some(batch) = self.batches.get(self.next) else {
            return Ok(NextBatch::End);
        };
        let records = self.select(batch)?;
        self.next += 1;
        Ok(NextBatch::Batch(SourceBatch {
            records,
            rejected: Vec::new(),
            unknown: UnknownMembers::default(),
            bytes_read: batch.get_array_memory_size() as u64,
        }))
    }

    fn position(&mut self) -> Result<SplitPosition, SourceError> {
        Ok(SplitPosition::Batches { next: self.next as u64 })
    }
}

/// A sink that keeps what it is given, deletes included; clones share it.
#[derive(Debug, Clone, Default)]
pub struct MemorySink {
    batches: Arc<Mutex<Vec<StreamBatch>>>,
}

impl MemorySink {
    /// Everything written so far, in order.
    pub fn batches(&self) -> Vec<StreamBatch> {
        self.lock().clone()
    }

    /// Takes out everything written so far, in order.
    pub fn take(&self) -> Vec<StreamBatch> {
        std::mem::take(&mut *self.lock())
    }

    /// Opens the sink for writing.
    pub fn writer(&self) -> Box<dyn Sink> {
        Box::new(MemorySinkWriter {
            sink: self.clone(),
            summary: SinkSummary::default(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<StreamBatch>> {
        // A panic elsewhere cannot leave a list half pushed.
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct MemorySinkWriter {
    sink: MemorySink,
    summary: SinkSummary,
}

#[async_trait]
impl Sink for MemorySinkWriter {
    /// Batches are kept as they come.
    fn takes(&self) -> ChangelogMode {
        ChangelogMode::Retract
    }

    async fn write(&mut self, batch: &StreamBatch) -> Result<(), SinkError> {
        self.summary.rows_written += batch.num_rows() as u64;
        self.sink.lock().push(batch.clone());
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    async fn finish(&mut self) -> Result<SinkSummary, SinkError> {
        Ok(self.summary)
    }
}
