use arrow::datatypes::Field;
use velo_data::{SqlType, SystemColumn};

use super::{everything, fixture, natural_fields, read, read_range};
use crate::support::rows;

/// Types that columns get, and their values, as `generate.py` wrote them: one usual, one extreme, NULL.
#[test]
fn every_type_of_another_writer() {
    let input = fixture("types.parquet");
    let fields = natural_fields(&input);
    let records = read(&input, &fields).unwrap();
    let found = fields.iter().enumerate().map(|(index, field)| {
        let values = rows(&records.project(&[index]).unwrap()).replace('\n', " ");
        format!("{}: {values}", SqlType::of_field(field).unwrap())
    });
    insta::assert_snapshot!(found.collect::<Vec<_>>().join("\n"));
}

#[test]
fn years_of_int96_do_not_wrap() {
    let input = fixture("int96.parquet");
    let records = read(&input, &natural_fields(&input)).unwrap();
    // DuckDB 2.0 reads the same; pyarrow's nanoseconds would wrap.
    insta::assert_snapshot!(rows(&records), @r#"
    {"at":"2024-01-02T03:04:05.678Z"}
    {"at":"0001-01-01T00:00:00Z"}
    {"at":"9999-12-31T23:59:59.999Z"}
    {"at":null}
    "#);
}

#[test]
fn every_codec() {
    for codec in ["snappy", "gzip", "zstd", "lz4", "brotli"] {
        let input = fixture(&format!("{codec}.parquet"));
        let records = read(&input, &natural_fields(&input)).unwrap();
        let ids: Vec<String> = (0..100).map(|id| format!("{{\"id\":{id}}}\n")).collect();
        assert_eq!(rows(&records), ids.concat(), "{codec}");
    }
}

#[test]
fn files_without_rows_have_columns() {
    let input = fixture("no_rows.parquet");
    let fields = natural_fields(&input);
    let expected = [SqlType::BigInt.field("id", true), SqlType::String.field("name", true)];
    assert_eq!(fields, expected);
    assert_eq!(read(&input, &fields).unwrap().num_rows(), 0);
}

#[test]
fn records_keep_their_numbers_across_row_groups() {
    let input = fixture("groups.parquet");
    let fields: Vec<Field> = vec![SqlType::String.field("name", true)];
    let range = velo_formats::ReadRange {
        records: 3..9,
        batch_rows_max: 2,
    };
    let system = [SystemColumn::Offset, SystemColumn::Partition, SystemColumn::Timestamp];
    let (batches, _, _) = read_range(&input, &fields, &system, &[], range).unwrap();
    let found: Vec<String> = batches.iter().map(rows).collect();
    insta::assert_snapshot!(found.join("--\n"), @r#"
    {"name":"n3","_offset":3,"_partition":0,"_timestamp":1700000000000}
    --
    {"name":"n4","_offset":4,"_partition":0,"_timestamp":1700000000000}
    {"name":"n5","_offset":5,"_partition":0,"_timestamp":1700000000000}
    --
    {"name":"n6","_offset":6,"_partition":0,"_timestamp":1700000000000}
    {"name":"n7","_offset":7,"_partition":0,"_timestamp":1700000000000}
    --
    {"name":"n8","_offset":8,"_partition":0,"_timestamp":1700000000000}
    "#);
}

#[test]
fn rows_are_counted_without_columns() {
    let (batches, _, _) = read_range(&fixture("groups.parquet"), &[], &[], &[], everything(3)).unwrap();
    let counts: Vec<usize> = batches.iter().map(arrow::array::RecordBatch::num_rows).collect();
    assert_eq!(counts, [3, 1, 3, 1, 2]);
}
