use velo_data::SqlType;
use velo_formats::{CsvOptions, Decoder, read_csv_header};

use crate::support::{array, decimal, decode_all, decode_csv, errors, map, projection, rows};

fn text_fields(count: usize) -> Vec<arrow::datatypes::Field> {
    (0..count)
        .map(|index| SqlType::String.field(&format!("c{index}"), true))
        .collect()
}

#[test]
fn quoting() {
    let cases: &[(&str, &str)] = &[
        ("a,b\n", "{\"c0\":\"a\",\"c1\":\"b\"}\n"),
        ("a,b", "{\"c0\":\"a\",\"c1\":\"b\"}\n"),
        ("a,b\r\n", "{\"c0\":\"a\",\"c1\":\"b\"}\n"),
        ("a,b\r", "{\"c0\":\"a\",\"c1\":\"b\"}\n"),
        ("\"a,1\",\"b\"\"2\"\"\"\n", "{\"c0\":\"a,1\",\"c1\":\"b\\\"2\\\"\"}\n"),
        ("\"a\nb\",\"c\r\nd\"\r\n", "{\"c0\":\"a\\nb\",\"c1\":\"c\\r\\nd\"}\n"),
        (",\"\"\n", "{\"c0\":null,\"c1\":\"\"}\n"),
        ("5\" pipe, x \n", "{\"c0\":\"5\\\" pipe\",\"c1\":\" x \"}\n"),
        ("\n\r\na,b\n\n", "{\"c0\":\"a\",\"c1\":\"b\"}\n"),
        (",\n", "{\"c0\":null,\"c1\":null}\n"),
        ("é,日本\n", "{\"c0\":\"é\",\"c1\":\"日本\"}\n"),
    ];
    for (input, expected) in cases {
        let (records, rejected) = decode_csv(&text_fields(2), CsvOptions::default(), input.as_bytes());
        assert_eq!(errors(&rejected), "", "{input:?}");
        assert_eq!(rows(&records), *expected, "{input:?}");
    }
}

#[test]
fn any_delimiter_and_quote() {
    let options = CsvOptions {
        delimiter: b'|',
        quote: b'\'',
    };
    let (records, _) = decode_csv(&text_fields(2), options, b"'a|b'|it's\n'c''d'|\"\n");
    assert_eq!(
        rows(&records),
        "{\"c0\":\"a|b\",\"c1\":\"it's\"}\n{\"c0\":\"c'd\",\"c1\":\"\\\"\"}\n"
    );
}

#[test]
fn ragged_and_broken_records_cost_themselves_only() {
    let input = b"a,b\n\
        a\n\
        a,b,c\n\
        \"a\"x,b\n\
        \"multi\nline\",b\n\
        a,\xff\n\
        \"open,b\n\
        c,d\n";
    let (records, rejected) = decode_csv(&text_fields(2), CsvOptions::default(), input);
    assert_eq!(
        rows(&records),
        "{\"c0\":\"a\",\"c1\":\"b\"}\n{\"c0\":\"multi\\nline\",\"c1\":\"b\"}\n{\"c0\":\"c\",\"c1\":\"d\"}\n"
    );
    insta::assert_snapshot!(errors(&rejected), @r"
    malformed: input:2: the record has 1 field, not 2
    malformed: input:3: the record has 3 fields, not 2
    malformed: input:4: text goes on behind a closing quote
    malformed: input:7: the record is not UTF-8
    malformed: input:8: a quoted field is never closed
    ");
    assert_eq!(rejected[3].original.as_deref(), Some(&b"a,\xff"[..]));
}

#[test]
fn typed_fields() {
    let cases: &[(SqlType, &str, Result<&str, &str>)] = &[
        (SqlType::BigInt, " 42 ", Ok("42")),
        (SqlType::BigInt, "007", Ok("7")),
        (SqlType::BigInt, "", Ok("null")),
        (SqlType::BigInt, "\"\"", Ok("null")),
        (SqlType::BigInt, "\"12\"", Ok("12")),
        (SqlType::BigInt, "1.5", Err("`1.5` is not a BIGINT: it has a fraction")),
        (SqlType::BigInt, "x", Err("`x` is not a BIGINT")),
        (SqlType::Double, "1e3", Ok("1000.0")),
        (decimal(6, 2), "175.23", Ok("175.23")),
        (SqlType::Boolean, "TRUE", Ok("true")),
        (SqlType::Boolean, "1", Err("`1` is not a BOOLEAN")),
        (SqlType::Date, "2024-02-29", Ok("\"2024-02-29\"")),
        (
            SqlType::Timestamp,
            "2024-01-01 00:00:00",
            Ok("\"2024-01-01T00:00:00Z\""),
        ),
        (SqlType::Timestamp, "1704067200000", Ok("\"2024-01-01T00:00:00Z\"")),
        (SqlType::Bytes, "AAEC", Ok("\"AAEC\"")),
        (array(SqlType::BigInt), "\"[1,2]\"", Ok("[1,2]")),
        (
            map(SqlType::String, SqlType::String),
            "\"{\"\"a\"\":\"\"b\"\"}\"",
            Ok("{\"a\":\"b\"}"),
        ),
        (SqlType::Json, "\"{\"\"a\"\": 1}\"", Ok("{\"a\":1}")),
        (SqlType::Json, "{oops", Err("`{oops` is not JSON")),
    ];
    for (sql_type, field, expected) in cases {
        let fields = [sql_type.field("c", true), SqlType::String.field("rest", true)];
        let (records, rejected) = decode_csv(&fields, CsvOptions::default(), format!("{field},\n").as_bytes());
        let row = rows(&records);
        let value = row
            .strip_prefix("{\"c\":")
            .and_then(|row| row.strip_suffix(",\"rest\":null}\n"));
        let actual = value.ok_or_else(|| rejected[0].message.as_str());
        assert_eq!(actual, *expected, "{field} AS {sql_type}");
    }
}

#[test]
fn only_the_wanted_fields_are_decoded() {
    let fields = [SqlType::BigInt.field("b", true), SqlType::BigInt.field("a", true)];
    let places = [Some(1), None, Some(0)];
    let decoder = Decoder::csv(projection(&fields, &[]), CsvOptions::default(), &places).unwrap();
    let (records, rejected) = decode_all(decoder, b"1,not a number,2\n3,,4\n");
    assert_eq!(rows(&records), "{\"b\":2,\"a\":1}\n{\"b\":4,\"a\":3}\n");
    assert_eq!(rejected.len(), 0);
}

#[test]
fn an_empty_line_of_one_column_is_a_null() {
    let (records, _) = decode_csv(&text_fields(1), CsvOptions::default(), b"a\n\nb\n");
    assert_eq!(rows(&records), "{\"c0\":\"a\"}\n{\"c0\":null}\n{\"c0\":\"b\"}\n");
}

#[test]
fn headers() {
    let header = |input: &[u8], is_end| read_csv_header(input, is_end, CsvOptions::default());
    let found = header(b"id,\"two\nlines\",,x\r\nrest", false).unwrap().unwrap();
    assert_eq!(found.names, ["id", "two\nlines", "column3", "x"]);
    assert_eq!((found.bytes, found.lines), (19, 2));
    assert_eq!(header(b"id,na", false), Ok(None));
    assert_eq!(header(b"", true), Ok(None));
    assert_eq!(header(b"id,na", true).unwrap().unwrap().names, ["id", "na"]);
    assert_eq!(
        header(b"\"id\"x\n", true),
        Err("the header is malformed: text goes on behind a closing quote".to_owned())
    );
    assert_eq!(header(b"\xff\n", true), Err("the header is not UTF-8".to_owned()));
}
