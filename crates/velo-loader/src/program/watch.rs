use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use velo_data::SystemClock;
use velo_engine::{
    Cancel, EngineError, Metrics, RunOptions, StatementSummary, Table, TableBuilder, TableLoadJob, load_table,
};

use crate::{LoadAttempt, TableProgressTracker};

/// How often progress is told and a cancellation looked for while a statement runs.
const TICK: Duration = Duration::from_millis(20);

/// Runs a table's statement and those of the streams that it reads, and tells their progress meanwhile. What they have done is
/// told in this order.
pub(super) fn run_watched(
    job: TableLoadJob,
    builder: TableBuilder,
    workers: usize,
    attempt: &LoadAttempt,
) -> Result<(Table, Vec<StatementSummary>), EngineError> {
    let metrics = Arc::new(Metrics::default());
    let cancel = Cancel::default();
    let options = RunOptions {
        parallelism: workers,
        follow: false,
        clock: Arc::new(SystemClock),
        cancel: cancel.clone(),
        progress: Arc::clone(&metrics),
        checkpoints: None,
    };
    let name = job.table.name.clone();
    // The statement has workers with event loops of their own, which this thread, being in one, could not wait for.
    let loaded = thread::scope(|scope| {
        let (done, is_done) = sync_channel(1);
        let options = &options;
        let running = scope.spawn(move || {
            // Who waits is there until this thread has ended.
            let _ = done.send(load_table(job, builder, options));
        });
        let mut told = Told::default();
        loop {
            let loaded = is_done.recv_timeout(TICK);
            told.tell(&metrics, &attempt.progress);
            match loaded {
                Ok(loaded) => return Some(loaded),
                Err(RecvTimeoutError::Timeout) if attempt.cancellation.is_cancelled() => cancel.cancel(),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        running.join().unwrap_or_else(|panic| resume_unwind(panic));
        None
    });
    let interrupted = || EngineError::Interrupted {
        statement: name.clone(),
    };
    let (table, summary) = loaded.ok_or_else(interrupted)??;
    if summary.interrupted {
        return Err(interrupted());
    }
    Ok((table, summary.statements))
}

/// What has been told of a run's progress.
#[derive(Default)]
struct Told {
    rows: u64,
    bytes: u64,
}

impl Told {
    fn tell(&mut self, metrics: &Metrics, progress: &TableProgressTracker) {
        let rows = metrics
            .statements()
            .iter()
            .map(|statement| statement.rows_in())
            .sum::<u64>();
        let bytes = metrics
            .statements()
            .iter()
            .map(|statement| statement.bytes_read())
            .sum::<u64>();
        progress.add(rows - self.rows, bytes - self.bytes);
        *self = Self { rows, bytes };
    }
}
