use std::fmt;

use arrow::array::{Array, BooleanArray, UInt8Array, UInt32Array};
use arrow::buffer::{BooleanBuffer, ScalarBuffer};
use arrow::error::ArrowError;

use crate::RowKind;

/// How a stream says that a row changes.
///
/// The modes are ordered by how much they say: a stream of one mode can be had from a stream of any later one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChangelogMode {
    /// Rows stand for good: every one is an insert.
    #[default]
    AppendOnly,
    /// A row replaces the one of the same key before it: inserts, `update_after` and deletes.
    Upsert,
    /// What no longer holds is taken back: every update is a pair of `update_before`, with the old values, and
    /// `update_after`; a delete has the old values. Rows need no key.
    ///
    /// The two rows of a pair stand side by side in one batch, the old values first. What parts them, such as a filter
    /// that lets only one pass, makes a delete and an insert of them ([`RowKinds::part_pairs`]).
    Retract,
}

impl ChangelogMode {
    /// The word that plans use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AppendOnly => "append_only",
            Self::Upsert => "upsert",
            Self::Retract => "retract",
        }
    }
}

impl fmt::Display for ChangelogMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The kind of each row of a batch: a byte per row in a shared buffer, so that slices copy nothing.
#[derive(Clone, PartialEq)]
pub struct RowKinds(ScalarBuffer<u8>);

impl RowKinds {
    /// So many rows of one kind.
    pub fn all(kind: RowKind, rows: usize) -> Self {
        Self(vec![kind as u8; rows].into())
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The kind of a row, which must be one of them.
    #[inline]
    pub fn get(&self, row: usize) -> RowKind {
        kind_of(self.0[row])
    }

    /// The kinds, row by row.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = RowKind> + '_ {
        self.0.iter().map(|byte| kind_of(*byte))
    }

    /// The rows that take something away: old values and deleted rows.
    pub fn retractions(&self) -> BooleanBuffer {
        BooleanBuffer::collect_bool(self.len(), |row| self.get(row).is_retraction())
    }

    /// Whether any row takes something away.
    pub fn has_retractions(&self) -> bool {
        self.iter().any(RowKind::is_retraction)
    }

    /// Whether this row and the next are the old and the new values of one update.
    #[inline]
    pub fn is_pair(&self, row: usize) -> bool {
        let pair = self.0.get(row..row + 2);
        pair == Some(&[RowKind::UpdateBefore as u8, RowKind::UpdateAfter as u8])
    }

    /// What each row adds to the number of rows that stand: 1, or -1 for those that take something away.
    pub fn signs(&self) -> impl ExactSizeIterator<Item = i8> + '_ {
        self.iter().map(|kind| if kind.is_retraction() { -1 } else { 1 })
    }

    /// The kinds of `length` rows from `offset` on.
    #[must_use]
    pub fn slice(&self, offset: usize, length: usize) -> Self {
        Self(self.0.slice(offset, length))
    }

    /// The kinds of the rows where `mask` is true.
    ///
    /// # Errors
    ///
    /// When the mask has another length.
    pub fn filter(&self, mask: &BooleanArray) -> Result<Self, ArrowError> {
        Self::of_array(&arrow::compute::filter(&self.array(), mask)?)
    }

    /// The kinds of the rows at `indices`, in that order.
    ///
    /// # Errors
    ///
    /// When an index is past the end.
    pub fn take(&self, indices: &UInt32Array) -> Result<Self, ArrowError> {
        Self::of_array(&arrow::compute::take(&self.array(), indices, None)?)
    }

    /// The kinds of several batches, one behind the other.
    pub fn concat<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Self {
        let bytes: Vec<u8> = parts.into_iter().flat_map(|part| part.0.iter().copied()).collect();
        Self(bytes.into())
    }

    /// Makes a delete and an insert of the pairs that no longer belong together: `parts` is asked for the first row of each
    /// pair of a [`ChangelogMode::Retract`] stream.
    #[must_use]
    pub fn part_pairs(&self, parts: impl Fn(usize) -> bool) -> Self {
        let mut bytes: Option<Vec<u8>> = None;
        for row in 0..self.len().saturating_sub(1) {
            if self.is_pair(row) && parts(row) {
                let bytes = bytes.get_or_insert_with(|| self.0.to_vec());
                bytes[row] = RowKind::Delete as u8;
                bytes[row + 1] = RowKind::Insert as u8;
            }
        }
        bytes.map_or_else(|| self.clone(), |bytes| Self(bytes.into()))
    }

    fn array(&self) -> UInt8Array {
        UInt8Array::new(self.0.clone(), None)
    }

    fn of_array(array: &dyn Array) -> Result<Self, ArrowError> {
        let bytes = array.as_any().downcast_ref::<UInt8Array>();
        let bytes = bytes.ok_or_else(|| ArrowError::CastError("row kinds are bytes".to_owned()))?;
        Ok(Self(bytes.values().clone()))
    }
}

/// The kind that was written as this byte.
#[inline]
fn kind_of(byte: u8) -> RowKind {
    match byte {
        0 => RowKind::Insert,
        1 => RowKind::UpdateBefore,
        2 => RowKind::UpdateAfter,
        _ => RowKind::Delete,
    }
}

impl From<Vec<RowKind>> for RowKinds {
    fn from(kinds: Vec<RowKind>) -> Self {
        kinds.into_iter().collect()
    }
}

impl<const ROWS: usize> From<[RowKind; ROWS]> for RowKinds {
    fn from(kinds: [RowKind; ROWS]) -> Self {
        kinds.into_iter().collect()
    }
}

impl FromIterator<RowKind> for RowKinds {
    fn from_iter<I: IntoIterator<Item = RowKind>>(kinds: I) -> Self {
        let bytes: Vec<u8> = kinds.into_iter().map(|kind| kind as u8).collect();
        Self(bytes.into())
    }
}

impl fmt::Debug for RowKinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use RowKind::{Delete, Insert, UpdateAfter, UpdateBefore};

    #[test]
    fn every_kind_is_read_as_it_was_written() {
        let kinds = [Insert, UpdateBefore, UpdateAfter, Delete];
        let written: RowKinds = kinds.into_iter().collect();
        assert_eq!(written.iter().collect::<Vec<_>>(), kinds);
        assert_eq!(written.signs().collect::<Vec<_>>(), [1, -1, 1, -1]);
        assert_eq!(
            written.retractions().iter().collect::<Vec<_>>(),
            [false, true, false, true]
        );
        assert_eq!(
            written.slice(1, 2).iter().collect::<Vec<_>>(),
            [UpdateBefore, UpdateAfter]
        );
    }

    #[test]
    fn a_pair_that_is_parted_is_a_delete_and_an_insert() {
        let kinds = RowKinds::from(vec![
            UpdateBefore,
            UpdateAfter,
            Insert,
            UpdateBefore,
            UpdateAfter,
            UpdateAfter,
        ]);
        let parted = kinds.part_pairs(|row| row == 3);
        assert_eq!(
            parted.iter().collect::<Vec<_>>(),
            [UpdateBefore, UpdateAfter, Insert, Delete, Insert, UpdateAfter]
        );
        assert_eq!(kinds.part_pairs(|_| false), kinds);
    }
}
