//! One sink that several statements write to, and that is prepared for all of them at once.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use tempfile::TempDir;
use tokio::task::{LocalSet, yield_now};
use velo_data::{SqlType, StreamBatch, StreamSchema};
use velo_datasources::{FileFormat, FileSinkConfig, Sink, SinkConfig, SinkError, SinkPosition, open_shared_sink};

use crate::support::schema;

fn ids() -> StreamSchema {
    schema(&[("id", SqlType::BigInt)])
}

fn batch(id: i64) -> StreamBatch {
    let column: ArrayRef = Arc::new(Int64Array::from(vec![id]));
    StreamBatch::inserts(RecordBatch::try_new(Arc::clone(ids().arrow()), vec![column]).unwrap())
}

/// A file in place, and so many writers of it.
struct Writers {
    _directory: TempDir,
    path: PathBuf,
    config: SinkConfig,
}

impl Writers {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("a.jsonl");
        Self {
            config: SinkConfig::File(FileSinkConfig::new(&path, FileFormat::JsonLines)).in_place(),
            _directory: directory,
            path,
        }
    }

    fn open(&self, count: usize, from: Option<&SinkPosition>) -> Vec<Box<dyn Sink>> {
        let schema = ids();
        open_shared_sink(&self.config, &vec![&schema; count], from).unwrap()
    }

    /// The ids in the file, up to a position.
    fn ids(&self, up_to: Option<SinkPosition>) -> Vec<i64> {
        let mut text = std::fs::read_to_string(&self.path).unwrap();
        if let Some(SinkPosition::File { bytes }) = up_to {
            text.truncate(usize::try_from(bytes).unwrap());
        }
        let id = |line: &str| line["{\"id\":".len()..line.len() - 1].parse().unwrap();
        let mut ids: Vec<i64> = text.lines().map(id).collect();
        ids.sort_unstable();
        ids
    }
}

const ROUNDS: i64 = 20;

/// Writes rows of its own between preparations, some more than others; tells the positions.
async fn write_in_rounds(mut writer: Box<dyn Sink>, number: i64) -> Vec<Option<SinkPosition>> {
    let mut positions = Vec::new();
    for round in 0..ROUNDS {
        for _ in 0..(number * 7 + round) % 5 {
            yield_now().await;
        }
        writer.write(&batch(round * 10 + number)).await.unwrap();
        positions.push(writer.prepare().await.unwrap());
    }
    writer.finish().await.unwrap();
    positions
}

/// All are told the same position of each round, before which the rows of that round and those before it stand, and no others.
fn check_rounds(writers: &Writers, told: &[Vec<Option<SinkPosition>>]) {
    let count = told.len() as i64;
    for (round, position) in (0..ROUNDS).zip(&told[0]) {
        assert!(position.is_some());
        for others in &told[1..] {
            assert_eq!(others[round as usize], *position, "round {round}");
        }
        let expected: Vec<i64> = (0..=round)
            .flat_map(|round| (0..count).map(move |number| round * 10 + number))
            .collect();
        assert_eq!(writers.ids(*position), expected, "round {round}");
    }
}

#[tokio::test]
async fn tasks_of_one_thread_are_prepared_together() {
    let writers = Writers::new();
    let tasks = LocalSet::new();
    let opened = (0..).zip(writers.open(4, None));
    let running: Vec<_> = opened
        .map(|(number, writer)| tasks.spawn_local(write_in_rounds(writer, number)))
        .collect();
    let told = tasks
        .run_until(async {
            let mut told = Vec::new();
            for task in running {
                told.push(task.await.unwrap());
            }
            told
        })
        .await;
    check_rounds(&writers, &told);
}

#[test]
fn threads_are_prepared_together() {
    let writers = Writers::new();
    let opened = (0..).zip(writers.open(3, None));
    let threads: Vec<_> = opened
        .map(|(number, writer)| {
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(write_in_rounds(writer, number))
            })
        })
        .collect();
    let told: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    check_rounds(&writers, &told);
}

