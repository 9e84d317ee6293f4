use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, StringViewArray, StringViewBuilder};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;
use arrow::row::Rows;
use hashbrown::HashTable;

use super::encoder::{EncodedKeys, INLINE_LENGTH_MAX, KeyEncoder, Keys};
use super::hash::{hash_u64, hash_u128};
use crate::error::OperatorResult;

/// Which rows of a batch are meant.
#[derive(Debug, Clone)]
pub(crate) enum RowSet<'a> {
    /// Neighbours.
    Range(Range<usize>),
    /// Any, in this order.
    Indices(&'a [u32]),
}

impl RowSet<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Range(range) => range.len(),
            Self::Indices(indices) => indices.len(),
        }
    }
}

/// Gives every distinct key a number, from 0 in the order of appearance. NULL keys are equal to each other.
#[derive(Debug)]
pub(crate) enum KeyTable {
    Unit { seen: bool },
    Integer(IntegerTable),
    Text(TextTable),
    Rows(RowTable),
}

impl KeyTable {
    /// An empty table for keys that `encoder` encodes.
    pub(crate) fn new(encoder: &KeyEncoder) -> Self {
        match encoder {
            KeyEncoder::Unit => Self::Unit { seen: false },
            KeyEncoder::Integer(_) => Self::Integer(IntegerTable::default()),
            KeyEncoder::Text => Self::Text(TextTable::default()),
            KeyEncoder::Rows(converter) => Self::Rows(RowTable {
                table: HashTable::new(),
                rows: converter.empty_rows(0, 0),
            }),
        }
    }

    /// Number of distinct keys.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Unit { seen } => usize::from(*seen),
            Self::Integer(table) => table.keys.len(),
            Self::Text(table) => table.ends.len(),
            Self::Rows(table) => table.rows.num_rows(),
        }
    }

    /// Appends to `ids` the number of each row's key; new keys get the next numbers.
    pub(crate) fn intern(&mut self, encoded: &EncodedKeys, rows: &RowSet<'_>, ids: &mut Vec<u32>) {
        ids.reserve(rows.len());
        match rows {
            RowSet::Range(range) => self.intern_rows(encoded, range.clone(), ids),
            RowSet::Indices(indices) => self.intern_rows(encoded, indices.iter().map(|row| *row as usize), ids),
        }
    }

    fn intern_rows(&mut self, encoded: &EncodedKeys, rows: impl Iterator<Item = usize>, ids: &mut Vec<u32>) {
        let hashes = &encoded.hashes;
        match (self, &encoded.keys) {
            (Self::Unit { seen }, _) => {
                let known = ids.len();
                ids.extend(rows.map(|_| 0));
                *seen |= ids.len() > known;
            }
            (Self::Integer(table), Keys::Integer(values, None)) => {
                ids.extend(rows.map(|row| table.intern(hashes[row], values[row])));
            }
            (Self::Integer(table), Keys::Integer(values, Some(nulls))) => {
                ids.extend(rows.map(|row| {
                    if nulls.is_valid(row) {
                        table.intern(hashes[row], values[row])
                    } else {
                        table.intern_null()
                    }
                }));
            }
            (Self::Text(table), Keys::Text(texts)) => {
                let nulls = texts.nulls();
                ids.extend(rows.map(|row| {
                    if nulls.is_none_or(|nulls| nulls.is_valid(row)) {
                        table.intern(hashes[row], texts, row)
                    } else {
                        table.intern_null()
                    }
                }));
            }
            (Self::Rows(table), Keys::Rows(keys)) => {
                ids.extend(rows.map(|row| table.intern(hashes[row], keys, row)));
            }
            _ => debug_assert!(false, "a table is used with the encoder that it was made for"),
        }
    }

    /// The number of a key that the table does not have.
    pub(crate) const NONE: u32 = u32::MAX;

    /// Appends to `ids` the number of each row's key, [`KeyTable::NONE`] for those that the table does not have. What is
    /// appended for NULL is not defined.
    pub(crate) fn find(&self, encoded: &EncodedKeys, ids: &mut Vec<u32>) {
        let hashes = encoded.hashes.iter().enumerate();
        match (self, &encoded.keys) {
            (Self::Unit { seen }, _) => ids.extend(hashes.map(|_| if *seen { 0 } else { Self::NONE })),
            (Self::Integer(table), Keys::Integer(values, _)) => {
                ids.extend(hashes.map(|(row, hash)| table.find(*hash, values[row]).unwrap_or(Self::NONE)));
            }
            (Self::Text(table), Keys::Text(texts)) => {
                ids.extend(hashes.map(|(row, hash)| table.find(*hash, texts, row).unwrap_or(Self::NONE)));
            }
            (Self::Rows(table), Keys::Rows(keys)) => {
                ids.extend(hashes.map(|(row, hash)| table.find(*hash, keys, row).unwrap_or(Self::NONE)));
            }
            _ => debug_assert!(false, "a table is used with the encoder that it was made for"),
        }
    }

    /// The key columns of the keys with these numbers.
    pub(crate) fn columns(&self, encoder: &KeyEncoder, ids: &[u32]) -> OperatorResult<Vec<ArrayRef>> {
        Ok(match (self, encoder) {
            (Self::Integer(table), KeyEncoder::Integer(data_type)) => vec![table.column(data_type, ids)?],
            (Self::Text(table), _) => vec![Arc::new(table.column(ids))],
            (Self::Rows(table), KeyEncoder::Rows(converter)) => {
                converter.convert_rows(ids.iter().map(|id| table.rows.row(*id as usize)))?
            }
            _ => vec![],
        })
    }

    /// Orders numbers by their keys: ascending, NULL last.
    pub(crate) fn sort(&self, ids: &mut [u32]) {
        match self {
            Self::Unit { .. } => {}
            Self::Integer(table) => ids.sort_unstable_by(|a, b| table.compare(*a, *b)),
            Self::Text(table) => ids.sort_unstable_by(|a, b| table.compare(*a, *b)),
            Self::Rows(table) => {
                ids.sort_unstable_by(|a, b| table.rows.row(*a as usize).cmp(&table.rows.row(*b as usize)));
            }
        }
    }
}

