//! One JSON array of objects: decoded, sampled, encoded.

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::Field;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value};
use velo_data::{RowError, RowErrorCause, SqlType, StreamSchema};
use velo_formats::{Decoder, Encoder, Fault, RecordPosition, sample_json_array};

use crate::support::{batch, decode_json, errors, projection, rows};

fn fields() -> Vec<Field> {
    vec![SqlType::BigInt.field("id", true), SqlType::Json.field("x", true)]
}

/// What decoding comes to.
struct Decoded {
    records: RecordBatch,
    rejected: Vec<RowError>,
    fault: Option<Fault>,
}

/// Decodes text that comes in portions, with a batch for each.
fn decode(input: &[u8], portion: usize, record_bytes_max: usize) -> Decoded {
    let decoder = Decoder::json_array(projection(&fields(), &[])).unwrap();
    let mut decoder = decoder.with_record_bytes_max(record_bytes_max);
    let (mut start, mut end) = (0, 0);
    let (mut batches, mut rejected) = (Vec::new(), Vec::new());
    loop {
        end = (end + portion).min(input.len());
        start += decoder.decode(&input[start..end], end == input.len(), usize::MAX);
        let decoded = decoder.finish_batch(0).unwrap();
        batches.push(decoded.records);
        rejected.extend(decoded.rejected);
        if end == input.len() {
            break;
        }
    }
    assert_eq!(start, input.len());
    Decoded {
        records: concat_batches(batches[0].schema_ref(), &batches).unwrap(),
        rejected,
        fault: decoder.fault(),
    }
}

fn shown(input: &str) -> String {
    let decoded = decode(input.as_bytes(), usize::MAX, 1 << 20);
    let fault = decoded
        .fault
        .map(|fault| format!("fault on line {}: {}\n", fault.line, fault.message));
    rows(&decoded.records) + &errors(&decoded.rejected) + &fault.unwrap_or_default()
}

#[test]
fn arrays_that_are_well_formed() {
    let cases = [
        ("[]", ""),
        (" \r\n[ \t]\n", ""),
        ("", ""),
        ("\n", ""),
        (
            "[{\"id\":1},{\"id\":2}]",
            "{\"id\":1,\"x\":null}\n{\"id\":2,\"x\":null}\n",
        ),
        (
            "[\n  {\n    \"id\": 1,\n    \"x\": [1, {\"]\": \"},{\"}]\n  }\n  ,\n  {\"id\": 2}\n]\n",
            "{\"id\":1,\"x\":[1,{\"]\":\"},{\"}]}\n{\"id\":2,\"x\":null}\n",
        ),
        (
            "[{\"x\":\"a\\\"]\\\\\"},{\"id\":3}]",
            "{\"id\":null,\"x\":\"a\\\"]\\\\\"}\n{\"id\":3,\"x\":null}\n",
        ),
    ];
    for (input, expected) in cases {
        assert_eq!(shown(input), expected, "{input}");
    }
}

