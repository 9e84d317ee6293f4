//! Whatever happens to files between loads, a table has the rows that one load of them has now.

use std::collections::HashMap;

use proptest::prelude::*;
use velo_datasources::{Increment, ReadLimits, SourceOffset, TableDataSource, TableLoad};

use crate::table_files::{Files, Loaded, try_read};

/// What happens to one of the files, or to all.
#[derive(Debug, Clone)]
enum Event {
    /// So many bytes of records are written behind its end, which may be in the middle of a record.
    Append { file: usize, bytes: usize },
    /// Its name goes to a new file.
    Rotate { file: usize },
    /// It is made shorter, and goes on with another record.
    Truncate { file: usize, bytes: usize },
    /// Another file takes its place.
    Replace { file: usize },
    /// Other records are written to it.
    Overwrite { file: usize },
    /// It is removed.
    Remove { file: usize },
    /// The table is loaded.
    Load,
    /// The table is loaded, and files are captured before the next event and read behind it.
    SlowLoad,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let file = 0..3_usize;
    let event = prop_oneof![
        8 => (file.clone(), 1..60_usize).prop_map(|(file, bytes)| Event::Append { file, bytes }),
        2 => file.clone().prop_map(|file| Event::Rotate { file }),
        1 => (file.clone(), 0..60_usize).prop_map(|(file, bytes)| Event::Truncate { file, bytes }),
        1 => file.clone().prop_map(|file| Event::Replace { file }),
        1 => file.clone().prop_map(|file| Event::Overwrite { file }),
        1 => file.prop_map(|file| Event::Remove { file }),
        6 => Just(Event::Load),
        3 => Just(Event::SlowLoad),
    ];
    prop::collection::vec(event, 1..20)
}

/// Files, and the records that are about to be written to them.
struct History {
    files: Files,
    extension: &'static str,
    /// The part of a record by which each file goes on.
    rests: HashMap<usize, String>,
    written: usize,
    rotated: usize,
}

impl History {
    fn new(extension: &'static str, batch_rows_max: usize, decode_threads: usize) -> Self {
        let mut files = Files::matching(&format!("*.{extension}"));
        files.request.system = vec![];
        files.request.batch_rows_max = batch_rows_max;
        files.request.decode_threads = decode_threads;
        let history = Self {
            files,
            extension,
            rests: HashMap::new(),
            written: 0,
            rotated: 0,
        };
        history.files.write(&history.name(3), history.head());
        history
    }

    fn name(&self, file: usize) -> String {
        format!("{file}.{}", self.extension)
    }

    fn head(&self) -> &'static str {
        if self.extension == "csv" { "text,id\n" } else { "" }
    }

    fn size(&self, file: usize) -> Option<u64> {
        let metadata = std::fs::metadata(self.files.path(&self.name(file)));
        metadata.ok().map(|metadata| metadata.len())
    }

    /// The next bytes of the records of a file.
    fn text(&mut self, file: usize, bytes: usize) -> String {
        let mut rest = self.rests.remove(&file).unwrap_or_default();
        while rest.len() < bytes {
            self.written += 1;
            let id = self.written;
            let record = match (self.extension, id % 3) {
                ("csv", 0) => format!("\"line\nof {id}\",{id}\n"),
                ("csv", 1) => format!("\"a \"\"word\"\"\",{id}\n"),
                ("csv", _) => format!("word,{id}\r\n"),
                (_, 0) => format!("{{\"id\":{id}}}\r\n\n"),
                _ => format!("{{\"id\":{id}}}\n"),
            };
            rest.push_str(&record);
        }
        self.rests.insert(file, rest.split_off(bytes));
        rest
    }

    fn begin(&mut self, file: usize) -> String {
        self.rests.remove(&file);
        format!("{}{}", self.head(), self.text(file, 25))
    }

    fn happen(&mut self, event: &Event) {
        match *event {
            Event::Append { file, bytes } => {
                let head = if self.size(file).is_none() { self.head() } else { "" };
                let text = self.text(file, bytes);
                self.files.append(&self.name(file), &format!("{head}{text}"));
            }
            Event::Rotate { file } if self.size(file).is_some() => {
                self.rotated += 1;
                self.files
                    .rename(&self.name(file), &format!("{file}.{}.{}", self.rotated, self.extension));
                let text = self.begin(file);
                self.files.write(&self.name(file), &text);
            }
            Event::Truncate { file, bytes } => {
                if let Some(size) = self.size(file) {
                    let kept = (self.head().len() as u64).max(size.saturating_sub(bytes as u64));
                    self.files.truncate(&self.name(file), kept.min(size));
                    self.rests.remove(&file);
                }
            }
            Event::Replace { file } => {
                let text = self.begin(file);
                self.files.replace(&self.name(file), &text);
            }
            Event::Overwrite { file } => {
                let text = self.begin(file);
                self.files.write(&self.name(file), &text);
            }
            Event::Remove { file } => {
                std::fs::remove_file(self.files.path(&self.name(file))).ok();
                self.rests.remove(&file);
            }
            Event::Rotate { .. } | Event::Load | Event::SlowLoad => {}
        }
    }
}

