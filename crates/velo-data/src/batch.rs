use arrow::array::{BooleanArray, RecordBatch, UInt32Array};
use arrow::compute::{filter_record_batch, take_record_batch};
use arrow::error::ArrowError;

use crate::{RowKind, RowKinds};

/// Rows on their way from a source to a sink.
///
/// The columns are those of the stream's [`StreamSchema`](crate::StreamSchema): the user's, then metadata.
/// Without [`kinds`](Self::kinds) every row is an insert, which append-only streams never spell out.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamBatch {
    /// The columns.
    pub records: RecordBatch,
    /// One kind per row, in streams that are not append-only.
    pub kinds: Option<RowKinds>,
}

impl StreamBatch {
    /// Rows of an append-only stream.
    pub fn inserts(records: RecordBatch) -> Self {
        Self { records, kinds: None }
    }

    /// Rows of a changelog; `kinds` has one entry per row.
    pub fn changes(records: RecordBatch, kinds: RowKinds) -> Self {
        debug_assert_eq!(records.num_rows(), kinds.len());
        Self {
            records,
            kinds: Some(kinds),
        }
    }

    /// Number of rows.
    pub fn num_rows(&self) -> usize {
        self.records.num_rows()
    }

    /// Kind of the row at `index`.
    pub fn kind(&self, index: usize) -> RowKind {
        self.kinds.as_ref().map_or(RowKind::Insert, |kinds| kinds.get(index))
    }

    /// The rows where `mask` is true.
    ///
    /// # Errors
    ///
    /// When the mask has another length than the batch.
    pub fn filter(&self, mask: &BooleanArray) -> Result<Self, ArrowError> {
        let kinds = self.kinds.as_ref().map(|kinds| kinds.filter(mask));
        Ok(Self {
            records: filter_record_batch(&self.records, mask)?,
            kinds: kinds.transpose()?,
        })
    }

    /// The rows at `indices`, in that order.
    ///
    /// # Errors
    ///
    /// When an index is past the end.
    pub fn take(&self, indices: &UInt32Array) -> Result<Self, ArrowError> {
        let kinds = self.kinds.as_ref().map(|kinds| kinds.take(indices));
        Ok(Self {
            records: take_record_batch(&self.records, indices)?,
            kinds: kinds.transpose()?,
        })
    }

    /// The `length` rows from `offset` on, without copying columns.
    #[must_use]
    pub fn slice(&self, offset: usize, length: usize) -> Self {
        Self {
            records: self.records.slice(offset, length),
            kinds: self.kinds.as_ref().map(|kinds| kinds.slice(offset, length)),
        }
    }
}
