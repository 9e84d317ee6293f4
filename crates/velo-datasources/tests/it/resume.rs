//! Sources that go on where an earlier run was: every record is read once.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringViewArray};
use arrow::compute::concat_batches;
use tempfile::TempDir;
use velo_data::{ManualClock, RowError, SqlType, StreamBatch, StreamSchema, SystemColumn};
use velo_datasources::{
    FileFormat, FileSource, FileSourceConfig, MemorySource, NextBatch, OpenSplit, ReadLimits, ReadRequest, SinkConfig,
    Source, SourceConfig, SplitPosition, SplitPositions, open_sink, open_source,
};

use crate::support::{NOW_MS, config, errors, file, positions, request, rows, schema};
use crate::table_files::{Files, ids};

fn records() -> StreamSchema {
    schema(&[("id", SqlType::BigInt), ("s", SqlType::String)])
}

/// Files in directories of their own.
fn files(names: &[(&str, Vec<u8>)]) -> TempDir {
    let directory = TempDir::new().unwrap();
    for (name, content) in names {
        std::fs::write(directory.path().join(name), content).unwrap();
    }
    directory
}

fn csv(from: usize) -> String {
    let record = |id: usize| match id % 4 {
        0 => format!("{id},\"two\nlines\"\r\n"),
        1 => format!("{id},plain\n\n"),
        2 => format!("x{id},malformed\n"),
        _ => format!("{id},\"a \"\"word\"\"\"\n"),
    };
    let records: String = (from..from + 20).map(record).collect();
    format!("id,s\n{records}99,no line end")
}

