use arrow::array::{Array, BooleanArray, RecordBatch, UInt32Array};
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

    /// The rows where `mask` is true. Where it keeps one row of a pair, that row is a delete or an insert from then on.
    ///
    /// # Errors
    ///
    /// When the mask has another length than the batch.
    pub fn filter(&self, mask: &BooleanArray) -> Result<Self, ArrowError> {
        let keeps = |row: usize| mask.is_valid(row) && mask.value(row);
        let kinds = self.kinds.as_ref().map(|kinds| {
            let parted = kinds.part_pairs(|row| row + 1 < mask.len() && keeps(row) != keeps(row + 1));
            parted.filter(mask)
        });
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

    /// The `length` rows from `offset` on, without copying columns. A pair that is cut is a delete or an insert from then on.
    #[must_use]
    pub fn slice(&self, offset: usize, length: usize) -> Self {
        let end = offset + length;
        let kinds = self.kinds.as_ref().map(|kinds| {
            let is_cut = |row: usize| row + 1 == offset || row + 1 == end;
            let has_cut = |border: usize| border > 0 && border < kinds.len() && kinds.is_pair(border - 1);
            if has_cut(offset) || has_cut(end) {
                kinds.part_pairs(is_cut).slice(offset, length)
            } else {
                kinds.slice(offset, length)
            }
        });
        Self {
            records: self.records.slice(offset, length),
            kinds,
        }
    }

    /// The rows without those that hold old values: what is left of a [`ChangelogMode::Retract`](crate::ChangelogMode)
    /// stream for readers that replace rows by their key.
    ///
    /// # Errors
    ///
    /// When an Arrow kernel fails.
    pub fn without_update_before(self) -> Result<Self, ArrowError> {
        let is_old = |kind: RowKind| kind == RowKind::UpdateBefore;
        let Some(kinds) = self.kinds.as_ref().filter(|kinds| kinds.iter().any(is_old)) else {
            return Ok(self);
        };
        let mask: BooleanArray = kinds.iter().map(|kind| Some(!is_old(kind))).collect();
        let kinds = kinds.filter(&mask)?;
        Ok(Self {
            records: filter_record_batch(&self.records, &mask)?,
            kinds: Some(kinds),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array};

    use super::*;
    use RowKind::{Delete, Insert, UpdateAfter, UpdateBefore};

    /// Two pairs and a row behind them; the values are the places.
    fn pairs() -> StreamBatch {
        let values: ArrayRef = Arc::new(Int64Array::from_iter_values(0..5));
        let records = RecordBatch::try_from_iter([("n", values)]).unwrap();
        StreamBatch::changes(
            records,
            [UpdateBefore, UpdateAfter, UpdateBefore, UpdateAfter, Insert].into(),
        )
    }

    fn kinds(batch: &StreamBatch) -> Vec<RowKind> {
        (0..batch.num_rows()).map(|row| batch.kind(row)).collect()
    }

    #[test]
    fn a_filter_parts_the_pairs_of_which_it_keeps_one_row() {
        let mask = BooleanArray::from(vec![Some(true), None, Some(true), Some(true), Some(false)]);
        let kept = pairs().filter(&mask).unwrap();
        assert_eq!(kinds(&kept), [Delete, UpdateBefore, UpdateAfter]);
        let mask = BooleanArray::from(vec![false, true, false, false, true]);
        assert_eq!(kinds(&pairs().filter(&mask).unwrap()), [Insert, Insert]);
    }

    #[test]
    fn a_slice_parts_the_pairs_that_it_cuts() {
        assert_eq!(kinds(&pairs().slice(1, 2)), [Insert, Delete]);
        assert_eq!(kinds(&pairs().slice(0, 2)), [UpdateBefore, UpdateAfter]);
        assert_eq!(kinds(&pairs().slice(2, 3)), [UpdateBefore, UpdateAfter, Insert]);
        assert_eq!(kinds(&pairs().slice(3, 0)), []);
    }

    #[test]
    fn old_values_are_left_out_for_readers_that_replace_rows() {
        let kept = pairs().without_update_before().unwrap();
        assert_eq!(kinds(&kept), [UpdateAfter, UpdateAfter, Insert]);
        assert_eq!(kept.records.column(0).as_ref(), &Int64Array::from(vec![1, 3, 4]));
    }
}
