//! Checkpoints of a large state, and what they cost.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use velo_common::SourceText;
use velo_data::SystemClock;
use velo_engine::{Cancel, CheckpointMetrics, Checkpoints, Job, JobStatement, Metrics, RestoredJob, RunOptions};
use velo_session::{Mode, SessionOptions, check};
use velo_state::CheckpointStore;

use crate::data::place;
use crate::measure::millions_per_second;
use crate::report::{Bar, Report, figure, group};

const GROUPS: u64 = 1_000_000;
/// As many as take the time of several checkpoints.
const ROWS: u64 = 300_000_000;
const ROUNDS: usize = 2;

/// A million groups that change all the time, with and without checkpoints.
pub(crate) fn large_state(report: &mut Report) {
    let mut with = (Duration::MAX, None);
    let mut without = Duration::MAX;
    for _ in 0..ROUNDS {
        without = without.min(run(None).0);
        let (time, checkpoint) = run(Some(Duration::from_secs(10)));
        if time < with.0 {
            with = (time, checkpoint);
        }
    }
    group("1 M groups, rows generated, results discarded, one core");
    figure("without checkpoints", millions_per_second(ROWS, without), "M/s");
    figure("with one every 10 s", millions_per_second(ROWS, with.0), "M/s");
    let ratio = without.as_secs_f64() / with.0.as_secs_f64();
    report.bar("  times the speed without", ratio, "×", Bar::AtLeast(0.95));
    let (_, checkpoint) = run(Some(Duration::from_secs(3)));
    let checkpoint = checkpoint.or(with.1).expect("a checkpoint was taken");
    figure("size of a checkpoint", checkpoint.bytes as f64 / 1e6, "MB");
    report.bar(
        "a checkpoint",
        checkpoint.duration.as_secs_f64() * 1e3,
        "ms",
        Bar::AtMost(2000.0),
    );
    report.bar(
        "  the flow stopped",
        checkpoint.stopped.as_secs_f64() * 1e3,
        "ms",
        Bar::AtMost(100.0),
    );
}

/// Counts rows by a million keys; the time that it takes, and the newest checkpoint.
fn run(interval: Option<Duration>) -> (Duration, Option<CheckpointMetrics>) {
    let text = format!(
        "CREATE STREAM rows (k BIGINT, v BIGINT) WITH (type = 'datagen_source', 'number.of.rows' = {ROWS}, \
         'fields.k.min' = 0, 'fields.k.max' = {}, 'fields.v.kind' = 'sequence');
         CREATE STREAM result AS SELECT k, COUNT(*) AS n, SUM(v) AS total FROM rows GROUP BY k EMIT FINAL;",
        GROUPS - 1
    );
    let program = check(SourceText::new("bar.sql", text), &SessionOptions::new(Mode::Run));
    assert!(program.is_valid(), "{:?}", program.diagnostics);
    let state = place("checkpoints");
    let checkpoints = interval.map(|interval| {
        let store = CheckpointStore::open(&state, "bar").expect("room for checkpoints");
        store.forget().expect("old checkpoints can be removed");
        Checkpoints {
            store: Arc::new(store),
            interval,
            retained: 1,
            last_number: 0,
        }
    });
    let progress = Arc::new(Metrics::default());
    let options = RunOptions {
        parallelism: 1,
        follow: false,
        clock: Arc::new(SystemClock),
        cancel: Cancel::default(),
        progress: Arc::clone(&progress),
        checkpoints,
    };
    let statements = program.statements.into_iter().map(|planned| JobStatement {
        planned,
        sinks: Vec::new(),
    });
    let job = Job {
        statements: statements.collect(),
        sources: program.sources,
        tables: HashMap::new(),
        restored: RestoredJob::default(),
    };
    let start = Instant::now();
    velo_engine::run(job, &options).expect("the job runs");
    (start.elapsed(), progress.checkpoint())
}