/// Orders two keys of which at most one is NULL, NULL last.
fn null_last(null: Option<u32>, a: u32, b: u32, compare: impl FnOnce() -> Ordering) -> Ordering {
    match (null == Some(a), null == Some(b)) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => compare(),
    }
}

/// Keys of 64 bits.
#[derive(Debug, Default)]
pub(crate) struct IntegerTable {
    table: HashTable<(i64, u32)>,
    keys: Vec<i64>,
    null: Option<u32>,
}

impl IntegerTable {
    #[inline]
    fn find(&self, hash: u64, key: i64) -> Option<u32> {
        let found = self.table.find(hash, |(candidate, _)| *candidate == key);
        found.map(|(_, id)| *id)
    }

    #[inline]
    fn intern(&mut self, hash: u64, key: i64) -> u32 {
        if let Some(id) = self.find(hash, key) {
            return id;
        }
        let id = self.keys.len() as u32;
        self.keys.push(key);
        self.table
            .insert_unique(hash, (key, id), |(key, _)| hash_u64(*key as u64));
        id
    }

    fn intern_null(&mut self) -> u32 {
        *self.null.get_or_insert_with(|| {
            self.keys.push(0);
            (self.keys.len() - 1) as u32
        })
    }

    fn column(&self, data_type: &DataType, ids: &[u32]) -> OperatorResult<ArrayRef> {
        let values: Vec<i64> = ids.iter().map(|id| self.keys[*id as usize]).collect();
        let nulls = self
            .null
            .map(|null| ids.iter().map(|id| *id != null).collect::<NullBuffer>());
        let column = Int64Array::new(values.into(), nulls);
        Ok(arrow::compute::cast(&column, data_type)?)
    }

    fn compare(&self, a: u32, b: u32) -> Ordering {
        null_last(self.null, a, b, || self.keys[a as usize].cmp(&self.keys[b as usize]))
    }
}

/// Keys of text.
///
/// An entry carries 16 bytes that tell almost all keys apart without a look at the text: the view of a short
/// string, which is the string, or length, first four bytes and hash of a long one.
#[derive(Debug, Default)]
pub(crate) struct TextTable {
    table: HashTable<(u128, u32)>,
    text: String,
    ends: Vec<usize>,
    null: Option<u32>,
}

impl TextTable {
    #[inline]
    fn find(&self, hash: u64, texts: &StringViewArray, row: usize) -> Option<u32> {
        let view = texts.views()[row];
        if view as u32 <= INLINE_LENGTH_MAX {
            let found = self.table.find(hash, |(candidate, _)| *candidate == view);
            found.map(|(_, id)| *id)
        } else {
            self.find_long(hash, signature_of(hash, view), texts.value(row))
        }
    }

    fn find_long(&self, hash: u64, signature: u128, text: &str) -> Option<u32> {
        let found = self.table.find(hash, |(candidate, id)| {
            *candidate == signature && &self.text[range_of(&self.ends, *id)] == text
        });
        found.map(|(_, id)| *id)
    }

    #[inline]
    fn intern(&mut self, hash: u64, texts: &StringViewArray, row: usize) -> u32 {
        let view = texts.views()[row];
        if let Some(id) = self.find(hash, texts, row) {
            return id;
        }
        let signature = if view as u32 <= INLINE_LENGTH_MAX {
            view
        } else {
            signature_of(hash, view)
        };
        self.insert(hash, signature, texts.value(row))
    }

    #[cold]
    fn insert(&mut self, hash: u64, signature: u128, text: &str) -> u32 {
        let id = self.push(text);
        self.table
            .insert_unique(hash, (signature, id), |(signature, _)| hash_of_signature(*signature));
        id
    }

    fn push(&mut self, text: &str) -> u32 {
        self.text.push_str(text);
        self.ends.push(self.text.len());
        (self.ends.len() - 1) as u32
    }

