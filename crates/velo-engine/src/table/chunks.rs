use std::collections::HashSet;

use arrow::array::{Array, ArrayData, ArrayRef, RecordBatch, UInt32Array, new_null_array};
use arrow::buffer::{Buffer, NullBuffer};
use arrow::compute::{interleave, take};
use arrow::error::ArrowError;

/// Rows that stand together unless told otherwise: few enough that putting them together takes little memory, and so many
/// that most tables have but one chunk.
pub(super) const CHUNK_ROWS: usize = 1 << 20;

/// The rows of a table in large pieces, so that no column has to be copied whole.
///
/// All chunks have the same number of rows, a power of two, but the last, which has at most so many.
#[derive(Debug)]
pub(super) struct Chunks {
    /// At least one, which may be empty.
    batches: Vec<RecordBatch>,
    /// Logarithm of the rows of a chunk.
    chunk_bits: u32,
}

/// Rows of a table, as places in its chunks.
pub(crate) enum RowPlaces {
    /// In the only one.
    Within(UInt32Array),
    /// A chunk and a row of it. Where a row is missing, the first one of the chunk behind all others.
    Across {
        places: Vec<(usize, usize)>,
        has_missing: bool,
    },
}

impl Chunks {
    /// Chunks of `2^chunk_bits` rows, of which the last may have fewer. There is at least one.
    pub(super) fn new(batches: Vec<RecordBatch>, chunk_bits: u32) -> Self {
        Self { batches, chunk_bits }
    }

    pub(super) fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    pub(super) fn num_rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// Bytes of memory that the rows keep; several columns may stand in one piece of it.
    pub(super) fn memory_bytes(&self) -> usize {
        let mut seen = HashSet::new();
        let columns = self.batches.iter().flat_map(RecordBatch::columns);
        columns.map(|column| kept_bytes(&column.to_data(), &mut seen)).sum()
    }

    /// Where rows stand; NULL is a row that is not there.
    pub(super) fn places(&self, rows: UInt32Array) -> RowPlaces {
        if self.batches.len() == 1 {
            return RowPlaces::Within(rows);
        }
        let within = (1_u32 << self.chunk_bits) - 1;
        let missing = (self.batches.len(), 0);
        let place = |row: u32| ((row >> self.chunk_bits) as usize, (row & within) as usize);
        RowPlaces::Across {
            places: rows.iter().map(|row| row.map_or(missing, place)).collect(),
            has_missing: rows.null_count() > 0,
        }
    }

    /// The values that a column has in some rows, NULL where there is none.
    pub(super) fn take(&self, column: usize, rows: &RowPlaces) -> Result<ArrayRef, ArrowError> {
        let columns: Vec<&ArrayRef> = self.batches.iter().map(|batch| batch.column(column)).collect();
        match (rows, columns.as_slice()) {
            (RowPlaces::Within(rows), [only, ..]) => take(only, rows, None),
            (RowPlaces::Across { places, has_missing }, [first, ..]) => {
                let missing = new_null_array(first.data_type(), usize::from(*has_missing));
                let columns = columns.into_iter().chain(has_missing.then_some(&missing));
                interleave(&columns.map(AsRef::as_ref).collect::<Vec<&dyn Array>>(), places)
            }
            (_, []) => Err(ArrowError::InvalidArgumentError("a table without chunks".to_owned())),
        }
    }
}

/// Bytes of the allocations that an array keeps and that are not among those `seen`, by their addresses.
fn kept_bytes(array: &ArrayData, seen: &mut HashSet<usize>) -> usize {
    let nulls = array.nulls().map(NullBuffer::buffer);
    let buffers = array.buffers().iter().chain(nulls);
    let own: usize = buffers
        .filter(|buffer| seen.insert(buffer.data_ptr().as_ptr() as usize))
        .map(Buffer::capacity)
        .sum();
    let children = array.child_data().iter();
    own + children.map(|child| kept_bytes(child, seen)).sum::<usize>()
}
