//! A deployment that is killed again and again, with another number of workers each time and while its input grows, writes
//! what one writes that is left alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Workspace, stop, wait_until};

const PROGRAM: &str = "
CREATE STREAM events (k BIGINT, v BIGINT, ts BIGINT) WITH (path = 'events-*.jsonl', watch = true,
  'polling.interval' = '5ms', 'event.time.field' = 'ts', 'event.time.format' = 'epoch_millis');
CREATE STREAM kept AS SELECT k, v FROM events WHERE v % 3 <> 0
  WITH (path = 'kept.jsonl', 'flush.interval' = '5ms', 'checkpoint.interval' = '40ms');
CREATE STREAM packed AS SELECT v FROM kept WITH (path = 'packed.csv.gz', 'flush.interval' = '5ms');
CREATE STREAM appended AS SELECT v FROM events WHERE v % 2 = 0
  WITH (path = 'appended.csv', append = true, 'flush.interval' = '5ms');
CREATE STREAM totals AS SELECT k, COUNT(*) AS n, SUM(v) AS total FROM kept GROUP BY k
  WITH (path = 'totals.envelope.jsonl', 'flush.interval' = '5ms', 'max.groups' = 1000);
CREATE STREAM sizes AS SELECT n % 10 AS size, COUNT(*) AS keys FROM totals GROUP BY n % 10
  WITH (path = 'sizes.envelope.jsonl', 'flush.interval' = '5ms', 'max.groups' = 1000);
CREATE STREAM windows AS SELECT k, _window_start AS at, COUNT(*) AS n, SUM(v) AS total FROM events
  GROUP BY k WINDOW TUMBLING(1s) WITH (path = 'windows.jsonl', 'flush.interval' = '5ms');
";

const FILES: u64 = 3;
const KEYS: u64 = 17;
/// Milliseconds of event time between two events of a file.
const STEP_MS: u64 = 40;
const START_MS: u64 = 1_700_000_000_000;

/// Numbers that look random and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Event `number` of a file.
#[derive(Clone, Copy)]
struct Event {
    k: u64,
    v: u64,
    ts: u64,
}

impl Event {
    fn of(file: u64, number: u64) -> Self {
        let v = number * FILES + file;
        Self {
            k: v * 7 % KEYS,
            v,
            ts: START_MS + number * STEP_MS,
        }
    }
}

/// Appends events to all files in portions of any size, which may end within a record.
fn write_events(workspace: &Workspace, per_file: u64, numbers: &mut Numbers) {
    let texts: Vec<String> = (0..FILES)
        .map(|file| {
            let mut text = String::new();
            for number in 0..per_file {
                let Event { k, v, ts } = Event::of(file, number);
                writeln!(text, "{{\"k\":{k},\"v\":{v},\"ts\":{ts}}}").unwrap();
            }
            text
        })
        .collect();
    let mut written = vec![0; texts.len()];
    while texts.iter().zip(&written).any(|(text, written)| *written < text.len()) {
        let file = numbers.below(FILES) as usize;
        let end = (written[file] + 1 + numbers.below(6_000) as usize).min(texts[file].len());
        workspace.append(&format!("events-{file}.jsonl"), &texts[file][written[file]..end]);
        written[file] = end;
        thread::sleep(Duration::from_millis(numbers.below(50)));
    }
}

