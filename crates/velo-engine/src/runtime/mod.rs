//! Runs the statements of a job: workers, their tasks, sources and sinks around the operators.
//!
//! An instance of a stage is a [`task::Task`]. A fixed number of threads, the workers, run them; a task stays with its worker.

mod alignment;
mod batch_size;
mod build;
mod checkpoint;
mod flush;
mod idleness;
mod ledger;
mod open_sinks;
mod readers;
mod reading;
mod scans;
mod sink_output;
mod source_input;
mod split;
mod stop;
mod task;
mod worker;

use std::collections::HashMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use velo_data::Clock;
use velo_datasources::{Sink, Source};
use velo_planner::plan::PlannedStatement;

use open_sinks::Ending;
use stop::Stop;

pub use checkpoint::{Checkpoints, RestoredInput, RestoredJob, SplitState};
pub use stop::Cancel;

use crate::error::EngineError;
use crate::metrics::Metrics;
use crate::summary::JobSummary;
use crate::table::JoinedTable;

/// Statements that run together.
pub struct Job {
    /// The statements, in any order; they may read each other.
    pub statements: Vec<JobStatement>,
    /// The sources that they read, by the name that their plans use.
    pub sources: HashMap<String, Arc<dyn Source>>,
    /// The tables that they read or look up, by the name that their plans use.
    pub tables: HashMap<String, JoinedTable>,
    /// What it goes on from.
    pub restored: RestoredJob,
}

/// A statement, and where its rows go.
pub struct JobStatement {
    /// What it computes.
    pub planned: PlannedStatement,
    /// Each gets every row. None: only other statements do.
    pub sinks: Vec<JobSink>,
}

/// A sink, by its name.
pub struct JobSink {
    /// What checkpoints call it. Sinks that several statements write to have one name; one of which nothing is remembered, such
    /// as the standard output, has an empty one.
    pub name: String,
    /// What takes the rows.
    pub sink: Box<dyn Sink>,
}

/// A sink without a name, as of jobs that take no checkpoints.
impl From<Box<dyn Sink>> for JobSink {
    fn from(sink: Box<dyn Sink>) -> Self {
        Self {
            name: String::new(),
            sink,
        }
    }
}

/// How a job runs.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Threads that run operators, instances of each keyed operator, and most tasks that share the splits of a source; from 1
    /// to [`KEY_GROUPS`](crate::KEY_GROUPS).
    ///
    /// Which rows come out does not depend on it. Nor does their order when results are final (each group once, by
    /// window and key); of changes, and of rows from several partitions, the order holds within each key or partition.
    pub parallelism: usize,
    /// Whether sources that grow, such as watched files, are followed until the job is cancelled; otherwise they are read
    /// to the end that is met.
    pub follow: bool,
    /// The time of day, for records that have no time of their own.
    pub clock: Arc<dyn Clock>,
    /// Ends the job early.
    pub cancel: Cancel,
    /// Is kept up to date while the job runs.
    pub progress: Arc<Metrics>,
    /// How checkpoints are taken, if they are. Then a job that is asked to end takes a last one first.
    pub checkpoints: Option<Checkpoints>,
}

/// Most key groups can be divided among.
const PARALLELISM_MAX: usize = crate::keys::KEY_GROUPS as usize;

/// Runs a job until its sources have ended, its limits are reached, or it is cancelled.
///
/// Workers are threads of their own, so readers and sinks may block. The call itself blocks too; asynchronous
/// callers put it on a thread for blocking work.
///
/// # Errors
///
/// The first failure of any statement ends the whole job. A panic of a worker is such a failure, and so are
/// records of a source of which none can be read, unless the policy of the statement is to skip them.
///
/// A job that ends early, because it failed or was cancelled, leaves the files of its sinks as they were, unless it
/// follows its sources: then what was written until then is kept.
pub fn run(job: Job, options: &RunOptions) -> Result<JobSummary, EngineError> {
    run_from(job, options, SourceStart::Beginning)
}

/// Where the reading of sources begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SourceStart {
    Beginning,
    /// Behind what has been read before: that nothing can be read of the rest says little about how it is read.
    Increment,
}

/// As [`run`], of which sources may begin elsewhere.
pub(crate) fn run_from(job: Job, options: &RunOptions, start: SourceStart) -> Result<JobSummary, EngineError> {
    let started = Instant::now();
    let parallelism = options.parallelism.clamp(1, PARALLELISM_MAX);
    let stop = Arc::new(Stop::new(options.cancel.clone()));
    let built = build::build(job, parallelism, options, start, &stop)?;
    let coordinator = built.coordinator.and_then(|coordinator| coordinator.start(&stop));
    let workers = built.workers.into_iter().enumerate();
    let threads: Vec<_> = workers
        .map(|(number, tasks)| worker::spawn(number, tasks, &stop))
        .collect();
    // A worker has caught the panics of its tasks and reported their failures; there is nothing else to learn from it.
    let sinks = threads
        .into_iter()
        .flatten()
        .flat_map(JoinHandle::join)
        .flatten()
        .collect();
    if let Some(coordinator) = coordinator
        && let Err(panic) = coordinator.join()
    {
        stop.fail(EngineError::CoordinatorPanicked {
            message: worker::message_of(panic.as_ref()),
        });
    }
    let interrupted = stop.was_interrupted();
    let failed = stop.take_error();
    // A job that follows its sources keeps what came until then: it is expected to end before its input does.
    let is_partial = !options.follow && (interrupted || failed.is_some());
    let closed = if is_partial { Ending::Abandon } else { Ending::Finish }.close(sinks);
    // Dead letters tell why a run failed. What an interrupted one did not finish is read again the next time.
    if options.follow || !interrupted {
        let flushed = built.ledgers.iter().try_for_each(|ledger| ledger.flush());
        failed.map_or(Ok(()), Err).and(closed).and(flushed)?;
    } else {
        failed.map_or(Ok(()), Err).and(closed)?;
    }
    Ok(JobSummary {
        statements: built.ledgers.iter().map(|ledger| ledger.summary()).collect(),
        interrupted,
        elapsed: started.elapsed(),
    })
}
