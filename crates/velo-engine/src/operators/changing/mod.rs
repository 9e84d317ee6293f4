//! Operators whose input takes rows back: they keep what stands, so that they can tell what a row that goes takes with it.

mod arrivals;
mod distinct;
mod drop_update_before;
mod limit;
mod sent;
mod sort;

pub(crate) use distinct::DistinctStanding;
pub(crate) use drop_update_before::DropUpdateBeforeRows;
pub(crate) use limit::LimitStanding;
pub(super) use sent::{Computed, Sent, SentRows};
pub(crate) use sort::SortStanding;

use arrow::array::{BooleanArray, RecordBatch, UInt32Array, make_comparator};
use arrow::buffer::BooleanBuffer;
use arrow::compute::SortOptions;
use velo_data::{ChangelogMode, RecordColumns, RowError, RowErrorCause, RowKind, RowKinds, StreamBatch};

use crate::error::{CompileError, OperatorResult};
use crate::standing::{RowBuffer, RowBytes, RowFormat};

/// Refuses an input that replaces rows by their key: `operator` has to be told the values that no longer hold.
pub(super) fn takes_back(operator: &'static str, mode: ChangelogMode) -> Result<(), CompileError> {
    match mode {
        ChangelogMode::AppendOnly | ChangelogMode::Retract => Ok(()),
        ChangelogMode::Upsert => Err(CompileError::ChangelogMode { operator, mode }),
    }
}

/// What becomes of a row that takes back what is not there: it is counted, and nothing else.
fn unknown_row(record: &RecordColumns, records: &RecordBatch, row: usize) -> RowError {
    RowError {
        cause: RowErrorCause::UnknownRow,
        message: "it takes back a row that is not there".to_owned(),
        column: None,
        origin: record.origin(records, row),
        original: record.original(records, row),
    }
}

/// Changes that are put together row by row.
#[derive(Debug, Default)]
struct ChangeBuffer {
    rows: RowBuffer,
    kinds: Vec<RowKind>,
}

impl ChangeBuffer {
    fn push(&mut self, kind: RowKind, row: RowBytes<'_>) {
        self.rows.push(row);
        self.kinds.push(kind);
    }

    fn into_batch(self, format: &RowFormat) -> OperatorResult<StreamBatch> {
        Ok(StreamBatch::changes(self.rows.decode(format)?, self.kinds.into()))
    }
}

/// Where a batch has something else than pairs whose two rows have the same values; `None` is everywhere.
pub(super) fn changed_rows(batch: &StreamBatch) -> OperatorResult<Option<BooleanArray>> {
    let Some(kinds) = &batch.kinds else {
        return Ok(None);
    };
    let mut pairs: Vec<u32> = (0..batch.num_rows() as u32)
        .filter(|row| kinds.is_pair(*row as usize))
        .collect();
    retain_unchanged(&batch.records, &mut pairs)?;
    if pairs.is_empty() {
        return Ok(None);
    }
    let mut kept = vec![true; batch.num_rows()];
    for row in pairs {
        kept[row as usize] = false;
        kept[row as usize + 1] = false;
    }
    Ok(Some(BooleanArray::new(BooleanBuffer::from(kept), None)))
}

/// Keeps the rows that have the same values as the ones behind them.
fn retain_unchanged(records: &RecordBatch, pairs: &mut Vec<u32>) -> OperatorResult {
    for column in records.columns() {
        if pairs.is_empty() {
            break;
        }
        let compare = make_comparator(column, column, SortOptions::default())?;
        pairs.retain(|row| compare(*row as usize, *row as usize + 1).is_eq());
    }
    Ok(())
}

/// A batch of rows of one kind.
fn all_of(kind: RowKind, records: RecordBatch) -> StreamBatch {
    let kinds = RowKinds::all(kind, records.num_rows());
    StreamBatch::changes(records, kinds)
}

/// The rows of a batch at `indices`.
fn taken(records: &RecordBatch, indices: Vec<u32>) -> OperatorResult<RecordBatch> {
    Ok(arrow::compute::take_record_batch(records, &UInt32Array::from(indices))?)
}