fn deploy(workspace: &Workspace, parallelism: u64) -> Child {
    let parallelism = parallelism.to_string();
    let mut command = workspace.command(&["deploy", "query.sql", "--parallelism", &parallelism]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn newest_checkpoint(workspace: &Workspace) -> u64 {
    let names = std::fs::read_dir(workspace.path(".velo/checkpoints/query"))
        .into_iter()
        .flatten();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter_map(|name| name.parse().ok()).max().unwrap_or(0)
}

fn lines_of(workspace: &Workspace, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(workspace.path(name)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

/// The last values of each key of a changelog.
fn folded(workspace: &Workspace, name: &str) -> BTreeMap<u64, Value> {
    let mut rows = BTreeMap::new();
    for line in lines_of(workspace, name) {
        let envelope: Value = serde_json::from_str(&line).unwrap();
        let key = number(&envelope["key"]);
        if envelope["kind"] == "delete" {
            rows.remove(&key);
        } else {
            rows.insert(key, envelope["value"].clone());
        }
    }
    rows
}

/// `VELO_KILLS` says how often; the short form runs with all tests.
fn kills() -> u64 {
    std::env::var("VELO_KILLS")
        .ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(8)
}

#[test]
fn every_row_is_there_once_however_often_the_process_is_killed() {
    let kills = kills();
    let per_file = 400 * kills;
    let workspace = Workspace::with(&[("query.sql", PROGRAM), ("appended.csv", "v\n-1\n")]);
    for file in 0..FILES {
        workspace.write(&format!("events-{file}.jsonl"), b"");
    }
    let mut numbers = Numbers(kills);
    thread::scope(|scope| {
        let workspace = &workspace;
        let mut writer_numbers = Numbers(numbers.below(1 << 30));
        scope.spawn(move || write_events(workspace, per_file, &mut writer_numbers));
        for kill in 0..kills {
            let mut child = deploy(workspace, 1 + kill % 4);
            thread::sleep(Duration::from_millis(150 + numbers.below(800)));
            assert_eq!(child.try_wait().unwrap(), None, "it runs until it is killed");
            child.kill().unwrap();
            child.wait().unwrap();
        }
    });
    let events: Vec<Event> = (0..per_file)
        .flat_map(|number| (0..FILES).map(move |file| Event::of(file, number)))
        .collect();
    let kept: Vec<&Event> = events.iter().filter(|event| event.v % 3 != 0).collect();
    // The last window of each key is open: no event says that its time is over.
    let open_from = (START_MS + (per_file - 1) * STEP_MS) / 1000 * 1000;
    let mut windows: BTreeMap<(u64, u64), (u64, u64)> = BTreeMap::new();
    for event in events.iter().filter(|event| event.ts < open_from) {
        let (n, total) = windows.entry((event.ts / 1000 * 1000, event.k)).or_default();
        (*n, *total) = (*n + 1, *total + event.v);
    }
    let before = newest_checkpoint(&workspace);
    let child = deploy(&workspace, 2);
    wait_until("all rows", || {
        // What was behind the checkpoint when the process was killed is there again.
        newest_checkpoint(&workspace) > before + 2
            && lines_of(&workspace, "kept.jsonl").len() >= kept.len()
            && lines_of(&workspace, "windows.jsonl").len() >= windows.len()
    });
    let outcome = stop(child);
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("go on from checkpoint"), "{}", outcome.stderr);

    let mut values: Vec<u64> = lines_of(&workspace, "kept.jsonl")
        .iter()
        .map(|line| number(&serde_json::from_str::<Value>(line).unwrap()["v"]))
        .collect();
    values.sort_unstable();
    assert_eq!(values, kept.iter().map(|event| event.v).collect::<Vec<_>>());

    let packed = std::fs::read(workspace.path("packed.csv.gz")).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(&packed[..]), &mut text).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("v"));
    let mut values: Vec<u64> = lines.map(|line| line.parse().unwrap()).collect();
    values.sort_unstable();
    assert_eq!(values, kept.iter().map(|event| event.v).collect::<Vec<_>>());

    let appended = lines_of(&workspace, "appended.csv");
    assert_eq!(appended[..2], ["v", "-1"], "what was there stays");
    let mut values: Vec<u64> = appended[2..].iter().map(|line| line.parse().unwrap()).collect();
    values.sort_unstable();
    let even: Vec<u64> = events.iter().map(|event| event.v).filter(|v| v % 2 == 0).collect();
    assert_eq!(values, even);

    let mut totals: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    for event in &kept {
        let (n, total) = totals.entry(event.k).or_default();
        (*n, *total) = (*n + 1, *total + event.v);
    }
    let written = folded(&workspace, "totals.envelope.jsonl");
    let written: BTreeMap<u64, (u64, u64)> = written
        .into_iter()
        .map(|(k, value)| (k, (number(&value["n"]), number(&value["total"]))))
        .collect();
    assert_eq!(written, totals);

    let mut sizes: BTreeMap<u64, u64> = BTreeMap::new();
    for (n, _) in totals.values() {
        *sizes.entry(n % 10).or_default() += 1;
    }
    let written = folded(&workspace, "sizes.envelope.jsonl");
    let written: BTreeMap<u64, u64> = written
        .into_iter()
        .map(|(size, value)| (size, number(&value["keys"])))
        .collect();
    assert_eq!(written, sizes);

    let mut written = BTreeMap::new();
    for line in lines_of(&workspace, "windows.jsonl") {
        let row: Value = serde_json::from_str(&line).unwrap();
        let key = (number(&row["at"]), number(&row["k"]));
        let before = written.insert(key, (number(&row["n"]), number(&row["total"])));
        assert_eq!(before, None, "{line}: a window comes out once");
    }
    assert_eq!(written, windows);
}
