use velo_data::{SqlType, SystemColumn};
use velo_formats::Decoder;

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
