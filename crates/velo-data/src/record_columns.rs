use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use bytes::Bytes;

use crate::{RecordOrigin, StreamSchema, SystemColumn};

/// Where a batch holds what a row error says of the record that a row was read from.
///
/// A plan that is to write dead letters asks its source for [`RecordColumns::WANTED`]; whatever of it a batch
/// carries is found here, and the rest stays unsaid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordColumns {
    topic: Option<usize>,
    partition: Option<usize>,
    offset: Option<usize>,
    record: Option<usize>,
}

impl RecordColumns {
    /// The metadata columns that tell everything about a row's record.
    pub const WANTED: [SystemColumn; 4] = [
        SystemColumn::Topic,
        SystemColumn::Partition,
        SystemColumn::Offset,
        SystemColumn::Record,
    ];

    /// The columns that batches of this schema have.
    pub fn of(schema: &StreamSchema) -> Self {
        Self {
            topic: schema.system(SystemColumn::Topic),
            partition: schema.system(SystemColumn::Partition),
            offset: schema.system(SystemColumn::Offset),
            record: schema.system(SystemColumn::Record),
        }
    }

    /// Where the record of a row came from; its line is known only while it is decoded.
    pub fn origin(&self, records: &RecordBatch, row: usize) -> RecordOrigin {
        let integer = |index: Option<usize>| {
            let column = records.column(index?).as_primitive_opt::<Int64Type>()?;
            column.is_valid(row).then(|| column.value(row))
        };
        let text = |index: Option<usize>| {
            let column = records.column(index?).as_string_view_opt()?;
            column.is_valid(row).then(|| Arc::from(column.value(row)))
        };
        RecordOrigin {
            topic: text(self.topic),
            partition: integer(self.partition).and_then(|partition| i32::try_from(partition).ok()),
            offset: integer(self.offset),
            line: None,
        }
    }

    /// The bytes of a row's record, copied, so that they do not keep the batch in memory.
    pub fn original(&self, records: &RecordBatch, row: usize) -> Option<Bytes> {
        let column = records.column(self.record?).as_binary_view_opt()?;
        column.is_valid(row).then(|| Bytes::copy_from_slice(column.value(row)))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, BinaryViewArray, Int64Array, StringViewArray};

    use super::*;
    use crate::SqlType;

    fn batch(system: &[(SystemColumn, ArrayRef)]) -> (RecordColumns, RecordBatch) {
        let user = [SqlType::BigInt.field("id", true)];
        let schema = StreamSchema::new(user, system.iter().map(|(column, _)| *column));
        let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let columns = std::iter::once(ids).chain(system.iter().map(|(_, array)| Arc::clone(array)));
        let batch = RecordBatch::try_new(Arc::clone(schema.arrow()), columns.collect()).unwrap();
        (RecordColumns::of(&schema), batch)
    }

    #[test]
    fn a_row_says_where_its_record_was_and_what_it_held() {
        let (columns, batch) = batch(&[
            (SystemColumn::Offset, Arc::new(Int64Array::from(vec![Some(7), None]))),
            (
                SystemColumn::Record,
                Arc::new(BinaryViewArray::from(vec![Some(&b"{\"id\": 1}"[..]), None])),
            ),
            (
                SystemColumn::Topic,
                Arc::new(StringViewArray::from(vec!["orders", "orders"])),
            ),
            (SystemColumn::Partition, Arc::new(Int64Array::from(vec![3, i64::MAX]))),
        ]);
        assert_eq!(columns.origin(&batch, 0).to_string(), "orders[3]@7");
        assert_eq!(columns.original(&batch, 0).as_deref(), Some(&b"{\"id\": 1}"[..]));
        assert_eq!(columns.origin(&batch, 1).to_string(), "orders");
        assert_eq!(columns.original(&batch, 1), None);
    }

    #[test]
    fn what_the_batch_does_not_carry_stays_unsaid() {
        let (columns, batch) = batch(&[]);
        assert_eq!(columns.origin(&batch, 0), RecordOrigin::default());
        assert_eq!(columns.original(&batch, 0), None);
    }
}
