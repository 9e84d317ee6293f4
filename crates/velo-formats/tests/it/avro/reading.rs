use arrow::array::RecordBatch;
use velo_data::{SqlType, SystemColumn, unreadable_reason};
use velo_formats::{AvroFile, ReadRange};

use super::{fixture, natural_fields, read, read_range};
use crate::support::{decimal, rows, structure};

/// Types that columns get, and their values, as `generate.py` wrote them: NULL, one usual, one extreme.
#[test]
fn every_type_of_another_writer() {
    for name in ["types.avro", "nullable.avro"] {
        let input = fixture(name);
        let fields = natural_fields(&input);
        let records = read(&input, &fields).unwrap();
        let found = fields.iter().enumerate().map(|(index, field)| {
            let values = rows(&records.project(&[index]).unwrap()).replace('\n', " ");
            format!("{}: {values}", SqlType::of_field(field).unwrap())
        });
        insta::assert_snapshot!(name, found.collect::<Vec<_>>().join("\n"));
    }
}

#[test]
fn every_codec() {
    let ids: Vec<String> = (0..100)
        .map(|id| format!("{{\"id\":{id},\"name\":\"n{id}\"}}\n"))
        .collect();
    for codec in ["null", "deflate", "snappy", "zstandard"] {
        let input = fixture(&format!("{codec}.avro"));
        let records = read(&input, &natural_fields(&input)).unwrap();
        assert_eq!(rows(&records), ids.concat(), "{codec}");
    }
}

#[test]
fn files_without_rows_have_columns() {
    let input = fixture("no_rows.avro");
    assert_eq!(natural_fields(&input), [SqlType::BigInt.field("id", true)]);
    assert_eq!(read(&input, &natural_fields(&input)).unwrap().num_rows(), 0);
}

/// Batches do not depend on blocks, and records keep their numbers.
#[test]
fn a_range_of_records() {
    let system = [SystemColumn::Offset];
    for codec in ["null", "deflate"] {
        let range = ReadRange {
            records: 37..92,
            batch_rows_max: 10,
        };
        let input = fixture(&format!("{codec}.avro"));
        let (batches, _) = read_range(&input, &[SqlType::String.field("NAME", true)], &system, range).unwrap();
        let counts: Vec<usize> = batches.iter().map(RecordBatch::num_rows).collect();
        assert_eq!(counts, [10, 10, 10, 10, 10, 5]);
        let found: String = batches.iter().map(rows).collect();
        let expected = (37..92).map(|id| format!("{{\"NAME\":\"n{id}\",\"_offset\":{id}}}\n"));
        assert_eq!(found, expected.collect::<String>());
    }
}

#[test]
fn rows_are_counted_without_columns() {
    let range = ReadRange {
        records: 0..u64::MAX,
        batch_rows_max: 1000,
    };
    let (batches, _) = read_range(&fixture("snappy.avro"), &[], &[], range).unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 100);
}

#[test]
fn declared_types() {
    let fits = [
        ("int", SqlType::Double, "1.0 -2147483648.0 "),
        ("long", decimal(19, 0), "1 -9223372036854775808 "),
        ("d9", decimal(20, 3), "1.250 -9999999.990 "),
        (
            "date",
            SqlType::Timestamp,
            "\"2024-02-29T00:00:00Z\" \"0001-01-01T00:00:00Z\" ",
        ),
        (
            "record",
            structure(&[("x", SqlType::BigInt)]),
            "{\"x\":1} {\"x\":null} ",
        ),
        ("nothing", SqlType::Date, "null null "),
    ];
    let input = fixture("types.avro");
    for (name, sql_type, expected) in fits {
        let records = read(&input, &[sql_type.field(name, true)]).unwrap();
        let found: String = rows(&records)
            .lines()
            .map(|line| line[name.len() + 4..line.len() - 1].to_owned() + " ")
            .collect();
        assert_eq!(found, expected, "{name} {sql_type}");
    }
    let refused = [
        ("missing", SqlType::BigInt),
        ("long", SqlType::SmallInt),
        ("long", SqlType::Double),
        ("d50", decimal(49, 3)),
        ("colour", SqlType::Bytes),
        ("record", structure(&[("y", SqlType::BigInt)])),
    ];
    let refused = refused.map(|(name, sql_type)| read(&input, &[sql_type.field(name, true)]).unwrap_err().to_string());
    insta::assert_snapshot!(refused.join("\n"));
}

#[test]
fn a_union_of_several_types_stands_in_the_way_only_where_it_is_read() {
    let input = fixture("union.avro");
    let file = AvroFile::open(std::io::Cursor::new(&input)).unwrap();
    let schema = file.natural_schema();
    let v = &schema.user_fields()[1];
    let reason = unreadable_reason(v).unwrap();
    insta::assert_snapshot!(reason);
    file.check(schema.user_fields()).unwrap();
    assert_eq!(read(&input, &[v.as_ref().clone()]).unwrap_err().to_string(), reason);
    let records = read(&input, &[SqlType::BigInt.field("id", true)]).unwrap();
    assert_eq!(rows(&records), "{\"id\":1}\n{\"id\":2}\n");
}
