use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch, UInt32Array};
use arrow::compute::{filter_record_batch, take_record_batch};
use arrow::error::ArrowError;

use crate::RowKind;

/// Rows on their way from a source to a sink.
///
/// The columns are those of the stream's [`StreamSchema`](crate::StreamSchema): the user's, then metadata.
/// Without [`kinds`](Self::kinds) every row is an insert, which append-only streams never spell out.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamBatch {
    /// The columns.
    pub records: RecordBatch,
    /// One kind per row, in streams that are not append-only.
    pub kinds: Option<Arc<[RowKind]>>,
}

impl StreamBatch {
    /// Rows of an append-only stream.
    pub fn inserts(records: RecordBatch) -> Self {
        Self { records, kinds: None }
    }

    /// Rows of a changelog; `kinds` has one entry per row.
    pub fn changes(records: RecordBatch, kinds: Arc<[RowKind]>) -> Self {
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
        self.kinds.as_ref().map_or(RowKind::Insert, |kinds| kinds[index])
    }

    /// The rows where `mask` is true.
    ///
    /// # Errors
    ///
    /// When the mask has another length than the batch.
    pub fn filter(&self, mask: &BooleanArray) -> Result<Self, ArrowError> {
        let records = filter_record_batch(&self.records, mask)?;
        let kept = |kinds: &Arc<[RowKind]>| {
            let rows = kinds.iter().zip(mask.iter());
            rows.filter(|(_, keep)| *keep == Some(true))
                .map(|(kind, _)| *kind)
                .collect()
        };
        Ok(Self {
            records,
            kinds: self.kinds.as_ref().map(kept),
        })
    }

    /// The rows at `indices`, in that order.
    ///
    /// # Errors
    ///
    /// When an index is past the end.
    pub fn take(&self, indices: &UInt32Array) -> Result<Self, ArrowError> {
        let records = take_record_batch(&self.records, indices)?;
        let taken = |kinds: &Arc<[RowKind]>| indices.values().iter().map(|index| kinds[*index as usize]).collect();
        Ok(Self {
            records,
            kinds: self.kinds.as_ref().map(taken),
        })
    }

    /// The `length` rows from `offset` on, without copying columns.
    #[must_use]
    pub fn slice(&self, offset: usize, length: usize) -> Self {
        Self {
            records: self.records.slice(offset, length),
            kinds: self.kinds.as_ref().map(|kinds| kinds[offset..offset + length].into()),
        }
    }
}
