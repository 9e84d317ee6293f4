use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{ArrayRef, PrimitiveArray};
use arrow::datatypes::ArrowPrimitiveType;
use arrow::error::ArrowError;
use velo_data::{StreamSchema, SystemColumn};

/// Computes rows from their numbers.
pub(crate) trait RowGenerator: Debug + Send + Sync {
    /// All columns.
    fn schema(&self) -> &StreamSchema;

    /// The values of a column, by its index, in some rows.
    ///
    /// # Errors
    ///
    /// When Arrow cannot hold the column.
    fn column(&self, column: usize, rows: &Rows) -> Result<ArrayRef, ArrowError>;

    /// What the values of a column are, for people, where its type does not say it.
    fn describe(&self, _column: usize) -> String {
        String::new()
    }

    /// Whether rows have an event time of their own.
    fn is_timed(&self) -> bool {
        false
    }

    /// The event times of rows, if they have any.
    fn event_times(&self, _rows: &Rows) -> Option<ArrayRef> {
        None
    }

    /// The position of a row in the sequence that time goes by. Rows of one source may be part of a longer sequence.
    fn position_of(&self, row: u64) -> u64 {
        row
    }

    /// How many rows have a position below this one.
    fn rows_before(&self, position: u64) -> u64 {
        position
    }
}

/// Rows of one batch: every `stride`th row from the first one on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rows {
    pub(crate) first: u64,
    pub(crate) stride: u64,
    pub(crate) count: usize,
}

impl Rows {
    /// Their numbers.
    pub(crate) fn numbers(self) -> impl ExactSizeIterator<Item = u64> {
        (0..self.count).map(move |index| self.number(index))
    }

    /// The number of the row at a place of the batch.
    #[inline]
    pub(crate) fn number(self, index: usize) -> u64 {
        // A source ends before its row numbers would overflow.
        self.first.wrapping_add(self.stride.wrapping_mul(index as u64))
    }

    /// A column with a value for each row.
    pub(crate) fn primitive<T: ArrowPrimitiveType>(self, value: impl Fn(u64) -> T::Native) -> ArrayRef {
        let values: Vec<T::Native> = self.numbers().map(value).collect();
        Arc::new(PrimitiveArray::<T>::new(values.into(), None))
    }
}

/// Metadata of generated rows.
pub(super) const SYSTEM_COLUMNS: &[SystemColumn] = &[SystemColumn::Offset, SystemColumn::Partition];

/// Metadata of generated rows that have an event time.
pub(super) const TIMED_SYSTEM_COLUMNS: &[SystemColumn] =
    &[SystemColumn::EventTime, SystemColumn::Offset, SystemColumn::Partition];
