//! Wherever a run is cut, while its files grow and are renamed: every record is read once, in order.

use std::collections::BTreeMap;

use arrow::array::AsArray as _;
use arrow::datatypes::Int64Type;
use proptest::prelude::*;
use velo_datasources::{NextBatch, OpenSplit, ReadLimits, Source, SplitPositions};

use crate::support::positions;
use crate::table_files::Files;

/// What happens next.
#[derive(Debug, Clone)]
enum Event {
    /// So many bytes of records are written behind the end of a file: if it is followed, that may be in the middle of a
    /// record, otherwise in front of a line end.
    Append { file: usize, bytes: usize },
    /// A file gets another name, while nobody reads it.
    Rename { file: usize },
    /// Every file is looked at.
    Look,
    /// What was read so far is kept, with the positions.
    Checkpoint,
    /// The run begins again at the last checkpoint.
    Crash,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let file = 0..3_usize;
    let event = prop_oneof![
        6 => (file.clone(), 1..60_usize).prop_map(|(file, bytes)| Event::Append { file, bytes }),
        1 => file.prop_map(|file| Event::Rename { file }),
        6 => Just(Event::Look),
        4 => Just(Event::Checkpoint),
        2 => Just(Event::Crash),
    ];
    prop::collection::vec(event, 1..30)
}

/// The records of each file, by the hundreds of their ids.
type Read = BTreeMap<i64, Vec<i64>>;

struct History {
    files: Files,
    extension: &'static str,
    names: Vec<String>,
    /// The part of a record by which each file goes on.
    rests: Vec<String>,
    written: Vec<i64>,
    splits: Vec<OpenSplit>,
    read: Read,
    checkpoint: (SplitPositions, Read),
}

impl History {
    fn new(extension: &'static str, follow: bool, batch_rows_max: usize, decode_threads: usize) -> Self {
        let mut files = Files::matching(&format!("*.{extension}"));
        files.config.watch = follow;
        files.request.follow = follow;
        files.request.batch_rows_max = batch_rows_max;
        files.request.decode_threads = decode_threads;
        let names: Vec<String> = (0..3).map(|file| format!("{file}.{extension}")).collect();
        for name in &names {
            files.write(name, if extension == "csv" { "text,id\n" } else { "" });
        }
        Self {
            files,
            extension,
            names,
            rests: vec![String::new(); 3],
            written: vec![0; 3],
            splits: Vec::new(),
            read: Read::new(),
            checkpoint: Default::default(),
        }
    }

    fn append(&mut self, file: usize, bytes: usize) {
        while self.rests[file].len() < bytes {
            let id = file as i64 * 1000 + self.written[file];
            self.written[file] += 1;
            let record = match (self.extension, id % 3) {
                ("csv", 0) => format!("\"line\nof {id}\",{id}\n"),
                ("csv", _) => format!("word,{id}\r\n"),
                (_, 0) => format!("{{\"id\":{id}}}\r\n\n"),
                _ => format!("{{\"id\":{id}}}\n"),
            };
            self.rests[file].push_str(&record);
        }
        let text = self.rests[file].trim_end().len();
        let cut = match (self.files.request.follow, bytes % 2) {
            (true, _) => bytes,
            (false, 0) => text,
            (false, _) => self.rests[file].len(),
        };
        let rest = self.rests[file].split_off(cut);
        let text = std::mem::replace(&mut self.rests[file], rest);
        self.files.append(&self.names[file], &text);
    }

    async fn begin(&mut self) {
        self.read = self.checkpoint.1.clone();
        let source = self.files.source().with_limits(ReadLimits {
            chunk_bytes: 16,
            parallel_bytes_min: 0,
            ..ReadLimits::default()
        });
        self.splits = source
            .open(&self.files.request, Some(&self.checkpoint.0))
            .await
            .unwrap();
    }

    async fn look(&mut self) {
        for split in &mut self.splits {
            if let NextBatch::Batch(batch) = split.reader.next_batch().await.unwrap() {
                assert_eq!(batch.rejected, []);
                for id in batch.records.column(0).as_primitive::<Int64Type>().values() {
                    self.read.entry(id / 1000).or_default().push(*id);
                }
            }
        }
    }

    fn keep(&mut self) {
        self.checkpoint = (positions(&mut self.splits), self.read.clone());
    }

    async fn happen(&mut self, event: &Event) {
        match *event {
            Event::Append { file, bytes } => self.append(file, bytes),
            Event::Rename { file } => {
                self.keep();
                let name = format!("x{}", self.names[file]);
                self.files.rename(&self.names[file], &name);
                self.names[file] = name;
                self.begin().await;
            }
            Event::Look => self.look().await,
            Event::Checkpoint => self.keep(),
            Event::Crash => self.begin().await,
        }
    }
}

async fn live_through(mut history: History, events: &[Event]) {
    history.begin().await;
    for event in events {
        history.happen(event).await;
    }
    history.keep();
    for (name, rest) in history.names.iter().zip(&history.rests) {
        history.files.append(name, rest);
    }
    history.begin().await;
    for _ in 0..2000 {
        history.look().await;
    }
    for (file, written) in (0..).zip(&history.written) {
        let expected: Vec<i64> = (0..*written).map(|id| file * 1000 + id).collect();
        assert_eq!(history.read.remove(&file).unwrap_or_default(), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_record_is_read_once(
        events in events(),
        extension in prop::sample::select(vec!["jsonl", "csv"]),
        follow in any::<bool>(),
        batch_rows_max in prop::sample::select(vec![1, 3, 1000]),
        decode_threads in prop::sample::select(vec![1, 6]),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let history = History::new(extension, follow, batch_rows_max, decode_threads);
        runtime.block_on(live_through(history, &events));
    }
}
