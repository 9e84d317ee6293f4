//! Tables: rows by key, at rest in columns, made to be scanned and looked up.

mod builder;
mod index;
mod latest;
mod live;
mod load;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use velo_data::StreamSchema;

pub use builder::{TableBuilder, TableWriter};
pub(crate) use index::TableIndex;
pub use live::{JoinedTable, LiveTable};
pub use load::{TableLoadJob, load_table};

use crate::error::{OperatorError, OperatorResult};

/// The rows of a table as they are at one moment.
///
/// They stand in one batch, in the order in which their keys came. Indexes are built when they are first wanted, and shared
/// by all who look the table up.
#[derive(Debug)]
pub struct Table {
    schema: StreamSchema,
    records: RecordBatch,
    indexes: Mutex<HashMap<String, Arc<IndexSlot>>>,
}

/// An index that somebody has wanted. Who builds it holds the lock.
type IndexSlot = Mutex<Option<Arc<TableIndex>>>;

impl Table {
    /// A table with these rows, whose columns are those of `schema`; no two have the same key.
    pub fn new(schema: StreamSchema, records: RecordBatch) -> Self {
        Self {
            schema,
            records,
            indexes: Mutex::default(),
        }
    }

    /// Its columns, with the indexes of those that tell its rows apart as their [key](StreamSchema::key).
    pub fn schema(&self) -> &StreamSchema {
        &self.schema
    }

    /// All of its rows.
    pub fn records(&self) -> &RecordBatch {
        &self.records
    }

    /// Number of rows.
    pub fn num_rows(&self) -> usize {
        self.records.num_rows()
    }

    /// Bytes that its rows take, indexes not included.
    pub fn memory_bytes(&self) -> u64 {
        self.records.get_array_memory_size() as u64
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