/// A table: its rows, and how far its files were read.
#[derive(Default)]
struct Table {
    rows: Vec<String>,
    reached: Option<SourceOffset>,
}

impl Table {
    /// Captures what is new, or everything.
    async fn begin(&mut self, files: &Files) -> TableLoad {
        let source = files.source().with_limits(ReadLimits {
            chunk_bytes: 16,
            parallel_bytes_min: 64,
            ..ReadLimits::default()
        });
        if let Some(since) = &self.reached {
            match source.incremental_load(&files.request, since).await.unwrap() {
                Increment::Rows(load) => return load,
                Increment::Reload { .. } => {}
            }
        }
        *self = Self::default();
        source.bulk_load(&files.request).await.unwrap()
    }

    fn take(&mut self, loaded: &Loaded) {
        // Errors name the line, which is another one after a rotation.
        let rows = loaded.rows.lines().map(|line| match line.split_once(": ") {
            Some((cause, _)) => cause.to_owned(),
            None => line.to_owned(),
        });
        self.rows.extend(rows);
        self.rows.sort();
        self.reached = Some(loaded.reached.clone());
    }

    async fn load(&mut self, files: &Files) {
        let load = self.begin(files).await;
        self.take(&try_read(load).await.unwrap());
    }

    /// Files that are not any more what was captured may fail the load, which is tried again then.
    async fn finish(&mut self, load: TableLoad, files: &Files) {
        match try_read(load).await {
            Ok(loaded) => self.take(&loaded),
            Err(error) => {
                assert!(error.is_transient(), "{error}");
                self.load(files).await;
            }
        }
    }
}

async fn live_through(mut history: History, events: &[Event]) {
    let mut table = Table::default();
    let mut begun = None;
    for event in events {
        history.happen(event);
        if let Some(load) = begun.take() {
            table.finish(load, &history.files).await;
        }
        match event {
            Event::Load => table.load(&history.files).await,
            Event::SlowLoad => begun = Some(table.begin(&history.files).await),
            _ => {}
        }
    }
    if let Some(load) = begun.take() {
        table.finish(load, &history.files).await;
    }
    table.load(&history.files).await;
    let mut whole = Table::default();
    whole.load(&history.files).await;
    assert_eq!(table.rows, whole.rows);
}

/// A line end within quotes ends no record, also where it is the last byte that is there.
#[tokio::test]
async fn a_record_that_breaks_off_behind_a_quoted_line_end_goes_on() {
    let files = Files::matching("*.csv");
    files.write("a.csv", "text,id\n\"line\n");
    let mut table = Table::default();
    table.load(&files).await;
    files.append("a.csv", "of 1\",1\n");
    table.load(&files).await;
    let mut whole = Table::default();
    whole.load(&files).await;
    assert_eq!(table.rows, whole.rows);
    assert_eq!(whole.rows.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_table_has_the_rows_of_its_files(
        events in events(),
        extension in prop::sample::select(vec!["jsonl", "csv"]),
        batch_rows_max in prop::sample::select(vec![1, 2, 1000]),
        decode_threads in prop::sample::select(vec![1, 2]),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(live_through(History::new(extension, batch_rows_max, decode_threads), &events));
    }
}