#[tokio::test]
async fn who_goes_away_releases_the_others() {
    let ways: [&str; 3] = ["finishes", "is abandoned", "is dropped"];
    for way in ways {
        let writers = Writers::new();
        let mut opened = writers.open(2, None);
        let mut leaving = opened.remove(1);
        let mut staying = opened.remove(0);
        let tasks = LocalSet::new();
        tasks
            .run_until(async {
                staying.write(&batch(1)).await.unwrap();
                leaving.write(&batch(2)).await.unwrap();
                let waiting = tokio::task::spawn_local(async move {
                    let position = staying.prepare().await.unwrap();
                    (staying, position)
                });
                for _ in 0..10 {
                    yield_now().await;
                }
                assert!(!waiting.is_finished(), "it waits for the other");
                leaving.write(&batch(3)).await.unwrap();
                match way {
                    "finishes" => drop(leaving.finish().await.unwrap()),
                    "is abandoned" => drop(leaving.abandon().await.unwrap()),
                    _ => drop(leaving),
                }
                let (mut staying, position) = waiting.await.unwrap();
                assert_eq!(writers.ids(position), [1, 2, 3], "{way}");
                staying.write(&batch(4)).await.unwrap();
                let position = staying.prepare().await.unwrap();
                assert_eq!(writers.ids(position), [1, 2, 3, 4], "{way}");
            })
            .await;
    }
}

#[tokio::test]
async fn who_gives_up_to_wait_writes_again() {
    let writers = Writers::new();
    let mut opened = writers.open(2, None);
    let mut second = opened.remove(1);
    let mut first = opened.remove(0);
    first.write(&batch(1)).await.unwrap();
    tokio::select! {
        biased;
        _ = first.prepare() => panic!("the other has not come"),
        () = yield_now() => {}
    }
    first.write(&batch(2)).await.unwrap();
    second.write(&batch(3)).await.unwrap();
    let (one, other) = tokio::join!(first.prepare(), second.prepare());
    let position = one.unwrap();
    assert_eq!(position, other.unwrap());
    assert_eq!(writers.ids(position), [1, 2, 3]);
}

#[tokio::test]
async fn shared_files_go_on_behind_a_position() {
    let writers = Writers::new();
    let mut opened = writers.open(2, None);
    opened[0].write(&batch(1)).await.unwrap();
    opened[1].write(&batch(2)).await.unwrap();
    let (first, second) = opened.split_at_mut(1);
    let (position, _) = tokio::join!(first[0].prepare(), second[0].prepare());
    let position = position.unwrap().unwrap();
    opened[0].write(&batch(3)).await.unwrap();
    opened[1].flush().await.unwrap();
    drop(opened);
    let mut opened = writers.open(2, Some(&position));
    opened[1].write(&batch(4)).await.unwrap();
    for writer in &mut opened {
        writer.finish().await.unwrap();
    }
    assert_eq!(writers.ids(None), [1, 2, 4]);
}

#[tokio::test]
async fn all_are_told_why_nothing_is_prepared() {
    let directory = TempDir::new().unwrap();
    let config = SinkConfig::from_path(directory.path().join("a.parquet")).unwrap();
    let schema = ids();
    let mut opened = open_shared_sink(&config, &[&schema, &schema], None).unwrap();
    let (first, second) = opened.split_at_mut(1);
    let (one, other) = tokio::join!(first[0].prepare(), second[0].prepare());
    for refused in [one, other] {
        assert!(matches!(refused, Err(SinkError::CannotResume { .. })));
    }
}

#[tokio::test]
async fn a_sink_of_which_a_writer_was_dropped_does_not_replace_a_file() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a.jsonl");
    std::fs::write(&path, "old").unwrap();
    let config = SinkConfig::from_path(&path).unwrap();
    let schema = ids();
    let mut opened = open_shared_sink(&config, &[&schema, &schema], None).unwrap();
    opened[0].write(&batch(1)).await.unwrap();
    drop(opened.remove(1));
    opened[0].finish().await.unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
}
