use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::RecordBatch;
use async_trait::async_trait;
use datafusion_expr::{col, lit};
use velo_data::{SqlType, StreamBatch, StreamSchema, SystemColumn, UnknownMembers};
use velo_datasources::{
    MemorySink, NextBatch, OpenSplit, PartitionReader, ReadRequest, Sink, SinkError, SinkSummary, Source, SourceBatch,
    SourceError, SplitPosition, SplitPositions,
};
use velo_engine::{EngineError, Job, JobSink, JobStatement, RestoredJob, RunOptions, run};
use velo_planner::plan::{Distinct, LogicalPlan, Relation, Union, Values};

use crate::support::*;

fn numbers(count: i64) -> RecordBatch {
    batch(vec![("n", integers(0..count))])
}

/// Gives the same batch for ever, and counts how often.
#[derive(Debug, Clone)]
struct Endless {
    schema: StreamSchema,
    batch: RecordBatch,
    reads: Arc<AtomicU64>,
    panics_at: u64,
}

impl Endless {
    fn new(batch: RecordBatch) -> Self {
        let fields = batch
            .schema()
            .fields()
            .iter()
            .map(|field| field.as_ref().clone())
            .collect::<Vec<_>>();
        Self {
            schema: StreamSchema::of_user_columns(fields),
            batch,
            reads: Arc::default(),
            panics_at: u64::MAX,
        }
    }
}

#[async_trait]
impl Source for Endless {
    fn schema(&self) -> &StreamSchema {
        &self.schema
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
        Ok(OpenSplit::numbered(
            [Box::new(self.clone()) as Box<dyn PartitionReader>],
        ))
    }
}

#[async_trait]
impl PartitionReader for Endless {
    async fn next_batch(&mut self) -> Result<NextBatch, SourceError> {
        let read = self.reads.fetch_add(1, Ordering::SeqCst);
        assert!(read < self.panics_at, "the reader has had enough");
        Ok(NextBatch::Batch(SourceBatch {
            records: self.batch.clone(),
            rejected: vec![],
            unknown: UnknownMembers::default(),
            bytes_read: 1,
        }))
    }

    fn position(&mut self) -> Result<SplitPosition, SourceError> {
        Err(SourceError::NoPosition)
    }
}

/// Fails with the second batch.
struct Failing {
    kind: std::io::ErrorKind,
    written: u64,
}

