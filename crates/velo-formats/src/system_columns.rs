use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringViewArray, UInt32Array, new_null_array};
use arrow::compute::take;
use arrow::datatypes::Int64Type;
use arrow::error::ArrowError;
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
    /// Partition of records that do not say theirs.
    pub(crate) partition: i32,
    /// When they were read, in milliseconds.
    pub(crate) read_at_ms: i64,
}

impl Defaults<'_> {
    /// A metadata column: what the records say, else what follows from where they were.
    pub(crate) fn complete(&self, column: SystemColumn, said: Option<&ArrayRef>) -> Result<ArrayRef, ArrowError> {
        Ok(match (column, said) {
            (SystemColumn::Timestamp, said) => self.numbers(said, Numbers::Constant(self.read_at_ms)),
            (SystemColumn::Offset, said) => self.numbers(said, Numbers::From(self.first_record as i64)),
            (SystemColumn::Partition, said) => self.numbers(said, Numbers::Constant(i64::from(self.partition))),
            (SystemColumn::Topic, _) => return self.topics(),
            (_, Some(said)) => Arc::clone(said),
            (_, None) => new_null_array(&column.sql_type().arrow(), self.rows),
        })
    }

    fn numbers(&self, said: Option<&ArrayRef>, default: Numbers) -> ArrayRef {
        match said.and_then(|said| said.as_primitive_opt::<Int64Type>()) {
            Some(said) if said.null_count() == 0 => Arc::new(said.clone()),
            Some(said) => {
                let rows = said.iter().enumerate();
                let numbers = rows.map(|(row, said)| said.unwrap_or(default.at(row)));
                Arc::new(Int64Array::from_iter_values(numbers))
            }
            None => Arc::new(default.array(self.rows)),
        }
    }

    /// The topic in every row, all of them views of one text.
    fn topics(&self) -> Result<ArrayRef, ArrowError> {
        let topic = StringViewArray::from_iter_values([self.topic]);
        take(&topic, &UInt32Array::from_value(0, self.rows), None)
    }
}

/// Numbers that follow from the place of their row.
#[derive(Debug, Clone, Copy)]
enum Numbers {
    /// The same in every row.
    Constant(i64),
    /// One more in each row, from this one on.
    From(i64),
}

impl Numbers {
    fn at(self, row: usize) -> i64 {
        match self {
            Self::Constant(number) => number,
            Self::From(first) => first + row as i64,
        }
    }

    fn array(self, rows: usize) -> Int64Array {
        match self {
            Self::Constant(number) => Int64Array::from_value(number, rows),
            Self::From(first) => Int64Array::from_iter_values(first..first + rows as i64),
        }
    }
}
