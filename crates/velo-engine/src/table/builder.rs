use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, UInt32Array, new_empty_array};
use arrow::buffer::Buffer;
use arrow::compute::{concat, take};
use arrow::datatypes::DataType;
use async_trait::async_trait;
use velo_data::{RowKind, StreamBatch, StreamSchema};
use velo_datasources::{Sink, SinkError, SinkSummary};

use super::{Table, check_rows};
use crate::error::{CompileError, OperatorResult};
use crate::keys::{KeyEncoder, KeyTable, RowSet};

/// A row that is not there.
const NONE: u32 = u32::MAX;

/// Collects the rows of a table. Of those with one key the last one counts; without a key every row does.
#[derive(Debug)]
pub struct TableBuilder {
    schema: StreamSchema,
    /// For each column its values of all rows that came, in pieces.
    columns: Vec<Vec<ArrayRef>>,
    rows: usize,
    keyed: Option<Keyed>,
}

/// Which rows count.
#[derive(Debug)]
struct Keyed {
    encoder: KeyEncoder,
    keys: KeyTable,
    /// For each key the row that came last; [`NONE`] if it was deleted.
    latest: Vec<u32>,
    ids: Vec<u32>,
}

impl Keyed {
    /// Takes note of rows, the first of which is `first`.
    fn add(&mut self, key: &[ArrayRef], batch: &StreamBatch, first: u32) -> OperatorResult {
        let rows = batch.num_rows();
        let encoded = self.encoder.encode(key, rows)?;
        self.ids.clear();
        self.keys.intern(&encoded, &RowSet::Range(0..rows), &mut self.ids);
        self.latest.resize(self.keys.len(), NONE);
        for (row, id) in self.ids.iter().enumerate() {
            let is_gone = batch.kinds.is_some() && batch.kind(row).is_retraction();
            self.latest[*id as usize] = if is_gone { NONE } else { first + row as u32 };
        }
        Ok(())
    }

    /// The rows that count, unless all do.
    fn selection(&self, rows: usize) -> Option<UInt32Array> {
        let counts = self.latest.iter().filter(|row| **row != NONE);
        if self.latest.len() == rows && counts.clone().count() == rows {
            return None; // Every row has a key of its own.
        }
        Some(UInt32Array::from_iter_values(counts.copied()))
    }
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
        let keyed = if types.is_empty() {
            None
        } else {
            let encoder = KeyEncoder::new(&types)?;
            Some(Keyed {
                keys: KeyTable::new(&encoder),
                encoder,
                latest: Vec::new(),
                ids: Vec::new(),
            })
        };
        Ok(Self {
            columns: vec![Vec::new(); schema.user_columns()],
            schema: user_columns_of(schema),
            rows: 0,
            keyed,
        })
    }

    /// Takes in rows, which may have metadata behind the table's columns.
    ///
    /// # Errors
    ///
    /// When there are more rows than a table can have.
    pub fn add(&mut self, batch: &StreamBatch) -> OperatorResult {
        if self.keyed.is_none() && batch.kinds.is_some() {
            return self.add_unkeyed_changes(batch);
        }
        check_rows(self.rows + batch.num_rows())?;
        let first = self.rows as u32;
        let columns = &batch.records.columns()[..self.columns.len()];
        if let Some(keyed) = &mut self.keyed {
            let key: Vec<ArrayRef> = self
                .schema
                .key()
                .iter()
                .map(|index| Arc::clone(&columns[*index]))
                .collect();
            keyed.add(&key, batch, first)?;
        }
        for (pieces, column) in self.columns.iter_mut().zip(columns) {
            pieces.push(compact(column));
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

    /// Rows that count so far.
    pub fn num_rows(&self) -> usize {
        self.keyed.as_ref().map_or(self.rows, |keyed| {
            keyed.latest.iter().filter(|row| **row != NONE).count()
        })
    }

    /// The table.
    ///
    /// # Errors
    ///
    /// When the columns cannot be put together.
    pub fn finish(self) -> OperatorResult<Table> {
        let selection = self.keyed.as_ref().and_then(|keyed| keyed.selection(self.rows));
        let rows = selection.as_ref().map_or(self.rows, Array::len);
        // Keys are not needed any more, and columns are put together one by one, so that little stands twice in memory.
        drop(self.keyed);
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