#[async_trait]
impl Sink for Failing {
    async fn write(&mut self, _batch: &StreamBatch) -> Result<(), SinkError> {
        if self.written > 0 {
            return Err(SinkError::Io {
                destination: "pipe".into(),
                source: self.kind.into(),
            });
        }
        self.written += 1;
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    async fn finish(&mut self) -> Result<SinkSummary, SinkError> {
        Ok(SinkSummary::default())
    }
}

fn job(statements: Vec<JobStatement>, source: impl Source + 'static) -> Job {
    Job {
        statements,
        sources: HashMap::from([("input".into(), Arc::new(source) as _)]),
        tables: HashMap::new(),
        restored: RestoredJob::default(),
    }
}

fn to(name: &str, plan: LogicalPlan, sinks: Vec<Box<dyn Sink>>) -> JobStatement {
    JobStatement {
        planned: statement(name, plan),
        sinks: sinks.into_iter().map(JobSink::from).collect(),
    }
}

fn reads(name: &str, of: &RecordBatch) -> LogicalPlan {
    scan_of(Relation::Statement(name.into()), of)
}

#[test]
fn a_limit_ends_an_endless_source() {
    let source = Endless::new(numbers(10));
    let sink = MemorySink::default();
    for parallelism in [1, 3] {
        sink.take();
        let plan = with_limit(scan(&source.batch), Some(12), 3);
        let summary = run(
            job(vec![to("s", plan, vec![sink.writer()])], source.clone()),
            &options(parallelism),
        )
        .unwrap();
        let expected = ["3", "4", "5", "6", "7", "8", "9", "0", "1", "2", "3", "4"];
        assert_eq!(rows(&sink.batches()), expected);
        assert_eq!(summary.statements[0].rows_out, 12);
        assert!(!summary.interrupted);
    }
    assert!(source.reads.load(Ordering::SeqCst) < 100);
}

#[test]
fn a_limit_behind_a_keyed_operator_ends_an_endless_source() {
    let source = Endless::new(numbers(10));
    let sink = MemorySink::default();
    for parallelism in [1, 3] {
        sink.take();
        let distinct = LogicalPlan::Distinct(Distinct {
            input: Box::new(scan(&source.batch)),
        });
        let plan = with_limit(distinct, Some(7), 0);
        run(
            job(vec![to("s", plan, vec![sink.writer()])], source.clone()),
            &options(parallelism),
        )
        .unwrap();
        assert_eq!(rows(&sink.batches()).len(), 7);
    }
}

#[test]
fn a_limit_in_one_consumer_does_not_stop_another() {
    let input = numbers(100);
    let few = MemorySink::default();
    let all = MemorySink::default();
    let statements = vec![
        to("few", with_limit(reads("base", &input), Some(3), 0), vec![few.writer()]),
        to("base", with_filter(scan(&input), col("n").gt_eq(lit(50_i64))), vec![]),
        to("all", reads("base", &input), vec![all.writer()]),
    ];
    let source = memory(vec![sliced(&input, 7)]);
    let summary = run(job(statements, source), &options(2)).unwrap();
    assert_eq!(rows(&few.batches()), ["50", "51", "52"]);
    assert_eq!(rows(&all.batches()).len(), 50);
    assert_eq!(summary.statements[2].rows_in, 50);
}

#[test]
fn a_source_stops_when_all_consumers_have_what_they_want() {
    let source = Endless::new(numbers(10));
    let sinks = [MemorySink::default(), MemorySink::default()];
    let statements = vec![
        to("base", scan(&source.batch), vec![]),
        to(
            "one",
            with_limit(reads("base", &source.batch), Some(5), 0),
            vec![sinks[0].writer()],
        ),
        to(
            "two",
            with_limit(reads("base", &source.batch), Some(500), 0),
            vec![sinks[1].writer()],
        ),
    ];
    run(job(statements, source), &options(1)).unwrap();
    assert_eq!(rows(&sinks[0].batches()).len(), 5);
    assert_eq!(rows(&sinks[1].batches()).len(), 500);
}

#[test]
fn windows_close_in_statements_that_read_statements() {
    let input = batch(vec![
        ("at", integers([1000, 6000, 2000])),
        ("key", texts(["a", "a", "a"])),
    ]);
    let base = timed(scan(&input), "at", 0);
    let LogicalPlan::Scan(mut through) = reads("base", &input) else {
        unreachable!();
    };
    through.schema = through.schema.with_system(SystemColumn::EventTime);
    let windowed = by_text("key", vec![count("rows")])
        .window(tumbling(5000, 0))
        .over(LogicalPlan::Scan(through));
    for rows_per_batch in [1, 3] {
        let sink = MemorySink::default();
        let statements = vec![
            to("counts", windowed.clone(), vec![sink.writer()]),
            to("base", base.clone(), vec![]),
        ];
        let summary = run(
            job(statements, memory(vec![sliced(&input, rows_per_batch)])),
            &options(2),
        )
        .unwrap();
        assert_eq!(rows(&sink.batches()), ["a 1 0 5000", "a 1 5000 10000"]);
        assert_eq!(summary.statements[0].late.unwrap().rows, 1);
    }
}

#[test]
fn a_panic_fails_the_job_and_names_the_statement() {
    let mut source = Endless::new(numbers(10));
    source.panics_at = 5;
    let error = run(job(vec![to("s", scan(&source.batch), vec![])], source), &options(2)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`s` failed because of a defect of the engine: the reader has had enough"
    );
}

#[test]
fn a_sink_that_fails_fails_the_job() {
    let source = Endless::new(numbers(10));
    let sink = Failing {
        kind: std::io::ErrorKind::StorageFull,
        written: 0,
    };
    let error = run(
        job(vec![to("s", scan(&source.batch), vec![Box::new(sink)])], source),
        &options(2),
    )
    .unwrap_err();
    assert!(matches!(error, EngineError::Sink { .. }), "{error}");
}

#[test]
fn a_closed_pipe_ends_its_output_and_is_no_failure() {
    let source = Endless::new(numbers(10));
    let pipe = || {
        Box::new(Failing {
            kind: std::io::ErrorKind::BrokenPipe,
            written: 0,
        })
    };
    run(
        job(vec![to("s", scan(&source.batch), vec![pipe()])], source),
        &options(2),
    )
    .unwrap();
    let input = numbers(100);
    let sink = MemorySink::default();
    let source = memory(vec![sliced(&input, 10)]);
    run(
        job(vec![to("s", scan(&input), vec![pipe(), sink.writer()])], source),
        &options(1),
    )
    .unwrap();
    assert_eq!(rows(&sink.batches()).len(), 100);
}

#[test]
fn a_cancelled_job_flushes_and_says_so() {
    let source = Endless::new(numbers(10));
    let options = options(2);
    let (cancel, progress) = (options.cancel.clone(), Arc::clone(&options.progress));
    let sink = MemorySink::default();
    let running = job(vec![to("s", scan(&source.batch), vec![sink.writer()])], source);
    let thread = std::thread::spawn(move || run(running, &options).unwrap());
    while progress
        .statements()
        .first()
        .is_none_or(|statement| statement.rows_out() < 100)
    {
        std::thread::yield_now();
    }
    cancel.cancel();
    let summary = thread.join().unwrap();
    assert!(summary.interrupted);
    let statement = &summary.statements[0];
    assert_eq!(statement.rows_in, statement.rows_out);
    assert_eq!(rows(&sink.batches()).len() as u64, statement.sinks.rows_written);
}

#[test]
fn an_unfinished_window_stays_unfinished_when_the_job_is_cancelled() {
    let input = batch(vec![("at", integers([1000])), ("key", texts(["a"]))]);
    let source = Endless::new(input.clone());
    let plan = by_text("key", vec![count("rows")])
        .window(tumbling(5000, 0))
        .over(timed(scan(&input), "at", 0));
    for parallelism in [1, 3] {
        let options: RunOptions = options(parallelism);
        let (cancel, progress) = (options.cancel.clone(), Arc::clone(&options.progress));
        let sink = MemorySink::default();
        let running = job(vec![to("s", plan.clone(), vec![sink.writer()])], source.clone());
        let thread = std::thread::spawn(move || run(running, &options).unwrap());
        while progress
            .statements()
            .first()
            .is_none_or(|statement| statement.rows_in() < 100)
        {
            std::thread::yield_now();
        }
        cancel.cancel();
        assert!(thread.join().unwrap().interrupted);
        assert!(sink.batches().is_empty());
    }
}

#[test]
fn values_are_a_source() {
    let values = |rows| {
        LogicalPlan::Values(Values {
            rows,
            schema: StreamSchema::of_user_columns([SqlType::BigInt.field("a", true), SqlType::String.field("b", true)]),
        })
    };
    let row = |n: i64, t: &str| vec![lit(n), text(t)];
    let unused = numbers(1);
    assert_eq!(rows_of(values(vec![row(1, "x"), row(2, "y")]), &unused), ["1 x", "2 y"]);
    assert!(rows_of(values(vec![]), &unused).is_empty());
}

#[test]
fn records_without_a_time_get_the_time_of_reading() {
    let input = numbers(2);
    let LogicalPlan::Scan(mut stamped) = scan(&input) else {
        unreachable!();
    };
    stamped.schema = stamped.schema.with_system(SystemColumn::Timestamp);
    let sink = MemorySink::default();
    let mut options = options(1);
    options.clock = Arc::new(velo_data::ManualClock::new(1_700_000_000_000));
    let statements = vec![to("s", LogicalPlan::Scan(stamped), vec![sink.writer()])];
    run(job(statements, memory(vec![vec![input]])), &options).unwrap();
    assert_eq!(rows(&sink.batches()), ["0 1700000000000", "1 1700000000000"]);
}

#[test]
fn what_is_not_there_is_named() {
    let input = numbers(1);
    let source = || memory(vec![vec![numbers(1)]]);
    let error = run(
        job(vec![to("s", reads("nowhere", &input), vec![])], source()),
        &options(1),
    )
    .unwrap_err();
    assert_eq!(error.to_string(), "`s` reads `nowhere`, which is not part of the job");
    let circle = vec![to("a", reads("b", &input), vec![]), to("b", reads("a", &input), vec![])];
    let error = run(job(circle, source()), &options(1)).unwrap_err();
    assert_eq!(error.to_string(), "`a` reads its own output");
}

/// Statements that ask the same of a source share one reading of it, with whatever they filter.
#[test]
fn scans_that_are_alike_are_read_once() {
    let input = numbers(1000);
    let filtered = |from: i64| {
        let LogicalPlan::Scan(mut scan) = scan(&input) else {
            panic!("a scan is one");
        };
        scan.filters = vec![col("n").gt_eq(lit(from))];
        LogicalPlan::Scan(scan)
    };
    for parallelism in 1..4 {
        let source = Counting::new(memory(vec![sliced(&input, 10), sliced(&input, 30)]));
        let opened = Arc::clone(&source.opened);
        let sinks = [MemorySink::default(), MemorySink::default(), MemorySink::default()];
        // The one that comes first reads another, so that the plan begins elsewhere.
        let statements = vec![
            to(
                "both",
                union_of(reads("late", &input), filtered(990)),
                vec![sinks[0].writer()],
            ),
            to("late", filtered(500), vec![sinks[1].writer()]),
            to("few", with_limit(filtered(3), Some(4), 0), vec![sinks[2].writer()]),
        ];
        let summary = run(job(statements, source), &options(parallelism)).unwrap();
        assert_eq!(opened.load(Ordering::SeqCst), 1);
        let counts = sinks.each_ref().map(|sink| rows(&sink.batches()).len());
        assert_eq!(counts, [2 * 500 + 2 * 10, 2 * 500, 4]);
        // What is read counts for each; one statement reads another besides.
        assert_eq!(summary.statements[0].rows_in, 2000 + 1000);
        assert_eq!(summary.statements[1].rows_in, 2000);
    }
}

fn union_of(first: LogicalPlan, second: LogicalPlan) -> LogicalPlan {
    LogicalPlan::Union(Union {
        schema: first.schema().clone(),
        inputs: vec![first, second],
    })
}

/// Counts how often it is opened.
#[derive(Debug)]
struct Counting {
    source: velo_datasources::MemorySource,
    opened: Arc<AtomicU64>,
}

impl Counting {
    fn new(source: velo_datasources::MemorySource) -> Self {
        Self {
            source,
            opened: Arc::default(),
        }
    }
}

#[async_trait]
impl Source for Counting {
    fn schema(&self) -> &StreamSchema {
        Source::schema(&self.source)
    }

    fn system_columns(&self) -> &[SystemColumn] {
        Source::system_columns(&self.source)
    }

    fn estimated_bytes(&self) -> Option<u64> {
        self.source.estimated_bytes()
    }

    fn is_resumable(&self) -> bool {
        self.source.is_resumable()
    }

    async fn open(&self, request: &ReadRequest, from: Option<&SplitPositions>) -> Result<Vec<OpenSplit>, SourceError> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        self.source.open(request, from).await
    }
}
