use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use tempfile::TempDir;
use velo_data::{RowKind, SqlType, StreamBatch, StreamSchema};
use velo_datasources::{
    FileFormat, FileSinkConfig, Sink, SinkConfig, SinkError, SinkSummary, TextFormat, WriterSink, open_sink,
};

use crate::support::{file, schema};

fn ids() -> StreamSchema {
    schema(&[("id", SqlType::BigInt)])
}

fn batch(ids_: &[i64]) -> StreamBatch {
    let column: ArrayRef = Arc::new(Int64Array::from(ids_.to_vec()));
    StreamBatch::inserts(RecordBatch::try_new(Arc::clone(ids().arrow()), vec![column]).unwrap())
}

async fn write(config: &SinkConfig, batches: &[StreamBatch]) -> SinkSummary {
    let mut sink = open_sink(config, &ids(), None).unwrap();
    for batch in batches {
        sink.write(batch).await.unwrap();
    }
    sink.finish().await.unwrap()
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[tokio::test]
async fn files_are_replaced_when_the_sink_finishes() {
    let (directory, path) = file("out.csv", "old\n");
    let config = SinkConfig::from_path(&path).unwrap();
    let mut sink = open_sink(&config, &ids(), None).unwrap();
    sink.write(&batch(&[1, 2])).await.unwrap();
    sink.flush().await.unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "old\n");
    let summary = sink.finish().await.unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "id\n1\n2\n");
    let expected = SinkSummary {
        rows_written: 2,
        bytes_written: 7,
        ..SinkSummary::default()
    };
    assert_eq!(summary, expected);
    assert_eq!(names(directory.path()), ["out.csv"]);
}

#[tokio::test]
async fn a_sink_that_does_not_finish_leaves_nothing() {
    let (directory, path) = file("out.jsonl", "old\n");
    let mut sink = open_sink(&SinkConfig::from_path(&path).unwrap(), &ids(), None).unwrap();
    sink.write(&batch(&[1])).await.unwrap();
    sink.flush().await.unwrap();
    drop(sink);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "old\n");
    assert_eq!(names(directory.path()), ["out.jsonl"]);
}

#[tokio::test]
async fn an_abandoned_sink_leaves_the_file_as_it_was() {
    let names_of_files = [
        "a.csv",
        "a.jsonl",
        "a.json",
        "a.envelope.jsonl",
        "a.csv.gz",
        "a.jsonl.zst",
        "a.parquet",
        "a.avro",
    ];
    for name in names_of_files {
        for append in [false, true] {
            let SinkConfig::File(mut config) = SinkConfig::from_path(Path::new("x").with_file_name(name)).unwrap()
            else {
                unreachable!()
            };
            config.append = append && !["a.json", "a.parquet", "a.avro", "a.csv.gz", "a.jsonl.zst"].contains(&name);
            for before in [None, Some("old")] {
                let directory = TempDir::new().unwrap();
                config.path = directory.path().join(name);
                if let Some(before) = before {
                    std::fs::write(&config.path, before).unwrap();
                }
                let mut sink = open_sink(&SinkConfig::File(config.clone()), &ids(), None).unwrap();
                // More than is gathered before it is written.
                let many: Vec<i64> = (0..100_000).collect();
                sink.write(&batch(&many)).await.unwrap();
                assert_eq!(sink.abandon().await.unwrap(), SinkSummary::default());
                drop(sink);
                assert_eq!(
                    std::fs::read_to_string(&config.path).ok().as_deref(),
                    before,
                    "{name} {append}"
                );
                assert_eq!(
                    names(directory.path()).len(),
                    usize::from(before.is_some()),
                    "{name} {append}"
                );
            }
        }
    }
}

#[tokio::test]
async fn appended_rows_are_seen_when_they_are_flushed() {
    let (_directory, path) = file("a.csv", "id\n1");
    let mut config = FileSinkConfig::new(&path, FileFormat::Csv);
    config.append = true;
    let mut sink = open_sink(&SinkConfig::File(config), &ids(), None).unwrap();
    sink.write(&batch(&[2])).await.unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "id\n1");
    sink.flush().await.unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "id\n1\n2\n");
    // Somebody else appends, too.
    std::fs::write(&path, "id\n1\n2\n3\n").unwrap();
    sink.write(&batch(&[4])).await.unwrap();
    sink.abandon().await.unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "id\n1\n2\n3\n");
}

