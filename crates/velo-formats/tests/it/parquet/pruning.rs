use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use proptest::prelude::*;
use velo_data::{BoundValue, ColumnBounds, SqlType};

use super::{everything, fixture, read_range};
use crate::support::{decimal, decode_json, rows};

fn integer(column: usize, lower: Option<i64>, upper: Option<i64>) -> ColumnBounds {
    ColumnBounds {
        column,
        lower: lower.map(BoundValue::Integer),
        upper: upper.map(BoundValue::Integer),
    }
}

/// Row groups of `groups.parquet`, with ids 0–3, 4–7 and 8–9, that are left out.
#[test]
fn row_groups_outside_of_bounds_are_left_out() {
    let text = |lower: &str, upper: &str| ColumnBounds {
        column: 1,
        lower: Some(BoundValue::Text(lower.to_owned())),
        upper: Some(BoundValue::Text(upper.to_owned())),
    };
    let cases: [(Vec<ColumnBounds>, usize); 7] = [
        (vec![], 0),
        (vec![integer(0, Some(4), None)], 1),
        (vec![integer(0, None, Some(3))], 2),
        (vec![integer(0, Some(5), Some(5))], 2),
        (vec![integer(0, Some(100), None)], 3),
        (vec![text("n5", "n6")], 2),
        (vec![integer(0, Some(2), None), text("n0", "n4")], 1),
    ];
    let fields = [SqlType::BigInt.field("id", true), SqlType::String.field("name", true)];
    for (bounds, expected) in cases {
        let input = fixture("groups.parquet");
        let (_, _, pruned) = read_range(&input, &fields, &[], &bounds, everything(100)).unwrap();
        assert_eq!(pruned, expected, "{bounds:?}");
    }
}

/// Statistics whose order nobody knows, or that contradict themselves, leave nothing out.
#[test]
fn statistics_that_cannot_be_right_are_not_trusted() {
    let word = |lower: &str, upper: &str| ColumnBounds {
        column: 1,
        lower: Some(BoundValue::Text(lower.to_owned())),
        upper: Some(BoundValue::Text(upper.to_owned())),
    };
    let cases = [
        ("deprecated", word("a", "b")),
        ("without_order", word("a", "b")),
        ("swapped", word("a", "b")),
        ("swapped", integer(0, Some(0), Some(9))),
        ("swapped", integer(0, Some(0), None)),
        ("null_counts", integer(0, Some(0), Some(9))),
        ("null_counts", word("a", "c")),
    ];
    let fields = [SqlType::BigInt.field("id", true), SqlType::String.field("word", true)];
    for (name, bounds) in cases {
        let input = fixture(&format!("odd/untrusted_{name}.parquet"));
        let (batches, _, pruned) =
            read_range(&input, &fields, &[], std::slice::from_ref(&bounds), everything(100)).unwrap();
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        assert_eq!((pruned, rows), (0, 6), "{name} {bounds:?}");
    }
}

/// A file with two rows a group, written by the library alone.
fn file(records: &RecordBatch, properties: parquet::file::properties::WriterPropertiesBuilder) -> Bytes {
    let properties = properties.set_max_row_group_row_count(Some(2)).build();
    let mut output = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut output, records.schema(), Some(properties)).unwrap();
    writer.write(records).unwrap();
    writer.close().unwrap();
    output.into()
}

/// NaN is in no statistics, and greater than everything: a range with one end may hold it.
#[test]
fn nan_is_never_left_out() {
    let values: ArrayRef = Arc::new(Float64Array::from(vec![1.0, f64::NAN, 1.0, 2.0]));
    let records = RecordBatch::try_from_iter([("x", values)]).unwrap();
    let input = file(&records, WriterProperties::builder());
    let fields = [SqlType::Double.field("x", true)];
    let double = |lower: Option<f64>, upper: Option<f64>| ColumnBounds {
        column: 0,
        lower: lower.map(BoundValue::Double),
        upper: upper.map(BoundValue::Double),
    };
    for (bounds, expected) in [
        (double(Some(5.0), None), 0),
        (double(None, Some(0.0)), 0),
        (double(Some(5.0), Some(6.0)), 2),
    ] {
        let (_, _, pruned) = read_range(&input, &fields, &[], std::slice::from_ref(&bounds), everything(100)).unwrap();
        assert_eq!(pruned, expected, "{bounds:?}");
    }
}

/// Rows that are to be rejected are not left out with their row group.
#[test]
fn rejected_rows_are_never_left_out() {
    let fields = [SqlType::BigInt.field("id", true), SqlType::BigInt.field("v", true)];
    let (records, _) = decode_json(
        &fields,
        b"{\"id\":1,\"v\":1}\n{\"id\":2}\n{\"id\":3,\"v\":1}\n{\"id\":4,\"v\":1}\n",
    );
    let input = file(&records, WriterProperties::builder());
    let required = [SqlType::BigInt.field("id", true), SqlType::BigInt.field("v", false)];
    let bounds = [integer(0, Some(100), None)];
    let (_, rejected, pruned) = read_range(&input, &required, &[], &bounds, everything(100)).unwrap();
    assert_eq!((rejected.len(), pruned), (1, 1));
}