fn json(from: usize, record: fn(String) -> String) -> String {
    let line = |id: usize| match id % 3 {
        0 => format!("{}\r\n\n", record(format!("{{\"id\":{id},\"s\":\"é\"}}"))),
        1 => "oops\n".to_owned(),
        _ => format!("{}\n", record(format!("{{\"s\":\"x\",\"id\":{id}}}"))),
    };
    let lines: String = (from..from + 20).map(line).collect();
    format!("{lines}{}", record("{\"id\":99}".to_owned()))
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A file in the format that the name tells.
async fn write_typed(path: &Path, from: i64) {
    let id: ArrayRef = Arc::new(Int64Array::from_iter_values(from..from + 30));
    let text: ArrayRef = Arc::new(StringViewArray::from_iter_values((0..30).map(|id| id.to_string())));
    let batch = RecordBatch::try_new(Arc::clone(records().arrow()), vec![id, text]).unwrap();
    let mut sink = open_sink(&SinkConfig::from_path(path).unwrap(), &records(), None).unwrap();
    sink.write(&StreamBatch::inserts(batch)).await.unwrap();
    sink.finish().await.unwrap();
}

/// Two files of a format, as one source whose text is read in small pieces.
async fn file_source(extension: &str, limits: ReadLimits) -> (TempDir, Arc<dyn Source>) {
    let value = |record: String| record;
    let envelope = |value: String| format!("{{\"value\":{value},\"key\":\"k\"}}");
    let array = |from: usize| {
        let element = |id: usize| {
            if id % 3 == 1 {
                "oops".to_owned()
            } else {
                format!("{{\"id\":{id}}}")
            }
        };
        let elements: Vec<String> = (from..from + 20).map(element).collect();
        format!("[{}\n]\n", elements.join(" ,\n "))
    };
    let content = |from: usize| match extension {
        "csv" => csv(from).into_bytes(),
        "csv.gz" => gzip(&csv(from)),
        "csv.zst" => zstd::encode_all(csv(from).as_bytes(), 1).unwrap(),
        "jsonl" => json(from, value).into_bytes(),
        "envelope.jsonl" => json(from, envelope).into_bytes(),
        "json" => array(from).into_bytes(),
        _ => Vec::new(),
    };
    let names = [format!("a.{extension}"), format!("b.{extension}")];
    let directory = files(&[(&names[0], content(0)), (&names[1], content(100))]);
    if ["parquet", "avro"].contains(&extension) {
        write_typed(&directory.path().join(&names[0]), 0).await;
        write_typed(&directory.path().join(&names[1]), 100).await;
    }
    let path = directory.path().join(format!("*.{extension}"));
    let format = (extension == "json").then_some(FileFormat::Json);
    let config = FileSourceConfig::new(path, format);
    let clock = Arc::new(ManualClock::new(NOW_MS));
    let source = FileSource::open(&config, Some(&records()), clock).unwrap();
    (directory, Arc::new(source.with_limits(limits)))
}

fn memory() -> MemorySource {
    let batch = |id: i64| {
        let column: ArrayRef = Arc::new(Int64Array::from(vec![id, id + 1]));
        RecordBatch::try_new(Arc::clone(ids().arrow()), vec![column]).unwrap()
    };
    let partitions = vec![(0..5).map(batch).collect(), (10..13).map(batch).collect()];
    MemorySource::new(ids(), partitions)
}

fn generated(properties: &[(&str, &str)]) -> Arc<dyn Source> {
    let properties = properties
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let kind = "datagen_source";
    let config = SourceConfig::from_properties(Some(kind), &properties.collect()).unwrap();
    open_source(&config, Some(&ids())).unwrap()
}

fn nexmark() -> Arc<dyn Source> {
    let properties = [("table", "bid"), ("number.of.events", "150"), ("splits", "2")];
    let properties = properties.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let config = SourceConfig::from_properties(Some("nexmark_source"), &properties.into()).unwrap();
    open_source(&config, None).unwrap()
}

/// What a split brought: its rows, and the records that could not be read.
#[derive(Debug, Clone, Default, PartialEq)]
struct Brought {
    batches: Vec<RecordBatch>,
    rejected: Vec<RowError>,
}

impl Brought {
    /// Takes a batch of a split; `false` at its end.
    async fn take(&mut self, split: &mut OpenSplit) -> bool {
        let NextBatch::Batch(batch) = split.reader.next_batch().await.unwrap() else {
            return false;
        };
        self.batches.push(batch.records);
        self.rejected.extend(batch.rejected);
        true
    }

    /// The rows, whatever the batches.
    fn rows(&self) -> RecordBatch {
        concat_batches(self.batches[0].schema_ref(), &self.batches).unwrap()
    }
}

/// Reads so many batches of each split, and the rest from the positions behind them.
async fn read_in_two(source: &dyn Source, request: &ReadRequest, batches: usize) -> Vec<Brought> {
    let mut splits = source.open(request, None).await.unwrap();
    let mut brought = vec![Brought::default(); splits.len()];
    for _ in 0..batches {
        for (brought, split) in brought.iter_mut().zip(&mut splits) {
            brought.take(split).await;
        }
    }
    let from = positions(&mut splits);
    assert_eq!(positions(&mut splits), from, "a position stays while nothing is read");
    drop(splits);
    let mut splits = source.open(request, Some(&from)).await.unwrap();
    assert_eq!(positions(&mut splits), from, "nor does it change when it is taken up");
    for (brought, split) in brought.iter_mut().zip(&mut splits) {
        while brought.take(split).await {}
    }
    let end = positions(&mut splits);
    for split in source.open(request, Some(&end)).await.unwrap() {
        let mut split = split;
        assert!(
            !Brought::default().take(&mut split).await,
            "{} brings nothing more",
            split.id
        );
    }
    brought
}

#[tokio::test]
async fn every_record_is_read_once_wherever_reading_stops() {
    let limits = |chunk_bytes| ReadLimits {
        chunk_bytes,
        parallel_bytes_min: 0,
        ..ReadLimits::default()
    };
    let mut cases: Vec<(String, TempDir, Arc<dyn Source>)> = Vec::new();
    for extension in [
        "csv",
        "jsonl",
        "envelope.jsonl",
        "csv.gz",
        "csv.zst",
        "json",
        "parquet",
        "avro",
    ] {
        for chunk_bytes in [16, 1 << 20] {
            let (directory, source) = file_source(extension, limits(chunk_bytes)).await;
            cases.push((format!("{extension} by {chunk_bytes}"), directory, source));
        }
    }
    for (name, source) in [
        ("memory", Arc::new(memory()) as Arc<dyn Source>),
        ("datagen", generated(&[("number.of.rows", "50"), ("splits", "3")])),
        ("nexmark", nexmark()),
    ] {
        cases.push((name.to_owned(), TempDir::new().unwrap(), source));
    }
    for (name, _directory, source) in &cases {
        assert!(source.is_resumable(), "{name}");
        for (decode_threads, batch_rows_max) in [(1, 1), (1, 4), (8, 1), (8, 4)] {
            let request = ReadRequest {
                decode_threads,
                ..request(
                    source.as_ref(),
                    &[SystemColumn::Offset, SystemColumn::Partition],
                    batch_rows_max,
                )
            };
            let whole = read_in_two(source.as_ref(), &request, 0).await;
            let batches_max = whole.iter().map(|brought| brought.batches.len()).max().unwrap_or(0);
            assert!(batches_max >= 2, "{name}");
            for batches in 1..=batches_max + 1 {
                let parts = read_in_two(source.as_ref(), &request, batches).await;
                for (part, whole) in parts.iter().zip(&whole) {
                    let case = format!("{name}, {batches} batches of {batch_rows_max}, {decode_threads} threads");
                    assert_eq!(part.rows(), whole.rows(), "{case}");
                    assert_eq!(part.rejected, whole.rejected, "{case}");
                }
            }
        }
    }
}

/// Two lines, of which one is read before something happens.
const TWO: &str = "{\"id\":1}\n{\"id\":2}\n";

/// What happens to files.
type Change = fn(&Files);

/// What happens to `a.jsonl` and its neighbours, all of which match the pattern.
const HAPPENINGS: &[(&str, Change)] = &[
    ("nothing", |_| ()),
    ("appended", |files| files.append("a.jsonl", "{\"id\":3}\n")),
    ("a new file", |files| files.write("b.jsonl", "{\"id\":3}\n")),
    ("a new file in front", |files| files.write("0.jsonl", "{\"id\":3}\n")),
    ("rotated within the pattern", |files| {
        files.rename("a.jsonl", "a.1.jsonl");
        files.append("a.1.jsonl", "{\"id\":3}\n");
        files.write("a.jsonl", "{\"id\":4}\n");
    }),
    ("rotated out of the pattern", |files| {
        files.rename("a.jsonl", "a.jsonl.1");
        files.write("a.jsonl", "{\"id\":4}\n");
    }),
    ("renamed out of the pattern", |files| {
        files.rename("a.jsonl", "a.jsonl.1");
        files.write("b.jsonl", "{\"id\":4}\n");
    }),
    ("replaced", |files| {
        files.replace("a.jsonl", "{\"id\":7}\n{\"id\":8}\n{\"id\":9}\n");
    }),
    ("removed", |files| {
        std::fs::remove_file(files.path("a.jsonl")).unwrap();
        files.write("b.jsonl", "{\"id\":4}\n");
    }),
    ("cut short", |files| files.truncate("a.jsonl", 4)),
    ("written anew", |files| {
        files.write("a.jsonl", "{\"id\":7}\n{\"id\":8}\n{\"id\":9}\n");
    }),
];

fn followed(files: &mut Files) {
    files.config.watch = true;
    files.request.follow = true;
}

/// Reads so many batches of one row of the only file, and tells how far that was.
async fn read_some(files: &Files, batches: usize) -> SplitPositions {
    let request = ReadRequest {
        batch_rows_max: 1,
        ..files.request.clone()
    };
    let mut splits = files.source().open(&request, None).await.unwrap();
    for _ in 0..batches {
        Brought::default().take(&mut splits[0]).await;
    }
    positions(&mut splits)
}

/// What the splits bring until they end or wait.
async fn bring(splits: &mut [OpenSplit]) -> Result<String, velo_datasources::SourceError> {
    let mut told = Vec::new();
    for split in splits {
        let (mut batches, mut rejected) = (Vec::new(), Vec::new());
        let state = loop {
            match split.reader.next_batch().await? {
                NextBatch::Batch(batch) => {
                    batches.push(batch.records);
                    rejected.extend(batch.rejected);
                }
                NextBatch::NotYet(_) => break "waits",
                NextBatch::End => break "ends",
            }
        };
        told.push(format!(
            "{}: {}{}{state}\n",
            split.id,
            rows(batches).await,
            errors(&rejected)
        ));
    }
    Ok(told.concat())
}

/// What comes behind a position.
async fn go_on(files: &Files, from: &SplitPositions) -> String {
    let brought = match files.source().open(&files.request, Some(from)).await {
        Ok(mut splits) => bring(&mut splits).await,
        Err(error) => Err(error),
    };
    files.shown(&brought.unwrap_or_else(|error| format!("{error}\n")))
}

#[tokio::test]
async fn what_became_of_files_is_told() {
    let mut told = Vec::new();
    for (name, happen) in HAPPENINGS {
        for (batches, is_followed) in [(1, false), (2, false), (3, false), (3, true)] {
            let mut files = Files::matching("*.jsonl");
            files.write("a.jsonl", TWO);
            if is_followed {
                followed(&mut files);
            }
            let from = read_some(&files, batches).await;
            happen(&files);
            let follows = if is_followed { " and followed" } else { "" };
            told.push(format!(
                "{name}, {batches} looks before{follows}:\n{}",
                go_on(&files, &from).await
            ));
        }
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[tokio::test]
async fn files_that_can_only_be_read_whole_stay_as_they_are() {
    let mut told = Vec::new();
    for batches in [1, 3] {
        let files = Files::matching("*.jsonl.gz");
        std::fs::write(files.path("a.jsonl.gz"), gzip(TWO)).unwrap();
        let from = read_some(&files, batches).await;
        files.rename("a.jsonl.gz", "z.jsonl.gz");
        std::fs::write(files.path("b.jsonl.gz"), gzip("{\"id\":3}\n")).unwrap();
        told.push(go_on(&files, &from).await);
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(files.path("z.jsonl.gz"))
            .unwrap();
        file.write_all(&gzip("{\"id\":4}\n")).unwrap();
        told.push(go_on(&files, &from).await);
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    DIR/b.jsonl.gz: {"id":3,"_offset":0}
    ends
    DIR/z.jsonl.gz: {"id":2,"_offset":1}
    ends

    reading cannot go on where it was: `DIR/a.jsonl.gz` has changed, and can only be read whole; start anew to read what is there now

    DIR/b.jsonl.gz: {"id":3,"_offset":0}
    ends
    DIR/z.jsonl.gz: ends

    reading cannot go on where it was: `DIR/a.jsonl.gz` has changed, and can only be read whole; start anew to read what is there now
    "#);
}

#[tokio::test]
async fn a_last_record_without_line_end_is_not_read_twice() {
    let mut told = Vec::new();
    for appended in ["", "\n", "\n{\"id\":3}\n", "\r\n{\"id\":3}\n", "0}\n", " \n"] {
        for is_followed in [false, true] {
            let mut files = Files::matching("a.jsonl");
            files.write("a.jsonl", "{\"id\":1}\n{\"id\":2}");
            let from = read_some(&files, 3).await;
            if is_followed {
                followed(&mut files);
            }
            files.append("a.jsonl", appended);
            let follows = if is_followed { " and followed" } else { "" };
            told.push(format!(
                "{appended:?} appended{follows}:\n{}",
                go_on(&files, &from).await
            ));
        }
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[tokio::test]
async fn a_line_end_is_waited_for() {
    for (appended, expected) in [
        (["", "\r", "\n", "{\"id\":3}\n"], "{\"id\":3,\"_offset\":2}\n"),
        (["\n", "", "oops\n", "{\"id\":3}\n"], "{\"id\":3,\"_offset\":3}\n"),
    ] {
        let mut files = Files::matching("a.jsonl");
        files.write("a.jsonl", "{\"id\":1}\n{\"id\":2}");
        let from = read_some(&files, 3).await;
        followed(&mut files);
        let mut splits = files.source().open(&files.request, Some(&from)).await.unwrap();
        let mut brought = String::new();
        for text in appended {
            files.append("a.jsonl", text);
            brought = bring(&mut splits).await.unwrap();
        }
        assert!(brought.contains(expected), "{brought}");
    }
}

#[tokio::test]
async fn within_a_record_that_is_too_long_reading_goes_on_behind_its_line() {
    for (appended, expected) in [
        ("\n{\"id\":3}\n", "{\"id\":3,\"_offset\":2}\nwaits"),
        ("a\"}\n", "goes on in the record that was its last, and had no line end"),
    ] {
        let mut files = Files::matching("a.jsonl");
        followed(&mut files);
        files.write("a.jsonl", &format!("{{\"id\":1}}\n{{\"text\":\"{}", "a".repeat(100)));
        let source = files.source().with_limits(ReadLimits {
            chunk_bytes: 10,
            record_bytes_max: 20,
            ..ReadLimits::default()
        });
        let mut splits = source.open(&files.request, None).await.unwrap();
        let brought = bring(&mut splits).await.unwrap();
        assert!(brought.contains("the record is longer than 20 bytes"), "{brought}");
        let from = positions(&mut splits);
        files.append("a.jsonl", appended);
        let brought = go_on(&files, &from).await;
        assert!(brought.contains(expected), "{brought}");
    }
}

#[tokio::test]
async fn a_position_is_told_without_the_file() {
    for decode_threads in [1, 4] {
        let directory = TempDir::new().unwrap();
        for name in ["a.jsonl", "b.jsonl", "c.jsonl.gz"] {
            let content = if name.ends_with("gz") { gzip(TWO) } else { TWO.into() };
            std::fs::write(directory.path().join(name), content).unwrap();
        }
        for pattern in ["*.jsonl", "*.gz"] {
            let config = FileSourceConfig::new(directory.path().join(pattern), None);
            let source = FileSource::open(&config, Some(&ids()), Arc::new(ManualClock::default())).unwrap();
            let source = source.with_limits(ReadLimits {
                parallel_bytes_min: 0,
                ..ReadLimits::default()
            });
            let request = ReadRequest {
                decode_threads,
                ..request(&source, &[], 1)
            };
            let mut splits = source.open(&request, None).await.unwrap();
            Brought::default().take(&mut splits[0]).await;
            std::fs::rename(directory.path(), directory.path().with_extension("moved")).unwrap();
            let told = positions(&mut splits);
            std::fs::rename(directory.path().with_extension("moved"), directory.path()).unwrap();
            assert_ne!(told[&splits[0].id], SplitPosition::Beginning);
            for split in &splits[1..] {
                assert_eq!(
                    told[&split.id],
                    SplitPosition::Beginning,
                    "nothing was read of {}",
                    split.id
                );
            }
        }
    }
}

#[tokio::test]
async fn positions_of_other_sources_are_refused() {
    let (_directory, path) = file("a.jsonl", TWO);
    let source = FileSource::open(&config(&path), Some(&ids()), Arc::new(ManualClock::default())).unwrap();
    let from = SplitPositions::from([("0".into(), SplitPosition::Rows { next: 1 })]);
    let refused = source.open(&request(&source, &[], 1), Some(&from)).await.err().unwrap();
    assert_eq!(
        refused.to_string(),
        "reading cannot go on where it was: `0` was no file when it was read; start anew to read what is there now"
    );
    assert!(!refused.is_transient());
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_can_be_read_but_once() {
    let directory = TempDir::new().unwrap();
    let pipe = directory.path().join("a.jsonl");
    std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    let source = FileSource::open(&config(&pipe), Some(&ids()), Arc::new(ManualClock::default())).unwrap();
    assert!(!source.is_resumable());
}
