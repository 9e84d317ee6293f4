use velo_data::{RecordOrigin, RowError, RowErrorCause};
use velo_formats::{DeadLetter, write_dead_letter};

fn written(original: Option<&'static [u8]>, is_envelope: bool) -> String {
    let error = RowError {
        cause: RowErrorCause::InvalidValue,
        message: "`\"x\"` is not a BIGINT".to_owned(),
        column: Some("id".to_owned()),
        origin: RecordOrigin {
            topic: Some("in.jsonl".into()),
            partition: Some(0),
            offset: Some(4),
            line: Some(7),
        },
        original: original.map(bytes::Bytes::from_static),
    };
    let letter = DeadLetter {
        error: &error,
        statement: Some("clean"),
        rejected_at_ms: 5,
        is_envelope,
    };
    let mut out = Vec::new();
    write_dead_letter(&letter, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn originals_are_kept() {
    let originals: [(Option<&[u8]>, bool); 7] = [
        (Some(b"{\"id\": \"x\"}"), false),
        (Some(b"x,\"y\"\n"), false),
        (Some(b"\xff\x00"), false),
        (None, false),
        (
            Some(br#"{"key": 1, "value": {"id": "x"}, "timestamp": 3, "offset": 9, "headers": {"h": "v"}}"#),
            true,
        ),
        (Some(b"{\"value\":"), true),
        (Some(br#"{"value": null}"#), true),
    ];
    let letters: String = originals
        .into_iter()
        .map(|(original, is_envelope)| written(original, is_envelope))
        .collect();
    for letter in letters.lines() {
        serde_json::from_str::<serde_json::Value>(letter).unwrap();
    }
    let error = r#"{"cause":"invalid_value","message":"`\"x\"` is not a BIGINT","column":"id","statement":"clean","topic":"in.jsonl","line":7}"#;
    insta::assert_snapshot!(letters.replace(error, "E"), @r#"
    {"value":{"id": "x"},"timestamp":5,"partition":0,"offset":4,"error":E}
    {"value":"x,\"y\"\n","timestamp":5,"partition":0,"offset":4,"error":E}
    {"value":{"base64":"/wA="},"timestamp":5,"partition":0,"offset":4,"error":E}
    {"value":null,"timestamp":5,"partition":0,"offset":4,"error":E}
    {"key":1,"value":{"id": "x"},"timestamp":3,"offset":9,"headers":{"h": "v"},"error":E}
    {"value":"{\"value\":","timestamp":5,"partition":0,"offset":4,"error":E}
    {"value":null,"timestamp":5,"error":E}
    "#);
}
