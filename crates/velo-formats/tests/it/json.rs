use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use velo_data::SqlType;
use velo_formats::{Decoder, RecordPosition};

use crate::support::{READ_AT_MS, array, decimal, decode_json, errors, map, projection, rows, structure};

/// The value of column `c` in `{"c": text}`, as JSON, or what is wrong with it.
fn value(sql_type: &SqlType, text: &str) -> Result<String, String> {
    let (records, rejected) = decode_json(&[sql_type.field("c", true)], format!("{{\"c\": {text}}}").as_bytes());
    match rejected.as_slice() {
        [] => {
            let row = rows(&records);
            Ok(row
                .trim_end()
                .strip_prefix("{\"c\":")
                .unwrap()
                .strip_suffix('}')
                .unwrap()
                .to_owned())
        }
        [error] => {
            assert_eq!(records.num_rows(), 0);
            assert_eq!(
                (error.cause.as_str(), error.column.as_deref()),
                ("invalid_value", Some("c"))
            );
            Err(error.message.clone())
        }
        _ => panic!("one record cannot have several errors"),
    }
}

fn check(sql_type: &SqlType, cases: &[(&str, Result<&str, &str>)]) {
    for (text, expected) in cases {
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(value(sql_type, text), expected, "{text} AS {sql_type}");
    }
}

#[test]
fn integers_are_whole_and_in_range() {
    let cases = [
        ("42", Ok("42")),
        ("-9223372036854775808", Ok("-9223372036854775808")),
        ("1.0", Ok("1")),
        ("1e3", Ok("1000")),
        ("null", Ok("null")),
        ("12.5", Err("`12.5` is not a BIGINT: it has a fraction")),
        (
            "9223372036854775808",
            Err("`9223372036854775808` is not a BIGINT: it is out of range"),
        ),
        (
            "\"12\"",
            Err("`\"12\"` is not a BIGINT: it is a string; declare the column STRING and CAST it"),
        ),
        ("true", Err("`true` is not a BIGINT")),
        ("[1]", Err("`[1]` is not a BIGINT")),
    ];
    check(&SqlType::BigInt, &cases);
    let small = [
        ("-32768", Ok("-32768")),
        ("32768", Err("`32768` is not a SMALLINT: it is out of range")),
    ];
    check(&SqlType::SmallInt, &small);
    let tiny = [
        ("127", Ok("127")),
        ("128", Err("`128` is not a TINYINT: it is out of range")),
    ];
    check(&SqlType::TinyInt, &tiny);
}

#[test]
fn doubles_and_booleans() {
    let doubles = [
        ("0.1", Ok("0.1")),
        ("3", Ok("3.0")),
        ("-1e-7", Ok("-1e-7")),
        ("1e400", Err("`1e400` is not a DOUBLE: it is out of range")),
        (
            "\"NaN\"",
            Err("`\"NaN\"` is not a DOUBLE: it is a string; declare the column STRING and CAST it"),
        ),
    ];
    check(&SqlType::Double, &doubles);
    let booleans = [
        ("true", Ok("true")),
        ("false", Ok("false")),
        ("1", Err("`1` is not a BOOLEAN")),
        ("\"true\"", Err("`\"true\"` is not a BOOLEAN")),
    ];
    check(&SqlType::Boolean, &booleans);
}

/// 175.23 has no exact double; what comes out is what was written.
#[test]
fn decimals_are_exact() {
    let cases = [
        ("175.23", Ok("175.23")),
        ("-0.50", Ok("-0.50")),
        ("0.1", Ok("0.10")),
        ("2.675", Ok("2.68")),
        ("-2.675", Ok("-2.68")),
        ("1e2", Ok("100.00")),
        ("99999999.99", Ok("99999999.99")),
        (
            "100000000",
            Err("`100000000` is not a DECIMAL(10, 2): it is out of range"),
        ),
    ];
    check(&decimal(10, 2), &cases);
    let digits = "1234567890123456789012345678901234567890.123456789012345678901234567890";
    check(&decimal(76, 30), &[(digits, Ok(digits))]);
}

