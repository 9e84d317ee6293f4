//! Members that no column is for, and members that more than one column could be for.

use velo_data::{SqlType, UnknownMembers};
use velo_formats::{DecodedBatch, Decoder, RecordPosition};

use crate::support::{READ_AT_MS, array, decode_json, errors, projection, rows, structure};

/// Everything in `input`, the columns of which were found out without some of its members.
fn watched(mut decoder: Decoder, input: &[u8]) -> DecodedBatch {
    assert_eq!(decoder.decode(input, true, usize::MAX), input.len());
    decoder.finish_batch(READ_AT_MS).unwrap()
}

fn told(unknown: &UnknownMembers) -> Vec<String> {
    let members = unknown.members().iter();
    members
        .map(|member| format!("{} {} {}", member.name, member.values, member.first))
        .collect()
}

fn fields() -> Vec<arrow::datatypes::Field> {
    let item = structure(&[("sku", SqlType::String)]);
    let point = structure(&[("x", SqlType::BigInt), ("in", structure(&[("z", SqlType::BigInt)]))]);
    vec![
        SqlType::BigInt.field("a", true),
        point.field("p", true),
        array(item).field("items", true),
    ]
}

const NAMES: [&str; 4] = ["a", "p", "items", "known"];

const RECORDS: [&str; 6] = [
    "{\"a\":1}",
    "{\"a\":2,\"n\\u0065w\":1,\"KNOWN\":5}",
    "{\"a\":3,\"p\":{\"x\":1,\"y\":2,\"in\":{\"w\":1}},\"new\":null}",
    "",
    "{\"a\":4,\"items\":[{\"sku\":\"s\",\"n\":1},{\"n\":2}],\"new\":\"z\"}",
    "{\"a\":5,\"new\":[],\"p\":{\"Y\":null,\"y\":3}}",
];

/// NULLs are none to be lost. Lines count from 1, empty ones included.
const EXPECTED: [&str; 4] = [
    "new 3 input:2",
    "p.y 2 input:3",
    "p.in.w 1 input:3",
    "items.n 2 input:5",
];

#[test]
fn members_without_a_column_are_counted_where_none_is_declared() {
    let lines = RECORDS.join("\n");
    let lines = lines.as_bytes();
    let decoder = || Decoder::json_lines(projection(&fields(), &[])).unwrap();
    let batch = watched(decoder().watching(NAMES), lines);
    assert_eq!(told(&batch.unknown), EXPECTED);
    assert_eq!((batch.records.num_rows(), batch.rejected.len()), (5, 0));
    assert!(
        watched(decoder(), lines).unknown.is_empty(),
        "declared columns say what is wanted"
    );

    let records: Vec<&str> = RECORDS.into_iter().filter(|record| !record.is_empty()).collect();
    let elements = format!("[{}]", records.join(",\n\n").replacen("\n\n", "\n", 2));
    let elements = Decoder::json_array(projection(&fields(), &[])).map(|decoder| (decoder, elements));
    let (decoder, elements) = elements.unwrap();
    assert_eq!(
        told(&watched(decoder.watching(NAMES), elements.as_bytes()).unknown),
        EXPECTED
    );

    let envelopes = RECORDS.map(|record| match record {
        "" => String::new(),
        value => format!("{{\"value\":{value},\"other\":1}}"),
    });
    let decoder = Decoder::envelope(projection(&fields(), &[])).unwrap();
    let batch = watched(decoder.watching(NAMES), envelopes.join("\n").as_bytes());
    assert_eq!(told(&batch.unknown), EXPECTED);
}

/// What is told of a chunk is told of the file when the place of the chunk is known, and of each batch once.
#[test]
fn places_are_those_of_the_file() {
    let mut decoder = Decoder::json_lines(projection(&fields(), &[])).unwrap().watching(NAMES);
    decoder.begin_chunk();
    let lines = RECORDS.join("\n");
    decoder.decode(lines.as_bytes(), true, 2);
    decoder.place_chunk(RecordPosition { record: 100, line: 201 });
    let first = decoder.finish_batch(READ_AT_MS).unwrap();
    assert_eq!(told(&first.unknown), ["new 1 input:202"]);
    decoder.decode(b"{\"a\":1}\n", true, 2);
    assert!(decoder.finish_batch(READ_AT_MS).unwrap().unknown.is_empty());
}

/// Objects that are used as dictionaries have names without end: memory does not grow with them.
#[test]
fn names_without_end_are_counted() {
    let lines: Vec<String> = (0..10_000)
        .map(|number| format!("{{\"a\":1,\"k{number}\":1}}"))
        .collect();
    let decoder = Decoder::json_lines(projection(&fields(), &[])).unwrap().watching(NAMES);
    let batch = watched(decoder, lines.join("\n").as_bytes());
    assert_eq!(batch.unknown.members().len(), 100);
    assert_eq!((batch.unknown.values(), batch.unknown.others()), (10_000, 9_900));
}

/// A member that has the column's name to the letter wins; of others, which differ in case alone, none is the right one.
#[test]
fn two_members_for_one_column_reject_their_record() {
    let columns = [
        SqlType::BigInt.field("id", true),
        structure(&[("Id", SqlType::BigInt)]).field("p", true),
    ];
    let input = br#"{"ID":1,"Id":2}
{"ID":3}
{"Id":4,"id":5,"ID":6}
{"ID":7,"ID":8}
{"ID":1,"Id":null}
{"p":{"ID":1,"id":2}}
{"p":{"ID":1,"Id":9,"id":2}}
{"p":{"id":10}}
"#;
    let (records, rejected) = decode_json(&columns, input);
    insta::assert_snapshot!(rows(&records), @r#"
    {"id":3,"p":null}
    {"id":5,"p":null}
    {"id":8,"p":null}
    {"id":null,"p":{"Id":9}}
    {"id":null,"p":{"Id":10}}
    "#);
    insta::assert_snapshot!(errors(&rejected), @r"
    malformed: input:1: two members that differ in case alone mean one column, in the object that ends at byte 16
    malformed: input:5: two members that differ in case alone mean one column, in the object that ends at byte 19
    invalid_value: input:6: column `p`: two members that differ in case alone mean one column, in the object that ends at byte 21
    ");
}

/// Nor is that forgotten when names turn out to be several for one column in a record that has the right one before.
#[test]
fn the_right_name_wins_wherever_others_are_met_first() {
    let columns = [SqlType::BigInt.field("id", true)];
    for record in [
        r#"{"id":1,"Id":2,"ID":3}"#,
        r#"{"Id":2,"id":1,"ID":3}"#,
        r#"{"ID":3,"Id":2,"id":1}"#,
    ] {
        for before in ["{}", r#"{"ID":0}"#, r#"{"Id":0}"#, r#"{"id":0}"#] {
            let (records, rejected) = decode_json(&columns, format!("{before}\n{record}\n").as_bytes());
            assert_eq!(errors(&rejected), "", "{record} behind {before}");
            assert!(rows(&records).ends_with("{\"id\":1}\n"), "{record} behind {before}");
        }
    }
}
