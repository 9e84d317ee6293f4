use arrow::array::{Array, StringViewArray};
use arrow::buffer::NullBuffer;
use arrow::row::{OwnedRow, Rows};

use super::encoder::{EncodedKeys, Keys};

/// Watches whether each key is greater than the one before it: then no two are equal, and no table of keys is needed.
///
/// That is how rows come out of a database by their primary key, or out of a file that is written as things happen.
#[derive(Debug, Default)]
pub(crate) struct Ascent {
    last: Option<LastKey>,
}

#[derive(Debug)]
enum LastKey {
    Integer(i64),
    Text(String),
    Row(OwnedRow),
}

impl Ascent {
    /// Whether the ascent goes on with these keys. NULL ends it, except in the row format, where it is the greatest value.
    pub(crate) fn goes_on(&mut self, encoded: &EncodedKeys) -> bool {
        let has_nulls = |nulls: Option<&NullBuffer>| nulls.is_some_and(|nulls| nulls.null_count() > 0);
        match &encoded.keys {
            Keys::Unit => false,
            Keys::Integer(values, nulls) => !has_nulls(nulls.as_ref()) && self.integers(values),
            Keys::Text(texts) => !has_nulls(texts.nulls()) && self.texts(texts),
            Keys::Rows(rows) => self.rows(rows),
        }
    }

    fn integers(&mut self, values: &[i64]) -> bool {
        let (Some(first), Some(last)) = (values.first(), values.last()) else {
            return true;
        };
        let is_above = !matches!(&self.last, Some(LastKey::Integer(before)) if before >= first);
        self.last = Some(LastKey::Integer(*last));
        is_above && values.is_sorted_by(|a, b| a < b)
    }

    fn texts(&mut self, texts: &StringViewArray) -> bool {
        if texts.is_empty() {
            return true;
        }
        let is_above = !matches!(&self.last, Some(LastKey::Text(before)) if before.as_str() >= texts.value(0));
        self.last = Some(LastKey::Text(texts.value(texts.len() - 1).to_owned()));
        is_above && texts.iter().is_sorted_by(|a, b| a < b)
    }

    fn rows(&mut self, rows: &Rows) -> bool {
        if rows.num_rows() == 0 {
            return true;
        }
        let is_above = !matches!(&self.last, Some(LastKey::Row(before)) if before.row() >= rows.row(0));
        self.last = Some(LastKey::Row(rows.row(rows.num_rows() - 1).owned()));
        is_above && rows.iter().is_sorted_by(|a, b| a < b)
    }
}
