use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, new_empty_array};
use arrow::buffer::Buffer;
use arrow::compute::{concat, take};
use arrow::datatypes::DataType;
use async_trait::async_trait;
use velo_data::{RowKind, StreamBatch, StreamSchema};
use velo_datasources::{Sink, SinkError, SinkSummary};

use super::latest::LatestRows;
use super::{Table, check_rows};
use crate::error::{CompileError, OperatorResult};

/// Collects the rows of a table. Of those with one key the last one counts; without a key every row does.
#[derive(Debug)]
pub struct TableBuilder {
    schema: StreamSchema,
    /// For each column its values of all rows that came, in pieces.
    columns: Vec<Vec<ArrayRef>>,
    rows: usize,
    /// Which rows count, where there is a key.
    latest: Option<LatestRows>,
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
        let latest = (!types.is_empty()).then(|| LatestRows::new(&types)).transpose()?;
        Ok(Self {
            columns: vec![Vec::new(); schema.user_columns()],
            schema: user_columns_of(schema),
            rows: 0,
            latest,
        })
    }

    /// Takes in rows, which may have metadata behind the table's columns.
    ///
    /// # Errors
    ///
    /// When there are more rows than a table can have.
    pub fn add(&mut self, batch: &StreamBatch) -> OperatorResult {
        if self.latest.is_none() && batch.kinds.is_some() {
            return self.add_unkeyed_changes(batch);
        }
        check_rows(self.rows + batch.num_rows())?;
        let columns = batch.records.columns().iter().take(self.columns.len());
        let columns: Vec<ArrayRef> = columns.map(compact).collect();
        if let Some(latest) = &mut self.latest {
            let key = self.schema.key().iter().map(|index| Arc::clone(&columns[*index]));
            latest.add(key.collect(), retractions(batch).as_deref())?;
        }
        for (pieces, column) in self.columns.iter_mut().zip(columns) {
            pieces.push(column);
        }
        self.rows += batch.num_rows();
        Ok(())
    }

    /// Without a key nothing tells which row a change is about: only rows that are new can be kept.
    fn add_unkeyed_changes(&mut self, batch: &StreamBatch) -> OperatorResult {
        let is_new = (0..batch.num_rows())
            .map(|row| Some(batch.kind(row) == RowKind::Insert))
            .collect();
        let records = batch.filter(&is_new)?.records;
        self.add(&StreamBatch::inserts(records))
    }

    /// The table.
    ///
    /// # Errors
    ///
    /// When the columns cannot be put together.
    pub fn finish(self) -> OperatorResult<Table> {
        let selection = self.latest.as_ref().and_then(LatestRows::selection);
        let rows = selection.as_ref().map_or(self.rows, Array::len);
        // Keys are not needed any more, and columns are put together one by one, so that little stands twice in memory.
        drop(self.latest);
        let fields = self.schema.arrow().fields().iter();
        let column = |(pieces, field): (Vec<ArrayRef>, &Arc<arrow::datatypes::Field>)| {
            let whole = joined(&pieces, field.data_type())?;
            drop(pieces);
            Ok(match &selection {
                Some(selection) => compact(&take(&whole, selection, None)?),
                None => whole,
            })
        };
        let columns = self
            .columns
            .into_iter()
            .zip(fields)
            .map(column)
            .collect::<OperatorResult<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let records = RecordBatch::try_new_with_options(Arc::clone(self.schema.arrow()), columns, &options)?;
        Ok(Table::new(self.schema, records))
    }
}

/// Of each change whether it takes its key away, if any does.
fn retractions(batch: &StreamBatch) -> Option<Vec<bool>> {
    batch.kinds.as_ref()?;
    let is_gone: Vec<bool> = (0..batch.num_rows())
        .map(|row| batch.kind(row).is_retraction())
        .collect();
    is_gone.contains(&true).then_some(is_gone)
}

/// The user's columns, all of which may be NULL, with the key.
fn user_columns_of(schema: &StreamSchema) -> StreamSchema {
    let fields = schema
        .user_fields()
        .iter()
        .map(|field| field.as_ref().clone().with_nullable(true));
    StreamSchema::of_user_columns(fields).with_key(schema.key().to_vec())
}

fn joined(pieces: &[ArrayRef], data_type: &DataType) -> OperatorResult<ArrayRef> {
    Ok(match pieces {
        [] => new_empty_array(data_type),
        [only] => Arc::clone(only),
        _ => {
            let pieces: Vec<&dyn Array> = pieces.iter().map(AsRef::as_ref).collect();
            concat(&pieces)?
        }
    })
}

/// Texts point into the bytes that were read, of which they may be a small part: those of a table are copied then.
fn compact(column: &ArrayRef) -> ArrayRef {
    let is_wasteful = |held: usize, used: usize| held > used + used / 4 + 1024;
    match column.data_type() {
        DataType::Utf8View => {
            let views = column.as_string_view();
            let held = views.data_buffers().iter().map(Buffer::capacity).sum();
            if is_wasteful(held, views.total_buffer_bytes_used()) {
                Arc::new(views.gc())
            } else {
                Arc::clone(column)
            }
        }
        DataType::BinaryView => {
            let views = column.as_binary_view();
            let held = views.data_buffers().iter().map(Buffer::capacity).sum();
            if is_wasteful(held, views.total_buffer_bytes_used()) {
                Arc::new(views.gc())
            } else {
                Arc::clone(column)
            }
        }
        _ => Arc::clone(column),
    }
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
