//! What holds rows back, or gives them another time, holds back the watermark too: nobody behind it finds its rows late.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion_expr::{Expr, cast, col, lit};
use proptest::prelude::*;
use velo_data::{RowErrorCause, SqlType, StreamBatch, StreamSchema, SystemColumn};
use velo_datasources::MemorySink;
use velo_engine::{Job, JobStatement, RestoredJob, run};
use velo_functions::AggregateKind as Kind;
use velo_planner::plan::{Distinct, LogicalPlan, Project, Relation, Scan, WatermarkPace};

use crate::properties::{records, table};
use crate::support::*;

/// A statement and one that counts its rows by window, within a job.
struct Pair {
    first: LogicalPlan,
    second: LogicalPlan,
}

/// How the second statement takes the time of the first one's rows.
enum TimedBy {
    /// As it comes.
    EventTime,
    /// From a column of milliseconds.
    Column(&'static str),
}

/// Counts rows of `first` in windows of `size_ms`.
fn counted(first: LogicalPlan, by: &TimedBy, size_ms: i64) -> Pair {
    let user = StreamSchema::of_user_columns(first.schema().user_fields().iter().map(|field| field.as_ref().clone()));
    let mut scan = Scan::of_all(Relation::Statement("first".into()), user);
    let scan = match by {
        TimedBy::EventTime => {
            scan.schema = scan.schema.with_system(SystemColumn::EventTime);
            LogicalPlan::Scan(scan)
        }
        TimedBy::Column(column) => timed_by(LogicalPlan::Scan(scan), column, watermark(0, WatermarkPace::Input)),
    };
    let second = grouped(vec![], vec![count("rows")])
        .window(tumbling(size_ms, 0))
        .over(scan);
    Pair { first, second }
}

/// Rows with the event time that `expression` gives.
fn retimed(plan: LogicalPlan, expression: Expr) -> LogicalPlan {
    let fields = plan.schema().user_fields().iter().map(|field| field.as_ref().clone());
    let schema = StreamSchema::of_user_columns(fields).with_system(SystemColumn::EventTime);
    let user = plan.schema().user_fields().iter().map(|field| col(field.name()));
    LogicalPlan::Project(Project {
        expressions: user.chain([cast(expression, SqlType::Timestamp.arrow())]).collect(),
        schema,
        watermark: Some(watermark(0, WatermarkPace::Input)),
        input: Box::new(plan),
    })
}

/// Statements that hold rows back, each read by a window.
fn pairs(input: &RecordBatch) -> Vec<Pair> {
    let first_at = || call("first_at", Kind::Min, vec![col("at")], SqlType::BigInt);
    let groups = || by_text("key", vec![count("n"), first_at()]).metadata(&[SystemColumn::EventTime]);
    let final_groups = || groups().over(timed(scan(input), "at", 1000));
    let windows = || {
        let mut windows = by_text("key", vec![count("n"), first_at()]).window(tumbling(5000, 0));
        windows.metadata.push(SystemColumn::EventTime);
        windows.over(timed(scan(input), "at", 1000))
    };
    // First the group of the last time: the order of groups is that of keys.
    let untimed = || by_text("key", vec![first_at()]).over(scan(input));
    vec![
        counted(final_groups(), &TimedBy::EventTime, 1000),
        counted(final_groups(), &TimedBy::Column("first_at"), 1000),
        counted(untimed(), &TimedBy::Column("first_at"), 1000),
        counted(windows(), &TimedBy::EventTime, 1000),
        counted(windows(), &TimedBy::Column("first_at"), 1000),
        counted(
            retimed(windows(), col("first_at") - lit(600_000_i64)),
            &TimedBy::EventTime,
            1000,
        ),
        counted(retimed(final_groups(), col("first_at")), &TimedBy::EventTime, 1000),
        counted(
            LogicalPlan::Distinct(Distinct {
                input: Box::new(final_groups()),
            }),
            &TimedBy::EventTime,
            1000,
        ),
    ]
}

/// The counts of windows, how many rows of the first statement they should count, and how many were late.
fn outcome(pair: &Pair, batches: Vec<RecordBatch>, parallelism: usize) -> (Vec<String>, usize, u64) {
    let (first, second) = (MemorySink::default(), MemorySink::default());
    let statement = |name: &str, plan: &LogicalPlan, sink: &MemorySink| JobStatement {
        planned: statement(name, plan.clone()),
        sinks: vec![sink.writer().into()],
    };
    let job = Job {
        statements: vec![
            statement("first", &pair.first, &first),
            statement("second", &pair.second, &second),
        ],
        sources: HashMap::from([("input".into(), Arc::new(memory(vec![batches])) as _)]),
        tables: HashMap::new(),
        restored: RestoredJob::default(),
    };
    let summary = run(job, &options(parallelism)).unwrap();
    let late = summary.statements[1].errors.get(&RowErrorCause::Late);
    let wanted = first.batches().iter().map(StreamBatch::num_rows).sum();
    (rows(&second.batches()), wanted, late.map_or(0, |late| late.rows))
}

fn total(counts: &[String]) -> usize {
    let counts = counts.iter().filter_map(|row| row.split(' ').next());
    counts.map(|count| count.parse::<usize>().unwrap()).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn rows_that_were_held_back_are_never_late(
        records in records(),
        rows_per_batch in 1_usize..40,
        parallelism in 2_usize..5,
    ) {
        let input = table(&records);
        for (index, pair) in pairs(&input).iter().enumerate() {
            let (expected, wanted, late) = outcome(pair, vec![input.clone()], 1);
            prop_assert_eq!(late, 0, "pair {}", index);
            prop_assert_eq!(total(&expected), wanted, "pair {}", index);
            for parallelism in [1, parallelism] {
                let (counts, _, late) = outcome(pair, sliced(&input, rows_per_batch), parallelism);
                prop_assert_eq!(&counts, &expected, "pair {} with {} workers", index, parallelism);
                prop_assert_eq!(late, 0, "pair {} with {} workers", index, parallelism);
            }
        }
    }
}
