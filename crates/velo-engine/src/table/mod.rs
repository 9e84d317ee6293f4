//! Tables: rows by key, at rest in columns, made to be scanned and looked up.

mod builder;
mod chunks;
mod content;
mod growing;
mod index;
mod latest;
mod live;
mod load;
mod standing;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use velo_data::StreamSchema;

pub use builder::{TableBuilder, TableWriter};
pub(crate) use chunks::RowPlaces;
pub(crate) use index::{TableIndex, TableIndexBuilder};
pub use live::{JoinedTable, LiveTable};
pub use load::{TableLoadJob, load_table};

use chunks::Chunks;

use crate::error::{OperatorError, OperatorResult};

/// The rows of a table as they are at one moment.
///
/// They stand in the order in which their keys came. Indexes are built when they are first wanted, and shared
/// by all who look the table up.
#[derive(Debug)]
pub struct Table {
    schema: StreamSchema,
    chunks: Chunks,
    indexes: Mutex<HashMap<String, Arc<IndexSlot>>>,
}

/// An index that somebody has wanted. Who builds it holds the lock.
type IndexSlot = Mutex<Option<Arc<TableIndex>>>;

impl Table {
    /// A table with these rows, whose columns are those of `schema`; no two have the same key.
    fn of_chunks(schema: StreamSchema, chunks: Chunks) -> Self {
        Self {
            schema,
            chunks,
            indexes: Mutex::default(),
        }
    }

    /// Its columns, with the indexes of those that tell its rows apart as their [key](StreamSchema::key).
    pub fn schema(&self) -> &StreamSchema {
        &self.schema
    }

    /// All of its rows, in large pieces, of which there is at least one.
    pub fn chunks(&self) -> &[RecordBatch] {
        self.chunks.batches()
    }

    /// All of its rows, at most so many at a time.
    pub fn batches(&self, rows_max: usize) -> impl Iterator<Item = RecordBatch> {
        let rows_max = rows_max.max(1);
        self.chunks().iter().flat_map(move |chunk| {
            let starts = (0..chunk.num_rows()).step_by(rows_max);
            starts.map(move |start| chunk.slice(start, rows_max.min(chunk.num_rows() - start)))
        })
    }

    /// Where rows stand; NULL is a row that is not there.
    pub(crate) fn places(&self, rows: UInt32Array) -> RowPlaces {
        self.chunks.places(rows)
    }

    /// The values that a column has in some rows, NULL where there is none.
    pub(crate) fn take(&self, column: usize, rows: &RowPlaces) -> OperatorResult<ArrayRef> {
        Ok(self.chunks.take(column, rows)?)
    }

    /// Number of rows.
    pub fn num_rows(&self) -> usize {
        self.chunks.num_rows()
    }

    /// Bytes that its rows take, indexes not included.
    pub fn memory_bytes(&self) -> u64 {
        self.chunks.memory_bytes() as u64
    }

    /// The index over the values of some expressions, which `name` tells apart; `build` makes it the first time, while others
    /// who want it wait, so that rows it rejects are told once.
    pub(crate) fn index(
        &self,
        name: &str,
        build: impl FnOnce() -> OperatorResult<TableIndex>,
    ) -> OperatorResult<Arc<TableIndex>> {
        let slot = Arc::clone(locked(&self.indexes).entry(name.to_owned()).or_default());
        let mut slot = locked(&slot);
        if let Some(index) = &*slot {
            return Ok(Arc::clone(index));
        }
        let index = Arc::new(build()?);
        *slot = Some(Arc::clone(&index));
        Ok(index)
    }
}

/// What was left by somebody who panicked is whole: nothing is changed half way.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Most rows that a table can have: their numbers have 32 bits, of which one value stands for none.
pub(crate) const ROWS_MAX: usize = u32::MAX as usize - 1;

pub(crate) fn check_rows(rows: usize) -> OperatorResult {
    if rows > ROWS_MAX {
        return Err(OperatorError::TooManyRows { rows_max: ROWS_MAX });
    }
    Ok(())
}
