use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, UInt32Array};
use arrow::compute::filter_record_batch;
use arrow::datatypes::DataType;
use async_trait::async_trait;
use velo_data::{ChangelogMode, StreamBatch, StreamSchema, compact_views, record_batch};
use velo_datasources::{Sink, SinkError, SinkSummary};

use super::chunks::CHUNK_ROWS;
use super::growing::GrowingChunks;
use super::latest::LatestRows;
use super::standing::StandingByKey;
use super::{Table, check_rows};
use crate::error::{CompileError, OperatorResult};

/// Collects the rows of a table. Of those with one key the last one counts; without a key every row does. Rows that are taken
/// back do not count any more.
#[derive(Debug)]
pub struct TableBuilder {
    schema: StreamSchema,
    rows: GrowingChunks,
    counting: Counting,
}

/// Which rows count.
#[derive(Debug)]
enum Counting {
    All,
    /// The last one of each key.
    Latest(LatestRows),
    /// Those that stand, of which the last one of each key.
    Standing(Box<StandingByKey>),
}

impl TableBuilder {
    /// A table without rows; `schema` tells its columns and key.
    ///
    /// # Errors
    ///
    /// When a key column has a type that has no order.
    pub fn new(schema: &StreamSchema) -> Result<Self, CompileError> {
        let types: Vec<DataType> = schema
            .key()
            .iter()
            .map(|index| schema.arrow().field(*index).data_type().clone())
            .collect();
        let counting = if types.is_empty() {
            Counting::All
        } else {
            Counting::Latest(LatestRows::new(&types)?)
        };
        let schema = user_columns_of(schema);
        Ok(Self {
            rows: GrowingChunks::new(Arc::clone(schema.arrow()), CHUNK_ROWS),
            schema,
            counting,
        })
    }

    /// Takes rows that change in this way from now on.
    ///
    /// # Errors
    ///
    /// When rows replace each other by a key that the table does not have, or a column has a type that cannot be compared.
    pub fn taking(mut self, mode: ChangelogMode) -> Result<Self, CompileError> {
        match (mode, &self.counting) {
            (ChangelogMode::AppendOnly, _) | (ChangelogMode::Upsert, Counting::Latest(_)) => {}
            (ChangelogMode::Upsert, _) => {
                return Err(CompileError::ChangelogMode {
                    operator: "table",
                    mode,
                });
            }
            (ChangelogMode::Retract, _) => {
                let mut standing = StandingByKey::new(&self.schema)?;
                for records in self.rows.batches() {
                    let added = standing.add(&StreamBatch::inserts(records.clone()));
                    added.map_err(|error| CompileError::KeyType {
                        data_type: error.to_string(),
                    })?;
                }
                self.counting = Counting::Standing(Box::new(standing));
            }
        }
        Ok(self)
    }

    /// Has so many rows stand together, or as many as the next power of two; a million unless told. To be told before any
    /// rows are.
    #[must_use]
    pub fn with_chunk_rows(mut self, rows: usize) -> Self {
        debug_assert_eq!(self.rows.num_rows(), 0, "rows would be lost");
        self.rows = GrowingChunks::new(Arc::clone(self.schema.arrow()), rows.clamp(1, CHUNK_ROWS));
        self
    }

    /// Takes in rows, which may have metadata behind the table's columns.
    ///
    /// # Errors
    ///
    /// When there are more rows than a table can have.
    pub fn add(&mut self, batch: &StreamBatch) -> OperatorResult {
        check_rows(self.rows.num_rows() + batch.num_rows())?;
        let columns = batch.records.columns().iter().take(self.schema.user_columns());
        let records = record_batch(
            self.schema.arrow(),
            columns.map(compact_views).collect(),
            batch.num_rows(),
        )?;
        match &mut self.counting {
            Counting::All => {}
            Counting::Latest(latest) => {
                let key_of = |records: &RecordBatch| {
                    let key = self.schema.key().iter();
                    key.map(|index| Arc::clone(records.column(*index))).collect::<Vec<_>>()
                };
                let earlier = self.rows.batches().map(key_of);
                latest.add(&key_of(&records), retractions(batch).as_deref(), earlier)?;
            }
            Counting::Standing(standing) => {
                let changes = StreamBatch {
                    records,
                    kinds: batch.kinds.clone(),
                };
                standing.add(&changes)?;
                return Ok(self.rows.push(without_retractions(changes)?)?);
            }
        }
        Ok(self.rows.push(records)?)
    }

