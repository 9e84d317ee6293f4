//! A checksum of a table's rows.

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, SortField};

use super::Table;
use crate::keys::{KeyEncoder, combine, hash_bytes};

/// Rows that are hashed at a time.
const BATCH_ROWS: usize = 64 << 10;

impl Table {
    /// A checksum of its rows in their order, which does not depend on the pieces that they stand in. `None` when a column
    /// has a type whose values cannot be compared.
    pub fn checksum(&self) -> Option<u64> {
        let fields = self.schema.arrow().fields();
        let hashers: Vec<ColumnHasher> = fields
            .iter()
            .map(|field| ColumnHasher::new(field.data_type()))
            .collect::<Option<_>>()?;
        let mut checksum = combine(0, self.num_rows() as u64);
        for batch in self.batches(BATCH_ROWS) {
            let mut of_rows = vec![0; batch.num_rows()];
            for (hasher, column) in hashers.iter().zip(batch.columns()) {
                for (of_row, hash) in of_rows.iter_mut().zip(hasher.hashes(column)?) {
                    *of_row = combine(*of_row, hash);
                }
            }
            checksum = of_rows.into_iter().fold(checksum, combine);
        }
        Some(checksum)
    }
}

/// Hashes the values of one column.
enum ColumnHasher {
    /// Numbers and texts, as keys are hashed.
    Key(KeyEncoder),
    /// Anything else, by its bytes in the row format.
    Rows(RowConverter),
}

impl ColumnHasher {
    fn new(data_type: &DataType) -> Option<Self> {
        match KeyEncoder::new(std::slice::from_ref(data_type)).ok()? {
            // Keys take values for the same that are equal, such as 0.0 and -0.0: rows are other rows all the same.
            KeyEncoder::Rows(_) => {
                let converter = RowConverter::new(vec![SortField::new(data_type.clone())]);
                converter.ok().map(Self::Rows)
            }
            encoder => Some(Self::Key(encoder)),
        }
    }

    fn hashes(&self, column: &ArrayRef) -> Option<Vec<u64>> {
        match self {
            Self::Key(encoder) => {
                let encoded = encoder.encode(std::slice::from_ref(column), column.len());
                encoded.ok().map(|encoded| encoded.hashes)
            }
            Self::Rows(converter) => {
                let rows = converter.convert_columns(std::slice::from_ref(column)).ok()?;
                Some(rows.iter().map(|row| hash_bytes(row.data())).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float64Array, Int64Array, ListArray, RecordBatch, StringViewArray};
    use arrow::datatypes::{Field, Int64Type};
    use velo_data::{StreamBatch, StreamSchema};

    use super::super::TableBuilder;
    use super::*;

    type Row = (Option<i64>, Option<&'static str>, f64, Option<i64>);

    /// The checksum of a table that is made of these rows, so many at a time.
    fn checksum(rows: &[Row], batch_rows: usize) -> u64 {
        let list = DataType::List(Arc::new(Field::new_list_field(DataType::Int64, true)));
        let schema = StreamSchema::of_user_columns([
            Field::new("id", DataType::Int64, true),
            Field::new("name", DataType::Utf8View, true),
            Field::new("price", DataType::Float64, true),
            Field::new("numbers", list, true),
        ]);
        let mut builder = TableBuilder::new(&schema).unwrap().with_chunk_rows(3);
        for rows in rows.chunks(batch_rows) {
            let numbers = rows.iter().map(|row| row.3.map(|number| vec![Some(number), None]));
            let columns: Vec<ArrayRef> = vec![
                Arc::new(rows.iter().map(|row| row.0).collect::<Int64Array>()),
                Arc::new(rows.iter().map(|row| row.1).collect::<StringViewArray>()),
                Arc::new(rows.iter().map(|row| Some(row.2)).collect::<Float64Array>()),
                Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(numbers)),
            ];
            let batch = RecordBatch::try_new(Arc::clone(schema.arrow()), columns).unwrap();
            builder.add(&StreamBatch::inserts(batch)).unwrap();
        }
        builder.finish().unwrap().checksum().unwrap()
    }

    #[test]
    fn the_checksum_is_of_rows_and_not_of_batches() {
        /// What is changed, and how.
        type Change = (&'static str, fn(&mut Vec<Row>));
        let rows: Vec<Row> = vec![
            (Some(1), Some("one"), 1.5, Some(1)),
            (Some(2), None, 0.0, None),
            (None, Some("a text that is longer than twelve bytes"), f64::NAN, Some(3)),
            (Some(4), Some(""), -1.0, Some(4)),
            (Some(5), Some("five"), 5.0, Some(5)),
        ];
        let whole = checksum(&rows, 5);
        for batch_rows in 1..5 {
            assert_eq!(checksum(&rows, batch_rows), whole, "{batch_rows}");
        }
        let changes: [Change; 8] = [
            ("a number", |rows| rows[0].0 = Some(7)),
            ("a number that is gone", |rows| rows[0].0 = None),
            ("a text that was NULL", |rows| rows[1].1 = Some("")),
            ("the sign of a zero", |rows| rows[1].2 = -0.0),
            ("a list", |rows| rows[4].3 = Some(6)),
            ("a row that is gone", |rows| rows.truncate(4)),
            ("a row twice", |rows| rows.push(rows[4])),
            ("the order", |rows| rows.swap(0, 1)),
        ];
        for (what, change) in changes {
            let mut changed = rows.clone();
            change(&mut changed);
            assert_ne!(checksum(&changed, 2), whole, "{what}");
        }
    }
}
