use velo_data::{RowErrorCause, SqlType, SystemColumn};
use velo_datasources::DeadLetterFile;

use crate::support::{NOW_MS, config, file, open, read_all, read_from, request, schema};

#[tokio::test]
async fn dead_letters_can_be_read_again() {
    let (directory, path) = file("in.jsonl", "{\"id\":\"x\"}\nnot json\n{\"id\":3}\n{\"id\":\"y\"}\n");
    let source = open(&config(&path), Some(&schema(&[("id", SqlType::BigInt)])));
    let batches = read_from(&source, &request(&source, &[], 100), None).await;
    let dead = directory.path().join("dead.envelope.jsonl");
    for error in &batches[0].0.rejected {
        // Opened anew each time: letters are appended.
        let mut letters = DeadLetterFile::open(&dead).unwrap();
        letters.write(error, Some("clean"), NOW_MS).unwrap();
        letters.flush().unwrap();
        assert_eq!(letters.written(), 1);
    }
    let source = open(&config(&dead), Some(&schema(&[("id", SqlType::String)])));
    let (rows, errors) = read_all(&source, &[SystemColumn::Offset]).await;
    assert_eq!(rows, "{\"id\":\"x\",\"_offset\":0}\n{\"id\":\"y\",\"_offset\":3}\n");
    assert_eq!(
        errors,
        "malformed: dead.envelope.jsonl:2: the envelope's `value` is not a JSON object\n"
    );
}

#[tokio::test]
async fn envelopes_stay_what_they_were() {
    let envelope = "{\"key\":\"k\",\"value\":{\"id\":\"x\"},\"timestamp\":5,\"headers\":{\"h\":\"v\"}}";
    let (directory, path) = file("in.envelope.jsonl", format!("{envelope}\n"));
    let source = open(&config(&path), Some(&schema(&[("id", SqlType::BigInt)])));
    let batches = read_from(&source, &request(&source, &[], 100), None).await;
    let error = &batches[0].0.rejected[0];
    assert_eq!(error.cause, RowErrorCause::InvalidValue);
    let dead = directory.path().join("dead.jsonl");
    let mut letters = DeadLetterFile::open(&dead).unwrap();
    letters.write(error, None, NOW_MS).unwrap();
    letters.flush().unwrap();
    let letter = std::fs::read_to_string(dead).unwrap();
    assert!(letter.starts_with(envelope.strip_suffix('}').unwrap()), "{letter}");
    assert!(letter.contains("\"error\":{\"cause\":\"invalid_value\""), "{letter}");
}

#[tokio::test]
async fn letters_that_are_not_flushed_are_gone() {
    let (directory, path) = file("in.jsonl", "not json\n");
    let source = open(&config(&path), Some(&schema(&[("id", SqlType::BigInt)])));
    let batches = read_from(&source, &request(&source, &[], 100), None).await;
    let dead = directory.path().join("dead.jsonl");
    for before in [None, Some("{}\n")] {
        if let Some(before) = before {
            std::fs::write(&dead, before).unwrap();
        }
        let mut letters = DeadLetterFile::open(&dead).unwrap();
        // More than is gathered before it is written.
        for _ in 0..1_000 {
            letters.write(&batches[0].0.rejected[0], None, NOW_MS).unwrap();
        }
        drop(letters);
        assert_eq!(std::fs::read_to_string(&dead).ok().as_deref(), before);
    }
}
