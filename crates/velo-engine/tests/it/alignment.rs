//! Sources whose rows meet are read side by side in event time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use arrow::array::RecordBatch;
use async_trait::async_trait;
use velo_data::{SqlType, StreamSchema, SystemColumn, UnknownMembers};
use velo_datasources::{
    NextBatch, OpenSplit, PartitionReader, ReadRequest, Source, SourceBatch, SourceError, SplitPosition, SplitPositions,
};
use velo_engine::{Job, JobStatement, RestoredJob, run};
use velo_planner::plan::{LogicalPlan, Relation, Union};

use crate::support::*;

/// As far as a source may be ahead of another.
const AHEAD_MS: i64 = 60_000;

/// How far each of several sources has been read, and the farthest that one was ahead of another that had more.
#[derive(Debug, Default)]
struct Progress {
    reached: Mutex<HashMap<&'static str, i64>>,
    ahead_ms_max: AtomicI64,
}

/// Rows whose event times are `step_ms` apart, a batch of one row at a time.
#[derive(Debug, Clone)]
struct Paced {
    name: &'static str,
    rows: i64,
    step_ms: i64,
    next: i64,
    progress: Arc<Progress>,
}

fn rows_at(at_ms: i64) -> RecordBatch {
    batch(vec![("at", integers([at_ms]))])
}

fn schema() -> StreamSchema {
    StreamSchema::of_user_columns([SqlType::BigInt.field("at", true)])
}

#[async_trait]
impl Source for Paced {
    fn schema(&self) -> &StreamSchema {
        static SCHEMA: std::sync::LazyLock<StreamSchema> = std::sync::LazyLock::new(schema);
        &SCHEMA
    }

    fn system_columns(&self) -> &[SystemColumn] {
        &[]
    }

    fn estimated_bytes(&self) -> Option<u64> {
        None
    }

    fn is_resumable(&self) -> bool {
        false
    }

    async fn open(
        &self,
        _request: &ReadRequest,
        _from: Option<&SplitPositions>,
    ) -> Result<Vec<OpenSplit>, SourceError> {
        self.progress.reached.lock().unwrap().insert(self.name, 0);
        Ok(OpenSplit::numbered(
            [Box::new(self.clone()) as Box<dyn PartitionReader>],
        ))
    }
}

#[async_trait]
impl PartitionReader for Paced {
    async fn next_batch(&mut self) -> Result<NextBatch, SourceError> {
        let mut reached = self.progress.reached.lock().unwrap();
        if self.next == self.rows {
            reached.remove(self.name);
            return Ok(NextBatch::End);
        }
        let at_ms = self.next * self.step_ms;
        // What was handed out before is what it is measured by: the next batch may go beyond.
        let ahead = reached
            .values()
            .map(|other| reached[self.name] - other)
            .max()
            .unwrap_or(0);
        self.progress.ahead_ms_max.fetch_max(ahead, Ordering::Relaxed);
        reached.insert(self.name, at_ms);
        self.next += 1;
        Ok(NextBatch::Batch(SourceBatch {
            records: rows_at(at_ms),
            rejected: vec![],
            unknown: UnknownMembers::default(),
            bytes_read: 1,
        }))
    }

    fn position(&mut self) -> Result<SplitPosition, SourceError> {
        Err(SourceError::NoPosition)
    }
}

/// The farthest that one of two sources was ahead, and how many rows came out of windows over both.
fn run_both(plan: impl Fn(LogicalPlan, LogicalPlan) -> LogicalPlan, parallelism: usize) -> i64 {
    let progress = Arc::new(Progress::default());
    let source = |name, rows, step_ms| Paced {
        name,
        rows,
        step_ms,
        next: 0,
        progress: Arc::clone(&progress),
    };
    // An hour each: the first has few rows, far apart, and could be read long before the second.
    let sources: [Paced; 2] = [source("sparse", 60, 60_000), source("dense", 3_600, 1_000)];
    let timed_scan = |name: &str| timed(scan_of(Relation::Source(name.into()), &rows_at(0)), "at", 0);
    let statements = vec![JobStatement {
        planned: statement("s", plan(timed_scan("sparse"), timed_scan("dense"))),
        sinks: vec![],
    }];
    let job = Job {
        statements,
        sources: sources
            .into_iter()
            .map(|source| (source.name.to_owned(), Arc::new(source) as Arc<dyn Source>))
            .collect(),
        tables: HashMap::new(),
        restored: RestoredJob::default(),
    };
    run(job, &options(parallelism)).unwrap();
    progress.ahead_ms_max.load(Ordering::Relaxed)
}

fn union(first: LogicalPlan, second: LogicalPlan) -> LogicalPlan {
    LogicalPlan::Union(Union {
        schema: first.schema().clone(),
        inputs: vec![first, second],
    })
}

#[test]
fn the_inputs_of_a_union_stay_together_in_event_time() {
    for parallelism in 1..4 {
        let ahead_ms = run_both(union, parallelism);
        // One batch of the sparse source may go beyond.
        assert!(ahead_ms <= AHEAD_MS + 60_000, "{ahead_ms} ms at {parallelism}");
    }
}
