use arrow::datatypes::Field;
use velo_data::{SqlType, unreadable_reason};
use velo_formats::ParquetFile;

use super::{everything, fixture, read, read_range};
use crate::support::{array, decimal, errors, map, rows, structure};

/// What a column of `types.parquet` becomes under a declared type.
fn declare(name: &str, sql_type: &SqlType) -> Result<String, String> {
    let fields: [Field; 1] = [sql_type.field(name, true)];
    let records = read(&fixture("types.parquet"), &fields).map_err(|error| error.to_string())?;
    let values: Vec<String> = rows(&records)
        .lines()
        .map(|line| line[name.len() + 4..line.len() - 1].to_owned())
        .collect();
    Ok(values.join(" "))
}

#[test]
fn declared_types_that_lose_nothing() {
    let cases = [
        ("I8", SqlType::SmallInt, "1 -128 null"),
        ("i32", SqlType::BigInt, "1 -2147483648 null"),
        ("i32", SqlType::Double, "1.0 -2147483648.0 null"),
        ("u8", SqlType::SmallInt, "1 255 null"),
        ("u32", SqlType::BigInt, "1 4294967295 null"),
        ("u64", decimal(24, 2), "1.00 18446744073709551615.00 null"),
        ("i64", decimal(19, 0), "1 -9223372036854775808 null"),
        ("d9", decimal(20, 5), "1.25000 -9999999.99000 null"),
        (
            "d38",
            decimal(60, 10),
            "1.2500000000 -1234567890123456789012345678.0123456789 null",
        ),
        (
            "date",
            SqlType::Timestamp,
            "\"2024-02-29T00:00:00Z\" \"0001-01-01T00:00:00Z\" null",
        ),
        ("text", SqlType::Json, "\"a\" \"äöü€😀 longer than twelve bytes\" null"),
        ("list", array(decimal(10, 0)), "[1,null,3] [] null"),
        (
            "map",
            map(SqlType::String, SqlType::Double),
            "{\"a\":1.5,\"b\":null} {} null",
        ),
        // Only the wanted leaves of a struct are read, by their names in any case.
        (
            "struct",
            structure(&[("INNER", structure(&[("name", SqlType::String)]))]),
            "{\"INNER\":{\"name\":\"n\"}} {\"INNER\":null} null",
        ),
        ("nothing", SqlType::BigInt, "null null null"),
    ];
    for (name, sql_type, expected) in cases {
        assert_eq!(declare(name, &sql_type).as_deref(), Ok(expected), "{name} {sql_type}");
    }
}

#[test]
fn declared_types_that_do_not_fit() {
    let cases = [
        ("missing", SqlType::BigInt),
        ("i16", SqlType::TinyInt),
        ("i64", SqlType::Double),
        ("u64", SqlType::BigInt),
        ("f64", decimal(10, 2)),
        ("d9", decimal(8, 2)),
        ("d9", decimal(9, 1)),
        ("text", SqlType::BigInt),
        ("text", SqlType::Bytes),
        ("bytes", SqlType::String),
        ("ts_ms", SqlType::Date),
        ("flag", SqlType::BigInt),
        ("struct", structure(&[("y", SqlType::BigInt)])),
        ("list", map(SqlType::String, SqlType::BigInt)),
    ];
    let found: Vec<String> = cases
        .iter()
        .map(|(name, sql_type)| declare(name, sql_type).unwrap_err())
        .collect();
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn a_type_that_sql_has_not_stands_in_the_way_only_where_it_is_read() {
    let input = fixture("duration.parquet");
    let file = ParquetFile::open(&input).unwrap();
    let schema = file.natural_schema();
    let took = &schema.user_fields()[1];
    insta::assert_snapshot!(unreadable_reason(took).unwrap(), @"column `took` has the type Duration(ms), which no SQL type holds");
    file.check(schema.user_fields()).unwrap();
    insta::assert_snapshot!(read(&input, &[took.as_ref().clone()]).unwrap_err(), @"column `took` has the type Duration(ms), which no SQL type holds");
    let records = read(&input, &[SqlType::BigInt.field("id", true)]).unwrap();
    assert_eq!(rows(&records), "{\"id\":1}\n");
}

#[test]
fn a_null_that_may_not_be_is_a_row_error() {
    let fields = [SqlType::TinyInt.field("i8", false), SqlType::BigInt.field("i64", false)];
    let (batches, rejected, _) = read_range(&fixture("types.parquet"), &fields, &[], &[], everything(10)).unwrap();
    assert_eq!(
        rows(&batches[0]),
        "{\"i8\":1,\"i64\":1}\n{\"i8\":-128,\"i64\":-9223372036854775808}\n"
    );
    assert_eq!(
        errors(&rejected),
        "missing_value: input[0]@2: column `i8`: the value is missing or NULL, which the column does not allow\n"
    );
}