#[test]
fn text_takes_everything() {
    let cases = [
        (r#""a\n\u00e9\ud83d\ude00\"\/""#, Ok(r#""a\né😀\"/""#)),
        ("175.230", Ok("\"175.230\"")),
        ("true", Ok("\"true\"")),
        (r#"{ "a" : [ 1 , "x y" ] }"#, Ok(r#""{\"a\":[1,\"x y\"]}""#)),
        ("\"\"", Ok("\"\"")),
        ("null", Ok("null")),
    ];
    check(&SqlType::String, &cases);
    let json = [
        (r#"{ "a" : [ 1 , "x y" ] }"#, Ok(r#"{"a":[1,"x y"]}"#)),
        ("\"text\"", Ok("\"text\"")),
        ("1.50", Ok("1.50")),
    ];
    check(&SqlType::Json, &json);
}

/// Epoch milliseconds from DuckDB's `epoch_ms`.
#[test]
fn times() {
    let timestamps = [
        ("1704067200123", Ok("\"2024-01-01T00:00:00.123Z\"")),
        ("\"2024-01-01T02:00:00+02:00\"", Ok("\"2024-01-01T00:00:00Z\"")),
        ("\"2024-01-01\"", Ok("\"2024-01-01T00:00:00Z\"")),
        (
            "\"yesterday\"",
            Err("`\"yesterday\"` is not a TIMESTAMP, which is ISO 8601 text or epoch milliseconds"),
        ),
        (
            "1.5",
            Err("`1.5` is not a TIMESTAMP, which is ISO 8601 text or epoch milliseconds"),
        ),
    ];
    check(&SqlType::Timestamp, &timestamps);
    let dates = [
        ("\"2024-02-29\"", Ok("\"2024-02-29\"")),
        (
            "\"2023-02-29\"",
            Err("`\"2023-02-29\"` is not a DATE, which is written YYYY-MM-DD"),
        ),
        ("19000", Err("`19000` is not a DATE, which is written YYYY-MM-DD")),
    ];
    check(&SqlType::Date, &dates);
    check(&SqlType::Time, &[("\"23:59:59.5\"", Ok("\"23:59:59.500\""))]);
    check(&SqlType::Interval, &[("\"P1DT90M\"", Ok("\"P1DT1H30M\""))]);
}

#[test]
fn bytes_are_base64() {
    let cases = [
        ("\"AAEC/w==\"", Ok("\"AAEC/w==\"")),
        ("\"\"", Ok("\"\"")),
        ("\"%\"", Err("`\"%\"` is not BYTES, which are written in base64")),
    ];
    check(&SqlType::Bytes, &cases);
}

#[test]
fn nested_values() {
    check(
        &array(SqlType::BigInt),
        &[
            ("[1, null, 3]", Ok("[1,null,3]")),
            ("[]", Ok("[]")),
            ("{}", Err("`{}` is not an ARRAY")),
            ("[1, 2.5]", Err("`2.5` is not a BIGINT: it has a fraction")),
        ],
    );
    check(
        &structure(&[("a", SqlType::BigInt), ("b", array(SqlType::String))]),
        &[
            (r#"{"b": ["x"], "z": {}, "A": 1}"#, Ok(r#"{"a":1,"b":["x"]}"#)),
            ("{}", Ok(r#"{"a":null,"b":null}"#)),
            ("1", Err("`1` is not a STRUCT")),
        ],
    );
    check(
        &map(SqlType::String, decimal(5, 1)),
        &[
            (r#"{"x": 1.25, "y": null, "x": 2}"#, Ok(r#"{"x":2.0,"y":null}"#)),
            ("[]", Err("`[]` is not a MAP")),
        ],
    );
    check(
        &map(SqlType::BigInt, SqlType::Boolean),
        &[
            (r#"{"7": true}"#, Ok(r#"{"7":true}"#)),
            (r#"{"x": true}"#, Err("`x` is not a BIGINT")),
        ],
    );
}

#[test]
fn a_bad_record_costs_itself_only() {
    let fields = [SqlType::BigInt.field("id", false), SqlType::Double.field("price", true)];
    let input = b"{\"id\": 1, \"price\": 1.5}\r\n\
        \n\
        {\"id\": 2, \"price\": }\n\
        not json\n\
        {\"price\": 3}\n\
        {\"id\": 4, \"price\": \"x\"}\n\
        [5]\n\
        {\"id\": 6} trailing\n\
        {\"id\": \xff}\n\
        {\"id\": 8}";
    let (records, rejected) = decode_json(&fields, input);
    assert_eq!(rows(&records), "{\"id\":1,\"price\":1.5}\n{\"id\":8,\"price\":null}\n");
    insta::assert_snapshot!(errors(&rejected), @r#"
    malformed: input:3: expected a value at byte 20
    malformed: input:4: expected an object at byte 1
    missing_value: input:5: column `id`: the value is missing or NULL, which the column does not allow
    invalid_value: input:6: column `price`: `"x"` is not a DOUBLE: it is a string; declare the column STRING and CAST it
    malformed: input:7: expected an object at byte 1
    malformed: input:8: text goes on behind the value at byte 11
    malformed: input:9: the record is not UTF-8
    "#);
    let originals: Vec<_> = rejected.iter().map(|error| error.original.clone().unwrap()).collect();
    assert_eq!(originals[0], b"{\"id\": 2, \"price\": }"[..]);
    assert_eq!(originals[6], b"{\"id\": \xff}"[..]);
    let offsets: Vec<_> = rejected.iter().map(|error| error.origin.offset.unwrap()).collect();
    assert_eq!(offsets, [1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn malformed_text_is_told_by_place() {
    let (_, rejected) = decode_json(
        &[],
        br#"{"a": 01}
{"a": 1.}
{"a": .5}
{"a": +1}
{"a": 1e}
{"a": tru}
{"a": "x}
{"a": "\x"}
{"a": "\ud800"}
{"a": "	"}
{"a" 1}
{"a": 1,}
{a: 1}
{"a": [1,]}
{"a": [1 2]}
{"a": {"b": 1]}
{"a": 1
"#,
    );
    insta::assert_snapshot!(errors(&rejected), @r"
    malformed: input:1: malformed number at byte 8
    malformed: input:2: malformed number at byte 9
    malformed: input:3: expected a value at byte 7
    malformed: input:4: expected a value at byte 7
    malformed: input:5: malformed number at byte 9
    malformed: input:6: expected a value at byte 7
    malformed: input:7: unterminated string at byte 10
    malformed: input:8: unknown escape in a string at byte 8
    malformed: input:9: lone surrogate in a string at byte 14
    malformed: input:10: control character in a string at byte 8
    malformed: input:11: expected `:` at byte 6
    malformed: input:12: expected a member name at byte 9
    malformed: input:13: expected a member name at byte 2
    malformed: input:14: expected a value at byte 10
    malformed: input:15: expected `,` or `]` at byte 10
    malformed: input:16: expected `,` or `}` at byte 14
    malformed: input:17: expected `,` or `}` at byte 8
    ");
}

/// Whether a record is malformed does not depend on which columns are wanted.
#[test]
fn nesting_has_a_limit() {
    let nested = |depth: usize| format!("{{\"a\": {}{}}}", "[".repeat(depth), "]".repeat(depth));
    let (records, rejected) = decode_json(&[], nested(128).as_bytes());
    assert_eq!((records.num_rows(), rejected.len()), (1, 0));
    let (_, rejected) = decode_json(&[], nested(100_000).as_bytes());
    assert_eq!(errors(&rejected), "malformed: input:1: nested too deeply at byte 136\n");
}

#[test]
fn members_match_to_the_letter_or_in_any_case() {
    let both = [SqlType::BigInt.field("id", true), SqlType::BigInt.field("ID", true)];
    let one = [SqlType::BigInt.field("Id", true)];
    let cases = [
        (&both[..], r#"{"id": 1, "ID": 2}"#, "{\"id\":1,\"ID\":2}\n"),
        (&both, r#"{"iD": 3}"#, "{\"id\":3,\"ID\":null}\n"),
        (&one, r#"{"ID": 4}"#, "{\"Id\":4}\n"),
        (&one, r#"{"Id": 5, "ID": 6}"#, "{\"Id\":5}\n"),
        (&one, r#"{"ID": 7, "Id": 8}"#, "{\"Id\":8}\n"),
        (&one, r#"{"Id": 9, "Id": 10}"#, "{\"Id\":10}\n"),
        (&one, r#"{"Id": null, "ID": 11}"#, "{\"Id\":null}\n"),
        (&one, r#"{"\u0049d": 12}"#, "{\"Id\":12}\n"),
    ];
    for (fields, input, expected) in cases {
        let (records, rejected) = decode_json(fields, input.as_bytes());
        assert_eq!((rows(&records).as_str(), rejected.len()), (expected, 0), "{input}");
    }
}

/// The order of members is guessed from the record before; being wrong must not show.
#[test]
fn members_come_in_any_order() {
    let fields = [SqlType::BigInt.field("a", true), SqlType::BigInt.field("b", true)];
    let input = br#"{"a":1,"b":2}
{"b":3,"a":4}
{"x":0,"a":5}
{"a":6,"x":0,"b":7}
{"aa":8,"b":9}
{"a":10,"b":11}"#;
    let (records, _) = decode_json(&fields, input);
    let column = |index: usize| {
        records
            .column(index)
            .as_primitive::<Int64Type>()
            .iter()
            .collect::<Vec<_>>()
    };
    assert_eq!(column(0), [Some(1), Some(4), Some(5), Some(6), None, Some(10)]);
    assert_eq!(column(1), [Some(2), Some(3), None, Some(7), Some(9), Some(11)]);
}

#[test]
fn positions_go_on_across_batches() {
    let fields = [SqlType::BigInt.field("id", true)];
    let mut decoder = Decoder::json_lines(projection(&fields, &[velo_data::SystemColumn::Offset])).unwrap();
    let input = b"{\"id\":1}\n\n{\"id\":2}\nx\n{\"id\":4}\n";
    let mut at = decoder.decode(input, true, 2);
    assert_eq!(decoder.position(), RecordPosition { record: 2, line: 4 });
    let batch = decoder.finish_batch(READ_AT_MS).unwrap();
    assert_eq!(
        rows(&batch.records),
        "{\"id\":1,\"_offset\":0}\n{\"id\":2,\"_offset\":1}\n"
    );
    at += decoder.decode(&input[at..], true, 2);
    assert_eq!(at, input.len());
    let batch = decoder.finish_batch(READ_AT_MS).unwrap();
    assert_eq!(rows(&batch.records), "{\"id\":4,\"_offset\":3}\n");
    assert_eq!(
        errors(&batch.rejected),
        "malformed: input:4: expected an object at byte 1\n"
    );
}

#[test]
fn overlong_records_are_rejected_without_being_kept() {
    let fields = [SqlType::String.field("s", true)];
    let long = format!("{{\"s\":\"{}\"}}\n{{\"s\":\"b\"}}\n", "a".repeat(100));
    let decoder = Decoder::json_lines(projection(&fields, &[]))
        .unwrap()
        .with_record_bytes_max(50);
    let (records, rejected) = crate::support::decode_all(decoder, long.as_bytes());
    assert_eq!(rows(&records), "{\"s\":\"b\"}\n");
    assert_eq!(
        errors(&rejected),
        "malformed: input:1: the record is longer than 50 bytes\n"
    );
    assert_eq!(rejected[0].original, None);
}