    /// The table.
    ///
    /// # Errors
    ///
    /// When the columns cannot be put together.
    pub fn finish(self) -> OperatorResult<Table> {
        let selection = self.counting.selection();
        drop(self.counting); // Its table of keys is not needed any more.
        let (arrow, chunk_rows) = (Arc::clone(self.schema.arrow()), self.rows.chunk_rows());
        let rows = self.rows.finish()?;
        let Some(selection) = selection else {
            return Ok(Table::of_chunks(self.schema, rows));
        };
        let mut selected = GrowingChunks::new(Arc::clone(&arrow), chunk_rows);
        for start in (0..selection.len()).step_by(chunk_rows) {
            let part = selection.slice(start, chunk_rows.min(selection.len() - start));
            let (count, places) = (part.len(), rows.places(part));
            let columns = (0..arrow.fields().len()).map(|column| Ok(compact_views(&rows.take(column, &places)?)));
            let columns = columns.collect::<OperatorResult<Vec<ArrayRef>>>()?;
            selected.push(record_batch(&arrow, columns, count)?)?;
        }
        Ok(Table::of_chunks(self.schema, selected.finish()?))
    }
}

impl Counting {
    /// The rows that count, unless all do.
    fn selection(&self) -> Option<UInt32Array> {
        match self {
            Self::All => None,
            Self::Latest(latest) => latest.selection(),
            Self::Standing(standing) => Some(standing.selection()),
        }
    }
}

/// The rows that take nothing back.
fn without_retractions(changes: StreamBatch) -> OperatorResult<RecordBatch> {
    match changes.kinds {
        Some(kinds) => {
            let kept = BooleanArray::new(!&kinds.retractions(), None);
            Ok(filter_record_batch(&changes.records, &kept)?)
        }
        None => Ok(changes.records),
    }
}

/// Of each change whether it takes its key away, if any does.
fn retractions(batch: &StreamBatch) -> Option<Vec<bool>> {
    let kinds = batch.kinds.as_ref().filter(|kinds| kinds.has_retractions())?;
    Some(kinds.retractions().iter().collect())
}

/// The user's columns, all of which may be NULL, with the key.
fn user_columns_of(schema: &StreamSchema) -> StreamSchema {
    let fields = schema
        .user_fields()
        .iter()
        .map(|field| field.as_ref().clone().with_nullable(true));
    StreamSchema::of_user_columns(fields).with_key(schema.key().to_vec())
}

/// A sink that fills a [`TableBuilder`], which whoever runs the job keeps a handle of.
#[derive(Debug, Clone)]
pub struct TableWriter {
    builder: Arc<Mutex<Option<TableBuilder>>>,
    summary: SinkSummary,
}

impl TableWriter {
    /// Fills `builder`.
    pub fn new(builder: TableBuilder) -> Self {
        Self {
            builder: Arc::new(Mutex::new(Some(builder))),
            summary: SinkSummary::default(),
        }
    }

    /// The builder with all rows so far; none if it was taken before.
    pub fn take(&self) -> Option<TableBuilder> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<TableBuilder>> {
        self.builder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Sink for TableWriter {
    /// Whatever its statement gives: the builder was told.
    fn takes(&self) -> ChangelogMode {
        ChangelogMode::Retract
    }

    async fn write(&mut self, batch: &StreamBatch) -> Result<(), SinkError> {
        if let Some(builder) = self.lock().as_mut() {
            builder.add(batch).map_err(|error| SinkError::Format {
                destination: "the table".to_owned(),
                message: error.to_string(),
            })?;
        }
        self.summary.rows_written += batch.num_rows() as u64;
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    async fn finish(&mut self) -> Result<SinkSummary, SinkError> {
        Ok(self.summary)
    }
}
