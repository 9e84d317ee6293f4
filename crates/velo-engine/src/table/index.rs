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

impl TableIndex {
    /// An index over the values of rows that have these numbers; rows with a NULL are never found, and left out.
    pub(crate) fn build(encoder: KeyEncoder, columns: &[ArrayRef], numbers: &[u32]) -> OperatorResult<Self> {
        let rows = numbers.len();
        let mut index = Self {
            keys: KeyTable::new(&encoder),
            encoder,
            starts: Vec::new(),
            rows: Vec::new(),
        };
        let IndexKeys { encoded, nulls } = index.encode(columns, rows)?;
        let found: Vec<u32> = match &nulls {
            Some(nulls) => (0..rows as u32).filter(|row| nulls.is_valid(*row as usize)).collect(),
            None => (0..rows as u32).collect(),
        };
        let mut ids = Vec::with_capacity(found.len());
        index.keys.intern(&encoded, &RowSet::Indices(&found), &mut ids);
        // Rows are counted by key, then dealt out.
        let mut starts = vec![0_u32; index.keys.len() + 1];
        for id in &ids {
            starts[*id as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        index.rows = vec![0; found.len()];
        for (id, row) in ids.iter().zip(&found) {
            let place = &mut next[*id as usize];
            index.rows[*place as usize] = numbers[*row as usize];
            *place += 1;
        }
        index.starts = starts;
        Ok(index)
    }

    /// Keys in the form that the index compares.
    pub(crate) fn encode(&self, columns: &[ArrayRef], rows: usize) -> OperatorResult<IndexKeys> {
        Ok(IndexKeys {
            encoded: self.encoder.encode(columns, rows)?,
            nulls: columns.iter().fold(None, |nulls, column| {
                NullBuffer::union(nulls.as_ref(), column.logical_nulls().as_ref())
            }),
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
