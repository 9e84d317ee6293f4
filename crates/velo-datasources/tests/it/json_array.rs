//! Files that are one JSON array.

use std::path::Path;
use std::sync::Arc;

use velo_data::{ManualClock, SqlType, StreamBatch, SystemColumn};
use velo_datasources::{
    FileFormat, FileSinkConfig, FileSource, FileSourceConfig, NextBatch, SinkConfig, Source, open_sink,
};

use crate::support::{file, open, read_all, read_from, readers, request, rows, schema};

fn json(path: &Path) -> FileSourceConfig {
    FileSourceConfig::new(path, FileFormat::Json)
}

#[tokio::test]
async fn elements_are_records() {
    let (_directory, path) = file(
        "a.json",
        "\u{feff}[\n  {\"id\": 1},\n  {\"id\": oops},\n  {\"id\": 3}\n]\n",
    );
    let (rows, errors) = read_all(&open(&json(&path), None), &[SystemColumn::Offset]).await;
    assert_eq!(rows, "{\"id\":1,\"_offset\":0}\n{\"id\":3,\"_offset\":2}\n");
    assert_eq!(errors, "malformed: a.json:3: expected a value at byte 8\n");
}

#[tokio::test]
async fn reading_goes_on_from_any_offset() {
    let elements: Vec<String> = (0..40).map(|id| format!("{{\"id\":{id}}}")).collect();
    let (_directory, path) = file("a.json", format!("[{}]", elements.join(",\n")));
    let source = open(&json(&path), None);
    let wanted = request(&source, &[SystemColumn::Offset], 7);
    let batches = read_from(&source, &wanted, None).await;
    let records = |batches: &[(velo_datasources::SourceBatch, _)]| -> Vec<_> {
        batches.iter().map(|(batch, _)| batch.records.clone()).collect()
    };
    let all = rows(records(&batches)).await;
    for (index, (_, position)) in batches.iter().enumerate() {
        let rest = read_from(&source, &wanted, Some(position)).await;
        let joined = rows(records(&batches[..=index]).into_iter().chain(records(&rest))).await;
        assert_eq!(joined, all);
    }
}

/// What keeps a file from being sampled, and from being read to its end.
async fn refusal(name: &str, text: &str, format: Option<FileFormat>) -> String {
    let (directory, path) = file(name, text);
    let config = FileSourceConfig::new(&path, format);
    let clock = || Arc::new(ManualClock::default());
    let sampled = FileSource::open(&config, None, clock()).err();
    let declared = FileSource::open(&config, Some(&schema(&[("id", SqlType::BigInt)])), clock()).unwrap();
    let mut reader = readers(&declared, &request(&declared, &[], 2), None).await.remove(0);
    let mut rows = 0;
    let read = loop {
        match reader.next_batch().await {
            Ok(NextBatch::Batch(batch)) => rows += batch.records.num_rows(),
            Ok(_) => break None,
            Err(error) => break Some(error),
        }
    };
    let shown = |error: Option<velo_datasources::SourceError>| {
        error.map_or("fine".to_owned(), |error| {
            error.to_string().replace(directory.path().to_str().unwrap(), "DIR")
        })
    };
    format!("sampled: {}\nread: {rows} rows, {}\n", shown(sampled), shown(read))
}

#[tokio::test]
async fn what_is_no_array_is_an_error_of_the_file() {
    let json = Some(FileFormat::Json);
    let told = [
        refusal("a.json", "{\"id\":1}\n{\"id\":2}\n", json).await,
        refusal("a.json", "[{\"id\":1},{\"id\":2},\n", json).await,
        refusal("a.json", "[{\"id\":1},{\"id\":2}\n", json).await,
        refusal("a.json", "[{\"id\":1},{\"id\":2}]\n{}", json).await,
        refusal("a.json", "[{\"id\":1},{\"id\":2}", json).await,
        refusal("a.json", "[]", json).await,
        refusal("a.json", "", json).await,
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    sampled: cannot decode `DIR/a.json`: line 1: this is one object, not an array; if it has one object a line, use the format `jsonlines`
    read: 0 rows, cannot decode `DIR/a.json`: line 1: this is one object, not an array; if it has one object a line, use the format `jsonlines`

    sampled: cannot decode `DIR/a.json`: line 2: the array is never closed: `]` is missing
    read: 2 rows, cannot decode `DIR/a.json`: line 2: the array is never closed: `]` is missing

    sampled: cannot decode `DIR/a.json`: line 2: the array is never closed: `]` is missing
    read: 2 rows, cannot decode `DIR/a.json`: line 2: the array is never closed: `]` is missing

    sampled: cannot decode `DIR/a.json`: line 2: text goes on behind the `]` that closes the array
    read: 2 rows, cannot decode `DIR/a.json`: line 2: text goes on behind the `]` that closes the array

    sampled: cannot decode `DIR/a.json`: line 1: the array is never closed: `]` is missing
    read: 2 rows, cannot decode `DIR/a.json`: line 1: the array is never closed: `]` is missing

    sampled: fine
    read: 0 rows, fine

    sampled: fine
    read: 0 rows, fine
    ");
    let (directory, path) = file("a.json", "[{\"id\":1}]");
    let refused = FileSource::open(
        &FileSourceConfig::new(&path, None),
        None,
        Arc::new(ManualClock::default()),
    );
    let refused = refused
        .unwrap_err()
        .to_string()
        .replace(directory.path().to_str().unwrap(), "DIR");
    insta::assert_snapshot!(refused, @"cannot decode `DIR/a.json`: it is a JSON array, not one object a line; say 'format' = 'json'");
}

async fn write(path: &Path, append: bool, ids: &[i64]) -> Result<(), String> {
    let (_directory, input) = file(
        "in.jsonl",
        ids.iter().map(|id| format!("{{\"id\":{id}}}\n")).collect::<String>(),
    );
    let source = open(
        &FileSourceConfig::new(&input, None),
        Some(&schema(&[("id", SqlType::BigInt)])),
    );
    let mut config = FileSinkConfig::new(path, FileFormat::Json);
    config.append = append;
    let mut sink =
        open_sink(&SinkConfig::File(config.clone()), source.schema(), None).map_err(|error| error.to_string())?;
    for (batch, _) in read_from(&source, &request(&source, &[], 2), None).await {
        sink.write(&StreamBatch::inserts(batch.records)).await.unwrap();
    }
    sink.finish().await.unwrap();
    Ok(())
}

#[tokio::test]
async fn arrays_are_written_and_read_back() {
    for name in ["a.json", "a.json.gz"] {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join(name);
        write(&path, false, &[]).await.unwrap();
        assert_eq!(read_all(&open(&json(&path), None), &[]).await.0, "");
        write(&path, false, &[1, 2, 3]).await.unwrap();
        assert_eq!(
            read_all(&open(&json(&path), None), &[]).await.0,
            "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n"
        );
        let refused = write(&path, true, &[4]).await.unwrap_err();
        assert!(
            refused.contains("cannot be appended to; write the format `jsonlines`"),
            "{refused}"
        );
    }
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("a.json");
    write(&path, true, &[1]).await.unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "[\n{\"id\":1}\n]\n");
}
