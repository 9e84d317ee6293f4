//! Sources that grow while a job runs.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use velo_data::{ManualClock, SqlType, StreamBatch, StreamSchema};
use velo_datasources::{FileFormat, FileSource, FileSourceConfig, MemorySink};
use velo_engine::{Cancel, EngineError, Job, JobStatement, JobSummary, RestoredJob, RunOptions, run};
use velo_planner::plan::{WatermarkPace, WatermarkRule};

use crate::support::*;

/// Longer than anything takes that these tests wait for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `is_so`; false if it does not come about.
fn comes_about(is_so: impl Fn() -> bool) -> bool {
    let began = Instant::now();
    while !is_so() {
        if began.elapsed() > PATIENCE {
            return false;
        }
        thread::sleep(Duration::from_millis(2));
    }
    true
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// A statement that reads the column `n` of the watched files that `path` stands for.
fn watching(path: &Path, polling_interval: Duration, limit: Option<u64>, sink: &MemorySink) -> Job {
    let config = FileSourceConfig {
        watch: true,
        polling_interval,
        ..FileSourceConfig::new(path, FileFormat::JsonLines)
    };
    let declared = StreamSchema::of_user_columns([SqlType::BigInt.field("n", true)]);
    let source = FileSource::open(&config, Some(&declared), Arc::new(ManualClock::new(0))).unwrap();
    let shape = batch(vec![("n", integers(0..1))]);
    let plan = match limit {
        Some(limit) => with_limit(scan(&shape), Some(limit), 0),
        None => scan(&shape),
    };
    Job {
        statements: vec![JobStatement {
            planned: statement("s", plan),
            sinks: vec![sink.writer().into()],
        }],
        sources: [("input".into(), Arc::new(source) as _)].into(),
        tables: HashMap::new(),
        restored: RestoredJob::default(),
    }
}

fn rows_in(sink: &MemorySink) -> usize {
    sink.batches().iter().map(StreamBatch::num_rows).sum()
}

type Running = thread::JoinHandle<Result<JobSummary, EngineError>>;

fn start(job: Job, parallelism: usize) -> (Running, Cancel) {
    let options = RunOptions {
        follow: true,
        ..options(parallelism)
    };
    let cancel = options.cancel.clone();
    (thread::spawn(move || run(job, &options)), cancel)
}

#[test]
fn a_job_follows_its_files_until_it_is_cancelled() {
    for parallelism in [1, 2] {
        let directory = tempfile::tempdir().unwrap();
        let (one, other) = (directory.path().join("1.jsonl"), directory.path().join("2.jsonl"));
        std::fs::write(&one, "{\"n\":1}\n{\"n\":2}").unwrap();
        std::fs::write(&other, "").unwrap();
        let sink = MemorySink::default();
        let pattern = directory.path().join("*.jsonl");
        let (job, cancel) = start(watching(&pattern, Duration::from_millis(3), None, &sink), parallelism);
        assert!(comes_about(|| rows_in(&sink) == 1), "the second line has no end yet");
        append(&other, "{\"n\":3}\n{\"n\":4}\n");
        assert!(
            comes_about(|| rows_in(&sink) == 3),
            "one file does not keep the other from being read"
        );
        append(&one, "\n");
        assert!(comes_about(|| rows_in(&sink) == 4));
        cancel.cancel();
        assert!(comes_about(|| job.is_finished()));
        let summary = job.join().unwrap().unwrap();
        assert!(summary.interrupted);
        assert_eq!((summary.statements[0].rows_in, summary.statements[0].rows_out), (4, 4));
    }
}

#[test]
fn a_long_polling_interval_does_not_hold_up_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("1.jsonl");
    std::fs::write(&path, "{\"n\":1}\n").unwrap();
    let sink = MemorySink::default();
    let (job, cancel) = start(watching(&path, Duration::from_hours(1), None, &sink), 1);
    assert!(comes_about(|| rows_in(&sink) == 1));
    cancel.cancel();
    assert!(comes_about(|| job.is_finished()));
    assert!(job.join().unwrap().unwrap().interrupted);
}

#[test]
fn a_limit_ends_a_job_that_follows() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("1.jsonl");
    std::fs::write(&path, "{\"n\":1}\n").unwrap();
    let sink = MemorySink::default();
    let (job, _) = start(watching(&path, Duration::from_millis(3), Some(2), &sink), 2);
    assert!(comes_about(|| rows_in(&sink) == 1));
    append(&path, "{\"n\":2}\n{\"n\":3}\n");
    assert!(comes_about(|| job.is_finished()));
    assert!(!job.join().unwrap().unwrap().interrupted);
    assert_eq!(rows_in(&sink), 2);
}

#[test]
fn a_file_that_is_cut_short_fails_the_job() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("1.jsonl");
    std::fs::write(&path, "{\"n\":1}\n").unwrap();
    let sink = MemorySink::default();
    let (job, _) = start(watching(&path, Duration::from_millis(3), None, &sink), 1);
    assert!(comes_about(|| rows_in(&sink) == 1));
    std::fs::write(&path, "").unwrap();
    assert!(comes_about(|| job.is_finished()));
    let error = job.join().unwrap().unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("was cut short while it was read"), "{cause}");
}

/// Counts rows in windows of a second of `n`, which is milliseconds; a file that brings nothing for `idle_timeout` is idle.
fn counting(pattern: &Path, idle_timeout: Duration, sink: &MemorySink) -> Job {
    let mut job = watching(pattern, Duration::from_millis(3), None, sink);
    let rule = WatermarkRule {
        idle_timeout,
        ..watermark(0, WatermarkPace::Rows)
    };
    let shape = batch(vec![("n", integers(0..1))]);
    job.statements[0].planned.plan = grouped(vec![], vec![count("rows")])
        .window(tumbling(1000, 0))
        .over(timed_by(scan(&shape), "n", rule));
    job
}

#[test]
fn an_idle_file_holds_nothing_back() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (directory.path().join("1.jsonl"), directory.path().join("2.jsonl"));
    std::fs::write(&one, "{\"n\":100}\n{\"n\":1500}\n").unwrap();
    std::fs::write(&other, "{\"n\":200}\n").unwrap();
    let pattern = directory.path().join("*.jsonl");
    for parallelism in [1, 2] {
        let sink = MemorySink::default();
        let (job, cancel) = start(counting(&pattern, Duration::from_millis(20), &sink), parallelism);
        // The clock stands still in 1970, so that event time does not go on by itself.
        assert!(comes_about(|| rows_in(&sink) == 1), "the second file is waited for");
        assert_eq!(rows(&sink.batches()), ["2 0 1000"]);
        cancel.cancel();
        job.join().unwrap().unwrap();
    }
}

#[test]
fn with_all_files_idle_event_time_goes_on_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("1.jsonl");
    std::fs::write(&path, "{\"n\":100}\n").unwrap();
    let sink = MemorySink::default();
    let options = RunOptions {
        follow: true,
        clock: Arc::new(ManualClock::new(10_000)),
        ..options(1)
    };
    let cancel = options.cancel.clone();
    let counting = counting(&path, Duration::from_millis(20), &sink);
    let job = thread::spawn(move || run(counting, &options));
    assert!(comes_about(|| rows_in(&sink) == 1));
    assert_eq!(rows(&sink.batches()), ["1 0 1000"]);
    cancel.cancel();
    job.join().unwrap().unwrap();
}
