use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, StringViewBuilder, new_null_array};
use velo_data::SystemColumn;

/// What metadata is where the records do not say it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Defaults<'a> {
    /// Number of the batch's first record.
    pub(crate) first_record: u64,
    /// Records of the batch.
    pub(crate) rows: usize,
    /// Topic or path of all records.
    pub(crate) topic: &'a str,
    /// When they were read, in milliseconds.
    pub(crate) read_at_ms: i64,
}

impl Defaults<'_> {
    /// A metadata column: what the records say, else what follows from where they were.
    pub(crate) fn complete(&self, column: SystemColumn, said: Option<&ArrayRef>) -> ArrayRef {
        match (column, said) {
            (SystemColumn::Timestamp, _) => self.numbers(said, |_| self.read_at_ms),
            (SystemColumn::Offset, _) => self.numbers(said, |row| (self.first_record + row as u64) as i64),
            (SystemColumn::Partition, _) => self.numbers(said, |_| 0),
            (SystemColumn::Topic, _) => self.topics(),
            (_, Some(said)) => Arc::clone(said),
            (_, None) => new_null_array(&column.sql_type().arrow(), self.rows),
        }
    }

    fn numbers(&self, said: Option<&ArrayRef>, default: impl Fn(usize) -> i64) -> ArrayRef {
        let said = said.and_then(|said| said.as_any().downcast_ref::<Int64Array>());
        let number = |row: usize| match said {
            Some(said) if said.is_valid(row) => said.value(row),
            _ => default(row),
        };
        Arc::new(Int64Array::from_iter_values((0..self.rows).map(number)))
    }

    fn topics(&self) -> ArrayRef {
        let mut topics = StringViewBuilder::with_capacity(self.rows).with_deduplicate_strings();
        (0..self.rows).for_each(|_| topics.append_value(self.topic));
        Arc::new(topics.finish())
    }
}
