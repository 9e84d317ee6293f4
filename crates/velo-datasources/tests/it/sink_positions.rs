//! Sinks that go on behind what an earlier run has committed: every row is in the file once.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use tempfile::TempDir;
use velo_data::{SqlType, StreamBatch, StreamSchema};
use velo_datasources::{
    Compression, FileSinkConfig, MemorySink, SinkConfig, SinkError, SinkPosition, TextFormat, open_sink,
};

use crate::support::schema;

fn ids() -> StreamSchema {
    schema(&[("id", SqlType::BigInt)])
}

fn batch(ids_: impl IntoIterator<Item = i64>) -> StreamBatch {
    let column: ArrayRef = Arc::new(Int64Array::from_iter_values(ids_));
    StreamBatch::inserts(RecordBatch::try_new(Arc::clone(ids().arrow()), vec![column]).unwrap())
}

/// How rows get into a file that a job without end writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    InPlace,
    Append,
}

fn config(path: &Path, mode: Mode) -> SinkConfig {
    let SinkConfig::File(file) = SinkConfig::from_path(path).unwrap() else {
        panic!("a path means a file");
    };
    let append = mode == Mode::Append;
    SinkConfig::File(FileSinkConfig { append, ..file }).in_place()
}

/// The text of a file, unpacked.
fn text(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap();
    match Compression::of_path(path) {
        Compression::None => String::from_utf8(bytes).unwrap(),
        Compression::Zstd => String::from_utf8(zstd::decode_all(&bytes[..]).unwrap()).unwrap(),
        Compression::Gzip => {
            let mut text = String::new();
            flate2::read::MultiGzDecoder::new(&bytes[..])
                .read_to_string(&mut text)
                .unwrap();
            text
        }
    }
}

/// The rows as they stand in a file of its own.
async fn whole(name: &str, ids_: impl IntoIterator<Item = i64>) -> String {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join(name);
    let mut sink = open_sink(&config(&path, Mode::InPlace), &ids(), None).unwrap();
    sink.write(&batch(ids_)).await.unwrap();
    sink.finish().await.unwrap();
    text(&path)
}

/// A position, written down and read back.
fn kept(position: Option<SinkPosition>) -> SinkPosition {
    let position = position.unwrap();
    let read = serde_json::from_str(&serde_json::to_string(&position).unwrap()).unwrap();
    assert_eq!(position, read);
    read
}

const NAMES: [&str; 7] = [
    "a.csv",
    "a.csv.gz",
    "a.csv.zst",
    "a.jsonl",
    "a.jsonl.gz",
    "a.envelope.jsonl",
    "a.envelope.jsonl.zst",
];

#[tokio::test]
async fn a_file_has_what_was_committed_and_what_was_written_behind_it() {
    // More than is gathered before it is written.
    const MANY: i64 = 100_000;
    for name in NAMES {
        for mode in [Mode::InPlace, Mode::Append] {
            let directory = TempDir::new().unwrap();
            let path = directory.path().join(name);
            let config = config(&path, mode);
            config.resumes().unwrap();
            let mut sink = open_sink(&config, &ids(), None).unwrap();
            sink.write(&batch([1, 2])).await.unwrap();
            let first = kept(sink.prepare().await.unwrap());
            let SinkPosition::File { bytes } = first;
            assert_eq!(bytes, std::fs::metadata(&path).unwrap().len(), "{name} {mode:?}");
            assert_eq!(
                text(&path),
                whole(name, [1, 2]).await,
                "{name} {mode:?}: readable as it is"
            );
            assert_eq!(kept(sink.prepare().await.unwrap()), first, "nothing was written since");
            sink.write(&batch(0..MANY)).await.unwrap();
            sink.flush().await.unwrap();
            assert!(std::fs::metadata(&path).unwrap().len() > bytes);
            drop(sink);

            let mut sink = open_sink(&config, &ids(), Some(&first)).unwrap();
            assert_eq!(std::fs::metadata(&path).unwrap().len(), bytes, "{name} {mode:?}");
            sink.write(&batch([3])).await.unwrap();
            let second = kept(sink.prepare().await.unwrap());
            sink.write(&batch([4])).await.unwrap();
            drop(sink);

            let mut sink = open_sink(&config, &ids(), Some(&second)).unwrap();
            sink.write(&batch([5])).await.unwrap();
            sink.finish().await.unwrap();
            assert_eq!(text(&path), whole(name, [1, 2, 3, 5]).await, "{name} {mode:?}");

            // What is committed stays where nothing is written behind it.
            let mut sink = open_sink(&config, &ids(), Some(&second)).unwrap();
            sink.finish().await.unwrap();
            assert_eq!(text(&path), whole(name, [1, 2, 3]).await, "{name} {mode:?}");
        }
    }
}

#[tokio::test]
async fn rows_of_others_before_the_first_stay() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a.csv");
    std::fs::write(&path, "id\n7\n").unwrap();
    let config = config(&path, Mode::Append);
    let mut sink = open_sink(&config, &ids(), None).unwrap();
    let before = kept(sink.prepare().await.unwrap());
    assert_eq!(before, SinkPosition::File { bytes: 5 });
    sink.write(&batch([1])).await.unwrap();
    sink.flush().await.unwrap();
    drop(sink);
    let mut sink = open_sink(&config, &ids(), Some(&before)).unwrap();
    sink.write(&batch([2])).await.unwrap();
    sink.finish().await.unwrap();
    assert_eq!(text(&path), "id\n7\n2\n");
}