    fn intern_null(&mut self) -> u32 {
        if let Some(id) = self.null {
            return id;
        }
        let id = self.push("");
        self.null = Some(id);
        id
    }

    fn key(&self, id: u32) -> &str {
        &self.text[range_of(&self.ends, id)]
    }

    fn column(&self, ids: &[u32]) -> StringViewArray {
        let mut builder = StringViewBuilder::with_capacity(ids.len());
        for id in ids {
            builder.append_option((self.null != Some(*id)).then(|| self.key(*id)));
        }
        builder.finish()
    }

    fn compare(&self, a: u32, b: u32) -> Ordering {
        null_last(self.null, a, b, || self.key(a).cmp(self.key(b)))
    }
}

fn range_of(ends: &[usize], id: u32) -> Range<usize> {
    let id = id as usize;
    let start = if id == 0 { 0 } else { ends[id - 1] };
    start..ends[id]
}

/// Of a long string: its length and first bytes, then its hash.
fn signature_of(hash: u64, view: u128) -> u128 {
    u128::from(view as u64) | u128::from(hash) << 64
}

fn hash_of_signature(signature: u128) -> u64 {
    if signature as u32 <= INLINE_LENGTH_MAX {
        hash_u128(signature)
    } else {
        (signature >> 64) as u64
    }
}

/// Keys in the row format.
#[derive(Debug)]
pub(crate) struct RowTable {
    table: HashTable<(u64, u32)>,
    rows: Rows,
}

impl RowTable {
    fn find(&self, hash: u64, keys: &Rows, row: usize) -> Option<u32> {
        let key = keys.row(row);
        let found = self.table.find(hash, |(candidate, id)| {
            *candidate == hash && self.rows.row(*id as usize) == key
        });
        found.map(|(_, id)| *id)
    }

    fn intern(&mut self, hash: u64, keys: &Rows, row: usize) -> u32 {
        if let Some(id) = self.find(hash, keys, row) {
            return id;
        }
        let id = self.rows.num_rows() as u32;
        self.rows.push(keys.row(row));
        self.table.insert_unique(hash, (hash, id), |(hash, _)| *hash);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Float64Array, TimestampMillisecondArray};

    fn intern(columns: &[ArrayRef]) -> (Vec<u32>, Vec<ArrayRef>) {
        let types: Vec<_> = columns.iter().map(|column| column.data_type().clone()).collect();
        let encoder = KeyEncoder::new(&types).unwrap();
        let mut table = KeyTable::new(&encoder);
        let rows = columns.first().map_or(3, Array::len);
        let encoded = encoder.encode(columns, rows).unwrap();
        let mut ids = Vec::new();
        table.intern(&encoded, &RowSet::Range(0..rows), &mut ids);
        let mut sorted: Vec<u32> = (0..table.len() as u32).collect();
        table.sort(&mut sorted);
        (ids, table.columns(&encoder, &sorted).unwrap())
    }

    fn check(columns: &[ArrayRef], ids: &[u32], sorted: &[ArrayRef]) {
        let (found_ids, found_sorted) = intern(columns);
        assert_eq!(found_ids, ids);
        assert_eq!(found_sorted, sorted);
    }

    #[test]
    fn equal_keys_share_a_number_and_null_is_a_key() {
        let integers = |values: Vec<Option<i64>>| Arc::new(Int64Array::from(values)) as ArrayRef;
        let times = |values: Vec<Option<i64>>| Arc::new(TimestampMillisecondArray::from(values)) as ArrayRef;
        let texts = |values: Vec<Option<&str>>| Arc::new(StringViewArray::from(values)) as ArrayRef;
        let floats = |values: Vec<Option<f64>>| Arc::new(Float64Array::from(values)) as ArrayRef;
        let long = "a text of more than twelve bytes";
        let longer = "a text of more than twelve bytes!";
        check(&[], &[0, 0, 0], &[]);
        check(
            &[integers(vec![Some(7), None, Some(-1), Some(7), None])],
            &[0, 1, 2, 0, 1],
            &[integers(vec![Some(-1), Some(7), None])],
        );
        check(
            &[times(vec![Some(5), Some(5), None])],
            &[0, 0, 1],
            &[times(vec![Some(5), None])],
        );
        check(
            &[texts(vec![
                Some(longer),
                Some(long),
                None,
                Some(""),
                Some(longer),
                Some("b"),
                Some("b"),
            ])],
            &[0, 1, 2, 3, 0, 4, 4],
            &[texts(vec![Some(""), Some(long), Some(longer), Some("b"), None])],
        );
        check(
            &[floats(vec![Some(0.0), Some(-0.0), Some(f64::NAN), Some(-f64::NAN)])],
            &[0, 0, 1, 1],
            &[floats(vec![Some(0.0), Some(f64::NAN)])],
        );
        check(
            &[
                integers(vec![Some(1), Some(1), None, Some(1)]),
                texts(vec![None, Some("x"), None, None]),
            ],
            &[0, 1, 2, 0],
            &[
                integers(vec![Some(1), Some(1), None]),
                texts(vec![Some("x"), None, None]),
            ],
        );
    }
}