#[tokio::test]
async fn rows_are_appended_behind_one_header() {
    let directory = TempDir::new().unwrap();
    let mut config = FileSinkConfig::new(directory.path().join("out.csv"), FileFormat::Csv);
    config.append = true;
    for id in [1, 2] {
        write(&SinkConfig::File(config.clone()), &[batch(&[id])]).await;
    }
    assert_eq!(std::fs::read_to_string(&config.path).unwrap(), "id\n1\n2\n");
    std::fs::write(&config.path, "id\n1").unwrap();
    write(&SinkConfig::File(config.clone()), &[batch(&[2])]).await;
    assert_eq!(std::fs::read_to_string(&config.path).unwrap(), "id\n1\n2\n");
}

#[tokio::test]
async fn an_empty_result_is_an_empty_file() {
    let directory = TempDir::new().unwrap();
    let cases = [("a.csv", "id\n"), ("a.jsonl", ""), ("a.envelope.jsonl", "")];
    for (name, expected) in cases {
        let path = directory.path().join(name);
        write(&SinkConfig::from_path(&path).unwrap(), &[]).await;
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected, "{name}");
    }
}

#[tokio::test]
async fn deletes_are_skipped_or_written_and_counted() {
    let directory = TempDir::new().unwrap();
    let changes = StreamBatch::changes(batch(&[1, 2]).records, [RowKind::Insert, RowKind::Delete].into());
    let cases = [
        ("a.csv", "id\n1\n", 1),
        ("a.jsonl", "{\"id\":1}\n", 1),
        (
            "a.envelope.jsonl",
            "{\"value\":{\"id\":1},\"kind\":\"insert\"}\n{\"value\":{\"id\":2},\"kind\":\"delete\"}\n",
            0,
        ),
    ];
    for (name, expected, skipped) in cases {
        let path = directory.path().join(name);
        let summary = write(&SinkConfig::from_path(&path).unwrap(), std::slice::from_ref(&changes)).await;
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected, "{name}");
        assert_eq!((summary.rows_written, summary.deletes_skipped), (2 - skipped, skipped));
    }
}

#[tokio::test]
async fn nan_is_counted() {
    let directory = TempDir::new().unwrap();
    let schema = schema(&[("x", SqlType::Double)]);
    let column: ArrayRef = Arc::new(Float64Array::from(vec![f64::NAN]));
    let records = RecordBatch::try_new(Arc::clone(schema.arrow()), vec![column]).unwrap();
    let config = SinkConfig::from_path(directory.path().join("a.jsonl")).unwrap();
    let mut sink = open_sink(&config, &schema, None).unwrap();
    sink.write(&StreamBatch::inserts(records)).await.unwrap();
    assert_eq!(sink.finish().await.unwrap().non_finite_as_null, 1);
}

#[test]
fn places_that_cannot_be_written() {
    let directory = TempDir::new().unwrap();
    let refused = |path: &str| {
        let config = FileSinkConfig::new(directory.path().join(path), FileFormat::Csv);
        let error = open_sink(&SinkConfig::File(config.clone()), &ids(), None)
            .err()
            .unwrap();
        error.to_string().replace(directory.path().to_str().unwrap(), "DIR")
    };
    assert_eq!(
        refused("no/out.csv"),
        "cannot write `DIR/no/out.csv`: there is no directory `DIR/no`"
    );
    assert_eq!(refused(""), "cannot write `DIR/`: it is a directory");
}

#[cfg(unix)]
#[tokio::test]
async fn devices_and_links_are_written_to_not_replaced() {
    let config = SinkConfig::File(FileSinkConfig::new("/dev/null", FileFormat::Csv));
    assert_eq!(write(&config, &[batch(&[1])]).await.rows_written, 1);
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());

    let (directory, path) = file("real.csv", "old");
    let link = directory.path().join("link.csv");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    write(&SinkConfig::from_path(&link).unwrap(), &[batch(&[1])]).await;
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "id\n1\n");
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
}

struct ClosedPipe;

impl std::io::Write for ClosedPipe {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_closed_pipe_is_told_apart() {
    let mut sink = WriterSink::new(Box::new(ClosedPipe), "stdout", TextFormat::JsonLines, &ids());
    sink.write(&batch(&[1])).await.unwrap();
    let error = sink.flush().await.unwrap_err();
    assert!(error.is_closed_pipe());
    assert!(matches!(error, SinkError::Io { destination, .. } if destination == "stdout"));
}

#[tokio::test]
async fn discarded_rows_are_counted() {
    assert_eq!(
        write(&SinkConfig::Discard, &[batch(&[1, 2]), batch(&[3])])
            .await
            .rows_written,
        3
    );
}