/// A column, as the file stores it and as it is declared.
#[derive(Debug, Clone)]
struct Stored {
    data_type: DataType,
    declared: SqlType,
}

fn stored() -> impl Strategy<Value = Stored> {
    let types = [
        (DataType::Int8, SqlType::TinyInt),
        (DataType::Int32, SqlType::BigInt),
        (DataType::UInt32, SqlType::BigInt),
        (DataType::Int32, SqlType::Double),
        (DataType::Int64, decimal(20, 0)),
        (DataType::Decimal128(9, 2), decimal(12, 3)),
        (DataType::Decimal128(30, 2), decimal(30, 2)),
        (DataType::Decimal256(50, 2), decimal(50, 2)),
        (DataType::Float32, SqlType::Double),
        (DataType::Float64, SqlType::Double),
        (DataType::Date32, SqlType::Date),
        (
            DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, None),
            SqlType::Timestamp,
        ),
        (
            DataType::Timestamp(arrow::datatypes::TimeUnit::Nanosecond, None),
            SqlType::Timestamp,
        ),
        (DataType::Utf8, SqlType::String),
    ];
    prop::sample::select(types.to_vec()).prop_map(|(data_type, declared)| Stored { data_type, declared })
}

/// A bound in the units of a column.
fn bound(declared: &SqlType, value: i64) -> BoundValue {
    match declared {
        SqlType::Double => BoundValue::Double(value as f64),
        SqlType::Decimal { .. } => BoundValue::Decimal {
            unscaled: i128::from(value) * 10,
            scale: 1,
        },
        SqlType::String => BoundValue::Text(value.to_string()),
        _ => BoundValue::Integer(value),
    }
}

/// Whether a value is within bounds, by another way than statistics take.
fn is_within(column: &ArrayRef, row: usize, lower: Option<i64>, upper: Option<i64>, declared: &SqlType) -> bool {
    if column.is_null(row) {
        return false;
    }
    if *declared == SqlType::String {
        let value = column.as_string_view().value(row);
        return lower.is_none_or(|lower| *value >= *lower.to_string())
            && upper.is_none_or(|upper| *value <= *upper.to_string());
    }
    let value = match declared {
        SqlType::Double | SqlType::Decimal { .. } => cast(column, &DataType::Float64)
            .unwrap()
            .as_primitive::<Float64Type>()
            .value(row),
        _ => {
            let narrow = match declared {
                SqlType::Date => cast(column, &DataType::Int32).unwrap(),
                _ => Arc::clone(column),
            };
            cast(&narrow, &DataType::Int64)
                .unwrap()
                .as_primitive::<Int64Type>()
                .value(row) as f64
        }
    };
    lower.is_none_or(|lower| value >= lower as f64) && upper.is_none_or(|upper| value <= upper as f64)
}

proptest! {
    /// Leaving out row groups never loses a row within the bounds, whatever the types and the statistics.
    #[test]
    fn bounds_change_no_result(
        stored in stored(),
        values in prop::collection::vec(prop::option::weighted(0.8, -100_i64..100), 1..20),
        lower in prop::option::of(-120_i64..120),
        upper in prop::option::of(-120_i64..120),
        statistics in prop::sample::select(vec![EnabledStatistics::None, EnabledStatistics::Chunk, EnabledStatistics::Page]),
        truncated in prop::option::of(1_usize..3),
    ) {
        let values: ArrayRef = Arc::new(arrow::array::Int64Array::from(values));
        let values = if matches!(stored.data_type, DataType::Date32) { cast(&values, &DataType::Int32).unwrap() } else { values };
        let column = cast(&values, &stored.data_type).unwrap();
        let field = Field::new("c", stored.data_type.clone(), true);
        let schema = Arc::new(arrow::datatypes::Schema::new(vec![field]));
        let records = RecordBatch::try_new(schema, vec![column]).unwrap();
        let properties = WriterProperties::builder()
            .set_statistics_enabled(statistics)
            .set_statistics_truncate_length(truncated);
        let input = file(&records, properties);
        let fields = [stored.declared.field("c", true)];
        let bounds = [ColumnBounds {
            column: 0,
            lower: lower.map(|lower| bound(&stored.declared, lower)),
            upper: upper.map(|upper| bound(&stored.declared, upper)),
        }];
        let wanted = |bounds: &[ColumnBounds]| -> Vec<String> {
            let (batches, _, _) = read_range(&input, &fields, &[velo_data::SystemColumn::Offset], bounds, everything(3)).unwrap();
            let within = |batch: &RecordBatch| -> Vec<String> {
                let kept = (0..batch.num_rows())
                    .filter(|row| is_within(batch.column(0), *row, lower, upper, &stored.declared));
                kept.map(|row| rows(&batch.slice(row, 1))).collect()
            };
            batches.iter().flat_map(within).collect()
        };
        let unbounded = lower.is_none() && upper.is_none();
        prop_assert!(unbounded || wanted(&bounds) == wanted(&[]));
    }
}