#[tokio::test]
async fn nothing_committed_is_an_empty_file() {
    for name in ["a.jsonl", "a.csv.gz"] {
        for mode in [Mode::InPlace, Mode::Append] {
            let directory = TempDir::new().unwrap();
            let path = directory.path().join(name);
            let config = config(&path, mode);
            let nothing = SinkPosition::File { bytes: 0 };
            for rows in [[1, 2], [3, 4]] {
                let mut sink = open_sink(&config, &ids(), Some(&nothing)).unwrap();
                sink.write(&batch(rows)).await.unwrap();
                sink.finish().await.unwrap();
            }
            assert_eq!(text(&path), whole(name, [3, 4]).await, "{name} {mode:?}");
        }
    }
}

#[tokio::test]
async fn a_file_that_lacks_what_was_committed_is_named() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a.csv");
    let shown = |error: SinkError| error.to_string().replace(directory.path().to_str().unwrap(), "DIR");
    let mut told = Vec::new();
    for mode in [Mode::InPlace, Mode::Append] {
        let config = config(&path, mode);
        let refused = |from| {
            shown(
                open_sink(&config, &ids(), Some(&SinkPosition::File { bytes: from }))
                    .err()
                    .unwrap(),
            )
        };
        std::fs::write(&path, "id\n1\n").unwrap();
        told.push(refused(6));
        assert_eq!(text(&path), "id\n1\n", "it is left as it is");
        std::fs::remove_file(&path).unwrap();
        told.push(refused(6));
        assert!(!path.exists());
    }
    insta::assert_snapshot!(told.join("\n"), @r"
    cannot go on writing `DIR/a.csv`: 6 bytes had been written to it, and it has 5; somebody changed it: put it back as it was, or start anew
    cannot go on writing `DIR/a.csv`: 6 bytes had been written to it, and there is no such file; somebody changed it: put it back as it was, or start anew
    cannot go on writing `DIR/a.csv`: 6 bytes had been written to it, and it has 5; somebody changed it: put it back as it was, or start anew
    cannot go on writing `DIR/a.csv`: 6 bytes had been written to it, and there is no such file; somebody changed it: put it back as it was, or start anew
    ");
}

#[tokio::test]
async fn what_cannot_be_gone_on_with_says_so() {
    let directory = TempDir::new().unwrap();
    let mut told = Vec::new();
    for name in ["a.json", "a.parquet", "a.avro", "a.csv"] {
        let path = directory.path().join(name);
        let SinkConfig::File(mut file) = SinkConfig::from_path(&path).unwrap() else {
            panic!("a path means a file");
        };
        if name == "a.json" {
            file.format = velo_datasources::FileFormat::Json;
        }
        // A file that is replaced, of the format that could be gone on with.
        let config = SinkConfig::File(file);
        let config = if name == "a.csv" { config } else { config.in_place() };
        let reason = config.resumes().unwrap_err();
        let mut sink = open_sink(&config, &ids(), None).unwrap();
        sink.write(&batch([1])).await.unwrap();
        let refused = sink.prepare().await.unwrap_err().to_string();
        assert!(refused.ends_with(&reason), "{refused}");
        told.push(refused.replace(directory.path().to_str().unwrap(), "DIR"));
        let from = SinkPosition::File { bytes: 1 };
        let opened = open_sink(&config, &ids(), Some(&from)).err().unwrap().to_string();
        assert_eq!(opened, refused);
        sink.finish().await.unwrap();
    }
    insta::assert_snapshot!(told.join("\n"), @r"
    writing `DIR/a.json` cannot go on after a restart: a JSON array is complete only at its end; write jsonlines or csv
    writing `DIR/a.parquet` cannot go on after a restart: a file in the format parquet is complete only at its end; write jsonlines or csv
    writing `DIR/a.avro` cannot go on after a restart: a file in the format avro is complete only at its end; write jsonlines or csv
    writing `DIR/a.csv` cannot go on after a restart: the file is replaced when the job ends; say 'append' = 'true'
    ");
}

#[tokio::test]
async fn what_cannot_be_taken_back_has_no_position() {
    let memory = SinkConfig::Memory(MemorySink::default());
    let stdout = SinkConfig::Stdout {
        format: TextFormat::Csv,
    };
    for config in [SinkConfig::Discard, memory, stdout] {
        config.resumes().unwrap();
        let from = SinkPosition::File { bytes: 1 };
        assert!(matches!(
            open_sink(&config, &ids(), Some(&from)),
            Err(SinkError::CannotResume { .. })
        ));
    }
    let mut sink = open_sink(&SinkConfig::Discard, &ids(), None).unwrap();
    sink.write(&batch([1])).await.unwrap();
    assert_eq!(sink.prepare().await.unwrap(), None);
}

#[cfg(unix)]
#[tokio::test]
async fn a_device_has_no_position() {
    let config = SinkConfig::File(FileSinkConfig::new("/dev/null", velo_datasources::FileFormat::Csv)).in_place();
    let mut sink = open_sink(&config, &ids(), None).unwrap();
    sink.write(&batch([1])).await.unwrap();
    assert_eq!(sink.prepare().await.unwrap(), None);
}