#[test]
fn a_malformed_element_costs_itself() {
    let cases = [
        "[{\"id\":1}, {\"id\":}, {\"id\":3}]",
        "[{\"id\":1},\n 7,\n \"a,b\",\n null, [1, 2],\n {\"id\":\"x\"}, {\"id\":3}]",
        "[{\"id\":1},\n {\"x\":\"never closed},\n {\"id\":3}]",
        "[{\"id\":1} {\"id\":2}, {\"id\":3}]",
        "[{\"id\":1},, {\"id\":3}]",
    ];
    let told = cases.map(|input| format!("{input}\n--\n{}\n", shown(input)));
    insta::assert_snapshot!(told.concat(), @r#"
    [{"id":1}, {"id":}, {"id":3}]
    --
    {"id":1,"x":null}
    {"id":3,"x":null}
    malformed: input:1: expected a value at byte 7

    [{"id":1},
     7,
     "a,b",
     null, [1, 2],
     {"id":"x"}, {"id":3}]
    --
    {"id":1,"x":null}
    {"id":3,"x":null}
    malformed: input:2: expected an object at byte 1
    malformed: input:3: expected an object at byte 1
    malformed: input:4: expected an object at byte 1
    malformed: input:4: expected an object at byte 1
    invalid_value: input:5: column `id`: `"x"` is not a BIGINT: it is a string; declare the column STRING and CAST it

    [{"id":1},
     {"x":"never closed},
     {"id":3}]
    --
    {"id":1,"x":null}
    {"id":3,"x":null}
    malformed: input:2: unterminated string at byte 20

    [{"id":1} {"id":2}, {"id":3}]
    --
    {"id":3,"x":null}
    malformed: input:1: text goes on behind the value at byte 10

    [{"id":1},, {"id":3}]
    --
    {"id":1,"x":null}
    {"id":3,"x":null}
    malformed: input:1: expected an object at byte 1
    "#);
}

#[test]
fn what_is_no_array_is_told_once() {
    let cases = [
        "{\"id\":1}\n{\"id\":2}\n",
        "\n 7",
        "[\n{\"id\":1},\n{\"id\":2}\n",
        "[{\"id\":1},\n{\"id\":2",
        "[{\"id\":1},\n{\"x\":\"",
        "[{\"id\":1},\n]",
        "[,{\"id\":1}]",
        "[{\"id\":1}]\n\n[{\"id\":2}]",
        "[",
    ];
    let told = cases.map(|input| format!("{input}\n--\n{}\n", shown(input)));
    insta::assert_snapshot!(told.concat(), @r#"
    {"id":1}
    {"id":2}

    --
    fault on line 1: this is one object, not an array; if it has one object a line, use the format `jsonlines`


     7
    --
    fault on line 2: expected `[`, which an array begins with

    [
    {"id":1},
    {"id":2}

    --
    {"id":1,"x":null}
    {"id":2,"x":null}
    fault on line 4: the array is never closed: `]` is missing

    [{"id":1},
    {"id":2
    --
    {"id":1,"x":null}
    fault on line 2: the array is never closed: its last element has no end

    [{"id":1},
    {"x":"
    --
    {"id":1,"x":null}
    fault on line 2: the array is never closed: its last element has no end

    [{"id":1},
    ]
    --
    {"id":1,"x":null}
    fault on line 2: a comma stands before `]`

    [,{"id":1}]
    --
    {"id":1,"x":null}
    malformed: input:1: expected an object at byte 1

    [{"id":1}]

    [{"id":2}]
    --
    {"id":1,"x":null}
    fault on line 3: text goes on behind the `]` that closes the array

    [
    --
    fault on line 1: the array is never closed: `]` is missing
    "#);
}

#[test]
fn an_element_that_is_too_long_ends_the_array() {
    let text = format!("[{{\"id\":1}},\n{{\"x\":\"{}\"}},{{\"id\":3}}]", "y".repeat(100));
    let decoded = decode(text.as_bytes(), 7, 50);
    assert_eq!(rows(&decoded.records), "{\"id\":1,\"x\":null}\n");
    let fault = decoded.fault.unwrap();
    assert_eq!(
        (fault.line, fault.message.as_str()),
        (2, "an element is longer than 50 bytes")
    );
}

#[test]
fn reading_goes_on_behind_any_element() {
    let text = "[\n{\"id\":1},\n{\"id\":2},{\"id\":3}\n]";
    let expected = [
        "{\"id\":1,\"x\":null}\n",
        "{\"id\":2,\"x\":null}\n",
        "{\"id\":3,\"x\":null}\n",
    ];
    let (mut byte, mut position) = (0, RecordPosition { record: 0, line: 1 });
    for row in expected {
        let decoder = Decoder::json_array(projection(&fields(), &[])).unwrap();
        let mut decoder = decoder.starting_at(position);
        byte += decoder.decode(&text.as_bytes()[byte..], true, 1);
        position = decoder.position();
        assert_eq!(rows(&decoder.finish_batch(0).unwrap().records), row);
    }
    assert_eq!(position, RecordPosition { record: 3, line: 3 });
    let mut rest = Decoder::json_array(projection(&fields(), &[]))
        .unwrap()
        .starting_at(position);
    rest.decode(&text.as_bytes()[byte..], true, 1);
    assert!(rest.fault().is_none() && rest.may_end());
}

#[test]
fn samples() {
    let sample = sample_json_array(b"[{\"a\":1},\n{\"a\":1.5,\"b\":null}, 7]", true).unwrap();
    assert_eq!((sample.records, sample.rejected), (2, 1));
    assert_eq!(sample.columns[0].sql_type, SqlType::Double);
    let fault = sample_json_array(b"\n{\"a\":1}", true).unwrap_err();
    assert_eq!(fault.line, 2);
    assert!(sample_json_array(b"[{\"a\":1},{\"a\":", false).is_ok());
}

#[test]
fn what_is_written_is_an_array_however_many_rows_there_are() {
    let schema = StreamSchema::of_user_columns([SqlType::BigInt.field("id", true)]);
    for batches in [vec![], vec![vec![]], vec![vec![1]], vec![vec![1, 2], vec![], vec![3]]] {
        let mut encoder = Encoder::json_array(&schema);
        let mut out = Vec::new();
        encoder.write_start(&mut out);
        for ids in &batches {
            let ids: ArrayRef = std::sync::Arc::new(Int64Array::from(ids.clone()));
            encoder.encode(&batch(&schema, vec![ids]), &mut out).unwrap();
        }
        encoder.write_end(&mut out);
        let read: Vec<Map<String, Value>> = serde_json::from_slice(&out).unwrap();
        let ids: Vec<i64> = read.iter().map(|row| row["id"].as_i64().unwrap()).collect();
        assert_eq!(ids, batches.concat());
        assert!(out.ends_with(b"]\n"));
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i32>().prop_map(Value::from),
        "[\\[\\]{},\":\\\\a-c\n]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec(("[a-c]", inner), 0..3).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn objects() -> impl Strategy<Value = Vec<Value>> {
    let object = (any::<i32>(), value()).prop_map(|(id, value)| serde_json::json!({"id": id, "x": value}));
    vec(object, 0..6)
}

proptest! {
    /// Elements are the objects that lines would be, whatever the layout and the portions.
    #[test]
    fn elements_are_lines(objects in objects(), is_pretty in any::<bool>(), portion in 1..40usize) {
        let lines: String = objects.iter().map(|object| format!("{object}\n")).collect();
        let array = Value::from(objects);
        let text = if is_pretty { serde_json::to_string_pretty(&array) } else { serde_json::to_string(&array) }.unwrap();
        let decoded = decode(text.as_bytes(), portion, 1 << 20);
        prop_assert_eq!(decoded.fault, None);
        prop_assert_eq!(errors(&decoded.rejected), "");
        prop_assert_eq!(rows(&decoded.records), rows(&decode_json(&fields(), lines.as_bytes()).0));
    }

    /// What serde takes for an array of objects is one, and nothing else is.
    #[test]
    fn arrays_are_what_serde_says(
        objects in objects(),
        is_pretty in any::<bool>(),
        edits in vec((any::<prop::sample::Index>(), "[\\[\\]{},\":\\\\ 0-9en\n]"), 0..3),
        portion in 1..40usize,
    ) {
        let array = Value::from(objects);
        let text = if is_pretty { serde_json::to_string_pretty(&array) } else { serde_json::to_string(&array) }.unwrap();
        let mut bytes = text.into_bytes();
        for (at, edit) in edits {
            let place = at.index(bytes.len());
            bytes[place] = edit.as_bytes()[0];
        }
        let whole = decode(&bytes, usize::MAX, 1 << 20);
        let portions = decode(&bytes, portion, 1 << 20);
        prop_assert_eq!(&whole.fault, &portions.fault);
        prop_assert_eq!(&whole.rejected, &portions.rejected);
        prop_assert_eq!(&whole.records, &portions.records);
        let malformed = whole.rejected.iter().any(|error| error.cause == RowErrorCause::Malformed);
        let is_clean = whole.fault.is_none() && !malformed;
        match serde_json::from_slice::<Vec<Map<String, Value>>>(&bytes) {
            Ok(_) => prop_assert!(is_clean, "{:?} {:?}", whole.fault, errors(&whole.rejected)),
            Err(error) => {
                let is_white = bytes.iter().all(u8::is_ascii_whitespace);
                // Numbers beyond the range of doubles are numbers all the same.
                prop_assert!(!is_clean || is_white || error.to_string().contains("out of range"), "{}", error);
            }
        }
    }

    #[test]
    fn portions_do_not_show_in_any_bytes(bytes in vec(prop_oneof![any::<u8>(), prop::sample::select(b"[]{},\"\n".to_vec())], 0..200), portion in 1..40usize) {
        let whole = decode(&bytes, usize::MAX, 30);
        let portions = decode(&bytes, portion, 30);
        prop_assert_eq!(whole.fault, portions.fault);
        prop_assert_eq!(whole.rejected, portions.rejected);
        prop_assert_eq!(whole.records, portions.records);
    }
}
