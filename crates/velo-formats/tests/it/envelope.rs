use arrow::datatypes::Field;
use velo_data::{SqlType, SystemColumn};
use velo_formats::{CsvOptions, Decoder, EnvelopeFormat, EnvelopeLayout, EnvelopePart};

use crate::support::{decode_all, errors, projection, rows};

const SYSTEM: [SystemColumn; 7] = [
    SystemColumn::Key,
    SystemColumn::Timestamp,
    SystemColumn::EventTime,
    SystemColumn::Partition,
    SystemColumn::Offset,
    SystemColumn::Topic,
    SystemColumn::Headers,
];

fn decode(input: &str) -> (String, String) {
    let fields = [SqlType::BigInt.field("id", true)];
    let decoder = Decoder::envelope(projection(&fields, &SYSTEM)).unwrap();
    let (records, rejected) = decode_all(decoder, input.as_bytes());
    (rows(&records), errors(&rejected))
}

#[test]
fn metadata_comes_from_the_envelope_or_from_the_place() {
    let (rows, errors) = decode(
        r#"{"value":{"id":1}}
{"key":"k","value":{"id":2},"timestamp":1704067200000,"partition":3,"offset":40,"headers":{"h":"text","b":{"base64":"/w=="},"n":null}}
{"key":{"a": 1},"value":{"id":3},"timestamp":null,"window":{"start":0,"end":5},"kind":"update_after"}
"#,
    );
    assert_eq!(errors, "");
    insta::assert_snapshot!(rows, @r#"
    {"id":1,"_key":null,"_timestamp":1700000000000,"_event_time":null,"_partition":0,"_offset":0,"_topic":"input","_headers":null}
    {"id":2,"_key":"k","_timestamp":1704067200000,"_event_time":"2024-01-01T00:00:00Z","_partition":3,"_offset":40,"_topic":"input","_headers":{"h":"dGV4dA==","b":"/w==","n":null}}
    {"id":3,"_key":"{\"a\":1}","_timestamp":1700000000000,"_event_time":null,"_partition":0,"_offset":2,"_topic":"input","_headers":null}
    "#);
}

#[test]
fn what_is_no_record_is_told() {
    let (rows, errors) = decode(
        r#"{"key":"k"}
{"value":null,"key":"k"}
{"value":"text"}
{"value":{"id":1},"kind":"delete"}
{"value":{"id":"x"}}
{"value":{"id":1},"timestamp":"noon"}
{"value":{"id":1}
{"value":{"id":7}}
"#,
    );
    assert!(rows.starts_with("{\"id\":7,"));
    insta::assert_snapshot!(errors, @r#"
    malformed: input:1: the envelope has no `value`
    missing_value: input:2: the record is a tombstone: its `value` is null, which a stream has no row for
    malformed: input:3: the envelope's `value` is not a JSON object
    malformed: input:4: a changelog row of the kind "delete" cannot be read as a record of a stream
    invalid_value: input:5: column `id`: `"x"` is not a BIGINT: it is a string; declare the column STRING and CAST it
    invalid_value: input:6: column `_timestamp`: `"noon"` is not a BIGINT: it is a string; declare the column STRING and CAST it
    malformed: input:7: expected `,` or `}` at byte 18
    "#);
}

fn part(format: EnvelopeFormat, columns: &[usize]) -> EnvelopePart {
    EnvelopePart {
        format,
        columns: columns.iter().copied().map(Some).collect(),
    }
}

fn decode_parts(fields: &[Field], layout: &EnvelopeLayout, input: &str) -> (String, String) {
    let decoder = Decoder::envelope_of(projection(fields, &[]), layout).unwrap();
    let (records, rejected) = decode_all(decoder, input.as_bytes());
    (rows(&records), errors(&rejected))
}

#[test]
fn delimited_text_is_a_string_of_json() {
    let fields = [
        SqlType::String.field("id", true),
        SqlType::BigInt.field("a", true),
        SqlType::String.field("b", true),
    ];
    let layout = EnvelopeLayout {
        value: part(EnvelopeFormat::Delimited(CsvOptions::default()), &[1, 2]),
        key: part(EnvelopeFormat::Kafka, &[0]),
    };
    let (rows, errors) = decode_parts(
        &fields,
        &layout,
        r#"{"key":"k1","value":"1,x"}
{"key":"k\"2","value":"2,\"a, \"\"quoted\"\"\ntext\""}
{"value":",\u00e9"}
{"key":null,"value":{"base64":"MyxiYXNl"}}
{"key":{"base64":"w6kx"},"value":"4,"}
{"key":"k","value":"1,2,3"}
{"key":"k","value":{"a":1}}
{"key":"k","value":7}
{"key":"k","value":"1,x\n2,y"}
{"key":"k","value":""}
{"key":"k","value":null}
"#,
    );
    insta::assert_snapshot!(rows, @r#"
    {"id":"k1","a":1,"b":"x"}
    {"id":"k\"2","a":2,"b":"a, \"quoted\"\ntext"}
    {"id":null,"a":null,"b":"é"}
    {"id":null,"a":3,"b":"base"}
    {"id":"é1","a":4,"b":null}
    "#);
    insta::assert_snapshot!(errors, @r#"
    malformed: input:6: the envelope's `value`: the record has 3 fields, not 2
    malformed: input:7: the envelope's `value` is not text: a JSON string, or its bytes as {"base64": "…"}
    malformed: input:8: the envelope's `value` is not text: a JSON string, or its bytes as {"base64": "…"}
    malformed: input:9: the envelope's `value`: it has more than one line
    malformed: input:10: the envelope's `value`: it is empty
    missing_value: input:11: the record is a tombstone: its `value` is null, which a stream has no row for
    "#);
}

/// The bytes are those of Kafka's serializers: big-endian, as Python's `struct.pack('>q', 42)` and its like give them.
#[test]
fn kafka_serializes_one_value() {
    let of = |sql_type: SqlType, input: &str| {
        let layout = EnvelopeLayout {
            value: part(EnvelopeFormat::Kafka, &[0]),
            key: EnvelopePart::default(),
        };
        let (rows, errors) = decode_parts(&[sql_type.field("v", true)], &layout, input);
        format!("{rows}{errors}")
    };
    let cases = [
        (
            SqlType::BigInt,
            r#"{"value":{"base64":"AAAAAAAAACo="}}"#,
            "{\"v\":42}\n",
        ),
        (SqlType::BigInt, r#"{"value":{"base64":"////+Q=="}}"#, "{\"v\":-7}\n"),
        (SqlType::BigInt, r#"{"value":42}"#, "{\"v\":42}\n"),
        (SqlType::SmallInt, r#"{"value":{"base64":"AAM="}}"#, "{\"v\":3}\n"),
        (
            SqlType::Double,
            r#"{"value":{"base64":"P/gAAAAAAAA="}}"#,
            "{\"v\":1.5}\n",
        ),
        (SqlType::String, r#"{"value":"a \"b\""}"#, "{\"v\":\"a \\\"b\\\"\"}\n"),
        (SqlType::String, r#"{"value":{"base64":"w6kx"}}"#, "{\"v\":\"é1\"}\n"),
        (SqlType::Bytes, r#"{"value":"ab"}"#, "{\"v\":\"YWI=\"}\n"),
        (SqlType::Bytes, r#"{"value":{"base64":"/w=="}}"#, "{\"v\":\"/w==\"}\n"),
        (
            SqlType::BigInt,
            r#"{"value":"42"}"#,
            "malformed: input:1: the envelope's `value` is not a number: 2, 4 or 8 bytes as {\"base64\": \"…\"}, or the \
             number itself\n",
        ),
        (
            SqlType::BigInt,
            r#"{"value":{"base64":"AAAA"}}"#,
            "malformed: input:1: the envelope's `value` is not a number: 2, 4 or 8 bytes as {\"base64\": \"…\"}, or the \
             number itself\n",
        ),
    ];
    for (sql_type, input, expected) in cases {
        let decoded = of(sql_type, input);
        assert_eq!(decoded.trim_end(), expected.trim_end(), "{input}");
    }
}

#[test]
fn json_keys_and_values_may_stand_without_an_object() {
    let fields = [SqlType::BigInt.field("id", true), SqlType::String.field("v", true)];
    let layout = EnvelopeLayout {
        value: part(EnvelopeFormat::Value, &[1]),
        key: part(EnvelopeFormat::Value, &[0]),
    };
    let (rows, errors) = decode_parts(&fields, &layout, "{\"key\":1,\"value\":\"x\"}\n{\"value\":\"y\"}\n");
    assert_eq!(
        (rows.as_str(), errors.as_str()),
        ("{\"id\":1,\"v\":\"x\"}\n{\"id\":null,\"v\":\"y\"}\n", "")
    );
    let layout = EnvelopeLayout {
        value: part(EnvelopeFormat::Object, &[1]),
        key: part(EnvelopeFormat::Object, &[0]),
    };
    let (rows, errors) = decode_parts(
        &fields,
        &layout,
        "{\"value\":{\"v\":\"x\",\"id\":9},\"key\":{\"id\":1,\"v\":\"k\"}}\n",
    );
    assert_eq!((rows.as_str(), errors.as_str()), ("{\"id\":1,\"v\":\"x\"}\n", ""));
}
