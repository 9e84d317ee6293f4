use arrow::array::{Array, ArrayRef};
use arrow::buffer::NullBuffer;

use crate::error::OperatorResult;
use crate::keys::{EncodedKeys, KeyEncoder, KeyTable, RowSet};

/// Where the rows of a table stand that have some values.
///
/// Every distinct key has a number; the rows of key `n` are `rows[starts[n]..starts[n + 1]]`, in the order of the table.
#[derive(Debug)]
pub(crate) struct TableIndex {
    encoder: KeyEncoder,
    keys: KeyTable,
    starts: Vec<u32>,
    rows: Vec<u32>,
}

/// The keys that rows are looked up with.
pub(crate) struct IndexKeys {
    encoded: EncodedKeys,
    nulls: Option<NullBuffer>,
}

/// Collects what an index is over.
#[derive(Debug)]
pub(crate) struct TableIndexBuilder {
    encoder: KeyEncoder,
    keys: KeyTable,
    /// For each row that can be found the number of its key, and its own.
    ids: Vec<u32>,
    rows: Vec<u32>,
}

impl TableIndexBuilder {
    /// No rows yet; `encoder` encodes the keys.
    pub(crate) fn new(encoder: KeyEncoder) -> Self {
        Self {
            keys: KeyTable::new(&encoder),
            encoder,
            ids: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Takes in the keys of rows that have these numbers; rows with a NULL are never found, and left out.
    pub(crate) fn add(&mut self, columns: &[ArrayRef], numbers: &[u32]) -> OperatorResult {
        let rows = numbers.len();
        let encoded = self.encoder.encode(columns, rows)?;
        let Some(nulls) = nulls_of(columns) else {
            self.keys.intern(&encoded, &RowSet::Range(0..rows), &mut self.ids);
            self.rows.extend_from_slice(numbers);
            return Ok(());
        };
        let found: Vec<u32> = nulls.valid_indices().map(|row| row as u32).collect();
        self.keys.intern(&encoded, &RowSet::Indices(&found), &mut self.ids);
        self.rows.extend(found.iter().map(|row| numbers[*row as usize]));
        Ok(())
    }

    /// The index.
    pub(crate) fn finish(self) -> TableIndex {
        let Self {
            encoder,
            keys,
            ids,
            rows: found,
        } = self;
        // Rows are counted by key, then dealt out.
        let mut starts = vec![0_u32; keys.len() + 1];
        for id in &ids {
            starts[*id as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut rows = vec![0; found.len()];
        for (id, row) in ids.iter().zip(&found) {
            let place = &mut next[*id as usize];
            rows[*place as usize] = *row;
            *place += 1;
        }
        TableIndex {
            encoder,
            keys,
            starts,
            rows,
        }
    }
}

/// Where any of the columns is NULL.
fn nulls_of(columns: &[ArrayRef]) -> Option<NullBuffer> {
    columns.iter().fold(None, |nulls, column| {
        NullBuffer::union(nulls.as_ref(), column.logical_nulls().as_ref())
    })
}

impl TableIndex {
    /// Keys in the form that the index compares.
    pub(crate) fn encode(&self, columns: &[ArrayRef], rows: usize) -> OperatorResult<IndexKeys> {
        Ok(IndexKeys {
            encoded: self.encoder.encode(columns, rows)?,
            nulls: nulls_of(columns),
        })
    }

    /// The number of each key, in `ids`; [`KeyTable::NONE`] for one that no row has.
    pub(crate) fn find(&self, keys: &IndexKeys, ids: &mut Vec<u32>) {
        ids.clear();
        self.keys.find(&keys.encoded, ids);
        if let Some(nulls) = keys.nulls.as_ref().filter(|nulls| nulls.null_count() > 0) {
            for (id, is_valid) in ids.iter_mut().zip(nulls) {
                if !is_valid {
                    *id = KeyTable::NONE;
                }
            }
        }
    }

    /// The rows of the key with this number.
    #[inline]
    pub(crate) fn rows_of(&self, id: u32) -> &[u32] {
        if id == KeyTable::NONE {
            return &[];
        }
        let id = id as usize;
        &self.rows[self.starts[id] as usize..self.starts[id + 1] as usize]
    }
}
