//! The rows of a batch, as aggregates take them.

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array};
use arrow::buffer::{BooleanBuffer, ScalarBuffer};
use arrow::compute::take;
use velo_data::{RowKinds, StreamBatch};

use crate::error::OperatorResult;
use crate::keys::{EncodedKeys, RowSet};

/// The rows of a batch, with keys and arguments evaluated.
pub(super) struct Prepared {
    pub(super) batch: StreamBatch,
    pub(super) encoded: EncodedKeys,
    pub(super) columns: Vec<ArrayRef>,
    pub(super) filters: Vec<Option<BooleanBuffer>>,
    pub(super) times: Option<ScalarBuffer<i64>>,
    pub(super) retractions: Option<BooleanBuffer>,
}

/// Some rows of a [`Prepared`] batch, as aggregates take them.
pub(super) struct Selected {
    pub(super) keys: Vec<ArrayRef>,
    /// Per aggregate.
    pub(super) arguments: Vec<Vec<ArrayRef>>,
    /// Per aggregate.
    pub(super) filters: Vec<Option<BooleanBuffer>>,
    /// The rows that retract an earlier one; `None` is none.
    pub(super) retractions: Option<BooleanBuffer>,
    pub(super) times: Option<ScalarBuffer<i64>>,
    pub(super) event_times: Option<ArrayRef>,
    pub(super) timestamps: Option<ArrayRef>,
}

impl Prepared {
    /// Kinds of the rows, where some are retractions.
    pub(super) fn kinds(&self) -> Option<&RowKinds> {
        self.retractions.as_ref().and(self.batch.kinds.as_ref())
    }
}

impl Selected {
    /// Shows no aggregate the rows at these positions.
    #[cold]
    pub(super) fn pass_over(&mut self, positions: &[usize]) {
        for filter in &mut self.filters {
            let passes = |row: usize| filter.as_ref().is_none_or(|filter| filter.value(row));
            let rows = self.retractions.as_ref().map_or(0, BooleanBuffer::len);
            let mut passing: Vec<bool> = (0..rows).map(passes).collect();
            for position in positions {
                passing[*position] = false;
            }
            *filter = Some(passing.into());
        }
    }
}

/// The row of a batch at a position among `rows`.
#[inline]
pub(super) fn row_of(rows: &RowSet<'_>, position: usize) -> usize {
    match rows {
        RowSet::Range(range) => range.start + position,
        RowSet::Indices(indices) => indices[position] as usize,
    }
}

pub(super) fn select(column: &ArrayRef, rows: &RowSet<'_>) -> OperatorResult<ArrayRef> {
    Ok(match rows {
        RowSet::Range(range) if range.len() == column.len() => Arc::clone(column),
        RowSet::Range(range) => column.slice(range.start, range.len()),
        RowSet::Indices(indices) => take(column, &UInt32Array::from(indices.to_vec()), None)?,
    })
}

pub(super) fn select_bits(bits: &BooleanBuffer, rows: &RowSet<'_>) -> BooleanBuffer {
    match rows {
        RowSet::Range(range) => bits.slice(range.start, range.len()),
        RowSet::Indices(indices) => indices.iter().map(|row| bits.value(*row as usize)).collect(),
    }
}
