//! Metadata that follows from where records were.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use velo_data::{RecordColumns, SqlType, StreamSchema, SystemColumn};
use velo_formats::{CsvOptions, Decoder, Projection};

use crate::support::{decode_all, projection};

/// The originals that rows carry, one a line, with the numbers of their records.
fn originals(decoder: impl FnOnce(Projection) -> Decoder, input: &[u8]) -> Vec<String> {
    let fields = [SqlType::BigInt.field("id", true)];
    let schema = StreamSchema::new(fields.clone(), RecordColumns::WANTED);
    let (records, rejected) = decode_all(decoder(projection(&fields, &RecordColumns::WANTED)), input);
    let columns = RecordColumns::of(&schema);
    let describe = |row| {
        let original = columns.original(&records, row).unwrap();
        format!("{}: {}", columns.origin(&records, row), original.escape_ascii())
    };
    // What is rejected here, and what is rejected later for the same reason, must look the same.
    let whole = rejected
        .iter()
        .all(|error| error.original.as_ref().is_some_and(|bytes| !bytes.is_empty()));
    assert!(whole);
    (0..records.num_rows()).map(describe).collect()
}

#[test]
fn json_lines_keep_their_bytes() {
    let input = b"{\"id\":1}\n\n{\"id\":oops}\r\n { \"id\" : 2, \"text\": \"long enough\" } \r\n{\"id\":3}";
    assert_eq!(
        originals(|projection| Decoder::json_lines(projection).unwrap(), input),
        [
            r#"input[0]@0: {\"id\":1}"#,
            r#"input[0]@2:  { \"id\" : 2, \"text\": \"long enough\" } "#,
            r#"input[0]@3: {\"id\":3}"#,
        ]
    );
}

#[test]
fn csv_records_keep_their_bytes() {
    let csv = |projection| Decoder::csv(projection, CsvOptions::default(), &[None, Some(0)]).unwrap();
    assert_eq!(
        originals(csv, b"\"a\nb\",1\na,b,c\n\"\"\"\",2\r\n"),
        [r#"input[0]@0: \"a\nb\",1"#, r#"input[0]@2: \"\"\"\",2"#]
    );
}

#[test]
fn envelopes_are_kept_whole() {
    let input = br#"{"key": 1, "value": {"id": 1}, "partition": 4, "offset": 7}
{"value": null}
{"value": {"id": 2}}
"#;
    assert_eq!(
        originals(|projection| Decoder::envelope(projection).unwrap(), input),
        [
            r#"input[4]@7: {\"key\": 1, \"value\": {\"id\": 1}, \"partition\": 4, \"offset\": 7}"#,
            r#"input[0]@2: {\"value\": {\"id\": 2}}"#,
        ]
    );
}

#[test]
fn numbers_and_topic_follow_from_the_place() {
    let topic = "/a/path/longer/than/a/view/holds.jsonl";
    let wanted = Projection {
        topic: topic.into(),
        partition: 0,
        ..projection(
            &[],
            &[SystemColumn::Offset, SystemColumn::Partition, SystemColumn::Topic],
        )
    };
    let mut decoder = Decoder::json_lines(wanted).unwrap();
    let line = b"{}\n";
    let columns = |records: &RecordBatch| {
        let numbers = |index: usize| records.column(index).as_primitive::<Int64Type>().values().to_vec();
        let topics = records.column(2).as_string_view();
        assert!(topics.iter().all(|row| row == Some(topic)));
        assert_eq!(
            topics
                .data_buffers()
                .iter()
                .map(arrow::buffer::Buffer::len)
                .sum::<usize>(),
            topic.len()
        );
        (numbers(0), numbers(1))
    };
    decoder.decode(&line.repeat(600), true, usize::MAX);
    let first = decoder.finish_batch(0).unwrap();
    assert_eq!(columns(&first.records), ((0..600).collect(), vec![0; 600]));
    decoder.decode(&line.repeat(2), true, usize::MAX);
    let second = decoder.finish_batch(0).unwrap();
    assert_eq!(columns(&second.records), (vec![600, 601], vec![0; 2]));
    let empty = decoder.finish_batch(0).unwrap();
    assert_eq!(empty.records.column(2).len(), 0);
}
