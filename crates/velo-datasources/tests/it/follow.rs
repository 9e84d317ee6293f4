//! Files that are read while they grow.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use velo_data::{ManualClock, SqlType, StreamSchema, SystemColumn};
use velo_datasources::{
    Compression, FileFormat, FileSource, FileSourceConfig, NextBatch, PartitionReader, ReadRequest, SplitPositions,
};

use crate::support::{config, errors, file, open, read_all, readers, request, rows, schema};

const POLLING_INTERVAL: Duration = Duration::from_millis(7);

fn watched(path: &Path) -> FileSourceConfig {
    FileSourceConfig {
        watch: true,
        polling_interval: POLLING_INTERVAL,
        ..config(path)
    }
}

fn ids() -> StreamSchema {
    schema(&[("id", SqlType::BigInt)])
}

/// A reader that follows the file.
async fn follow(config: &FileSourceConfig, from: Option<&SplitPositions>) -> Box<dyn PartitionReader> {
    let source = open(config, Some(&ids()));
    let request = ReadRequest {
        follow: true,
        decode_threads: 4,
        ..request(&source, &[SystemColumn::Offset], 1000)
    };
    readers(&source, &request, from).await.remove(0)
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// What the reader brings until it is caught up, or at its end.
async fn caught_up(reader: &mut dyn PartitionReader) -> String {
    let (mut batches, mut rejected) = (Vec::new(), Vec::new());
    let state = loop {
        match reader.next_batch().await {
            Ok(NextBatch::Batch(batch)) => {
                batches.push(batch.records);
                rejected.extend(batch.rejected);
            }
            Ok(NextBatch::NotYet(pause)) => {
                assert_eq!(pause, POLLING_INTERVAL);
                break "…".to_owned();
            }
            Ok(NextBatch::End) => break "end".to_owned(),
            Err(error) => break error.to_string(),
        }
    };
    format!("{}{}{state}", rows(batches).await, errors(&rejected))
}

#[tokio::test]
async fn what_is_appended_is_read_by_whole_lines() {
    let (_directory, path) = file("a.jsonl", "{\"id\":1}\n{\"id\"");
    let mut reader = follow(&watched(&path), None).await;
    let first = "{\"id\":1,\"_offset\":0}\n…";
    assert_eq!(caught_up(reader.as_mut()).await, first);
    assert_eq!(caught_up(reader.as_mut()).await, "…");
    append(&path, ":2}");
    assert_eq!(caught_up(reader.as_mut()).await, "…", "the line may go on");
    append(&path, "\nx\n{\"id\":3}\n");
    assert_eq!(
        caught_up(reader.as_mut()).await,
        "{\"id\":2,\"_offset\":1}\n{\"id\":3,\"_offset\":3}\nmalformed: a.jsonl:3: expected an object at byte 1\n…"
    );

    let position = SplitPositions::from([(path.to_str().unwrap().into(), reader.position().unwrap())]);
    let mut later = follow(&watched(&path), Some(&position)).await;
    append(&path, "{\"id\":4}\n");
    let fourth = "{\"id\":4,\"_offset\":4}\n…";
    assert_eq!(caught_up(later.as_mut()).await, fourth, "goes on where the other was");
    assert_eq!(caught_up(reader.as_mut()).await, fourth);
}

#[tokio::test]
async fn a_file_may_be_empty_and_its_header_under_way() {
    let (_directory, path) = file("a.csv", "");
    let mut reader = follow(
        &FileSourceConfig {
            skip_lines: 1,
            ..watched(&path)
        },
        None,
    )
    .await;
    for part in ["", "\u{FEFF}a comment", " of one line\n", "name,i"] {
        append(&path, part);
        assert_eq!(caught_up(reader.as_mut()).await, "…", "{part}");
    }
    append(&path, "d\n");
    assert_eq!(caught_up(reader.as_mut()).await, "…");
    append(&path, "\"several\nlines");
    assert_eq!(caught_up(reader.as_mut()).await, "…");
    append(&path, "\",1\n");
    assert_eq!(caught_up(reader.as_mut()).await, "{\"id\":1,\"_offset\":0}\n…");
}

#[tokio::test]
async fn envelopes_are_followed_and_a_maximum_ends_it() {
    let (_directory, path) = file("a.envelope.jsonl", "{\"value\":{\"id\":1}}\n");
    let mut reader = follow(
        &FileSourceConfig {
            max_records: Some(2),
            ..watched(&path)
        },
        None,
    )
    .await;
    assert_eq!(caught_up(reader.as_mut()).await, "{\"id\":1,\"_offset\":0}\n…");
    append(&path, "{\"value\":{\"id\":2}}\n{\"value\":{\"id\":3}}\n");
    assert_eq!(caught_up(reader.as_mut()).await, "{\"id\":2,\"_offset\":1}\nend");
    assert_eq!(caught_up(reader.as_mut()).await, "end");
}

#[tokio::test]
async fn who_does_not_ask_to_follow_reads_to_the_end() {
    let (_directory, path) = file("a.jsonl", "{\"id\":1}\n{\"id\":2}");
    let source = open(&watched(&path), Some(&ids()));
    assert_eq!(read_all(&source, &[]).await.0, "{\"id\":1}\n{\"id\":2}\n");
    let unwatched = FileSourceConfig {
        watch: false,
        ..watched(&path)
    };
    let mut reader = follow(&unwatched, None).await;
    assert!(
        caught_up(reader.as_mut()).await.ends_with("end"),
        "only what is watched is followed"
    );
}

/// What happens to a file.
type Change = fn(&Path);

#[tokio::test]
async fn files_that_do_not_grow_are_told() {
    let mut told = Vec::new();
    let changes: [(&str, Change); 3] = [
        ("shorter", |path| std::fs::write(path, "{\"id\":7}\n").unwrap()),
        ("removed", |path| std::fs::remove_file(path).unwrap()),
        ("replaced", |path| {
            append(path, "{\"id\":3}\n");
            std::fs::rename(path, path.with_extension("old")).unwrap();
            std::fs::write(path, "{\"id\":4}\n{\"id\":5}\n{\"id\":6}\n{\"id\":7}\n").unwrap();
        }),
    ];
    for (name, change) in changes {
        let (directory, path) = file("a.jsonl", "{\"id\":1}\n{\"id\":2}\n");
        let mut reader = follow(&watched(&path), None).await;
        caught_up(reader.as_mut()).await;
        change(&path);
        let text = caught_up(reader.as_mut()).await;
        told.push(format!(
            "{name}: {}",
            text.replace(directory.path().to_str().unwrap(), "DIR")
        ));
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn what_cannot_grow_cannot_be_watched() {
    let open = |name: &str, change: fn(&mut FileSourceConfig)| {
        let (directory, path) = file(name, "[]");
        let mut config = FileSourceConfig::new(directory.path(), None);
        (config.watch, config.path) = (true, path);
        change(&mut config);
        let refused = FileSource::open(&config, Some(&ids()), Arc::new(ManualClock::default())).unwrap_err();
        refused.to_string().replace(directory.path().to_str().unwrap(), "DIR")
    };
    let told = [
        open("a.jsonl.gz", |_| ()),
        open("a.csv", |config| config.compression = Some(Compression::Zstd)),
        open("a.json", |config| config.format = Some(FileFormat::Json)),
        open("a.parquet", |_| ()),
        open("a.avro", |_| ()),
    ];
    insta::assert_snapshot!(told.join("\n"));
}
