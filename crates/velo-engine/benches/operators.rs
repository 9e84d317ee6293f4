//! What one core does with rows that are in memory already: the engine's share of every job.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run has nothing to measure")]

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringViewArray};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use datafusion_expr::{Expr, cast, col, lit};
use velo_common::Span;
use velo_data::{ChangelogMode, ManualClock, RowKind, SqlType, StreamBatch, StreamSchema, SystemColumn};
use velo_datasources::MemorySource;
use velo_engine::{
    Cancel, CompiledStage, Event, Job, JobStatement, Metrics, Output, RestoredJob, RunOptions, StageInput, run,
};
use velo_functions::{AggregateKind, ArithmeticOperator, arithmetic};
use velo_planner::physical::{JobGraph, ScanLayout, StatementLayout};
use velo_planner::plan::{
    Aggregate, AggregateCall, EmitMode, EventTime, Filter, LatePolicy, LogicalPlan, PlannedStatement, Project,
    Relation, Scan, StatementKind, StatementSettings, WatermarkPace, WatermarkRule, Window, WindowAssigner,
};

const BATCHES: i64 = 256;
const BATCH_ROWS: i64 = 8192;
const KEYS: i64 = 200;
/// Event times go on by one millisecond a row, so a window holds 60,000 rows.
const WINDOW_MS: i64 = 60_000;

fn input() -> Vec<RecordBatch> {
    (0..BATCHES).map(input_batch).collect()
}

fn input_batch(number: i64) -> RecordBatch {
    let rows = number * BATCH_ROWS..(number + 1) * BATCH_ROWS;
    let key = |row: i64| format!("key-{:04}", row.wrapping_mul(7919) % KEYS);
    let keys: Vec<String> = rows.clone().map(key).collect();
    RecordBatch::try_from_iter_with_nullable([
        (
            "key",
            Arc::new(StringViewArray::from_iter_values(keys)) as ArrayRef,
            true,
        ),
        (
            "at",
            Arc::new(Int64Array::from_iter_values(rows.clone())) as ArrayRef,
            true,
        ),
        (
            "value",
            Arc::new(Int64Array::from_iter_values(rows.clone().map(|row| row % 1000))) as ArrayRef,
            true,
        ),
        (
            "price",
            Arc::new(Float64Array::from_iter_values(
                rows.map(|row| (row % 997) as f64 / 10.0),
            )) as ArrayRef,
            true,
        ),
    ])
    .expect("columns of one length")
}

fn scan(schema: &StreamSchema, is_timed: bool) -> LogicalPlan {
    let event_time = is_timed.then(|| EventTime {
        expression: Some(cast(col("at"), SqlType::Timestamp.arrow())),
        watermark: WatermarkRule {
            out_of_orderness: Duration::ZERO,
            pace: WatermarkPace::Rows,
            idle_timeout: Duration::ZERO,
        },
    });
    LogicalPlan::Scan(Scan {
        relation: Relation::Source("input".into()),
        columns: (0..schema.user_columns()).collect(),
        event_time,
        filters: vec![],
        mode: ChangelogMode::AppendOnly,
        schema: if is_timed {
            schema.clone().with_system(SystemColumn::EventTime)
        } else {
            schema.clone()
        },
    })
}

fn projection_and_filter(schema: &StreamSchema) -> LogicalPlan {
    let input = LogicalPlan::Filter(Filter {
        input: Box::new(scan(schema, false)),
        predicate: col("value").gt(lit(499_i64)),
    });
    let times = |left: Expr, right: Expr| arithmetic::udf(ArithmeticOperator::Multiply).call(vec![left, right]);
    LogicalPlan::Project(Project {
        input: Box::new(input),
        expressions: vec![
            col("key"),
            times(col("price"), lit(1.5)),
            times(col("value"), lit(2_i64)),
        ],
        watermark: None,
        schema: StreamSchema::of_user_columns([
            SqlType::String.field("key", true),
            SqlType::Double.field("price", true),
            SqlType::BigInt.field("value", true),
        ]),
    })
}

fn tumbling(schema: &StreamSchema, emit: EmitMode) -> LogicalPlan {
    let calls = [
        ("rows", AggregateKind::Count, vec![], SqlType::BigInt),
        ("total", AggregateKind::Sum, vec![col("value")], SqlType::BigInt),
        ("mean", AggregateKind::Avg, vec![col("price")], SqlType::Double),
        ("least", AggregateKind::Min, vec![col("price")], SqlType::Double),
        ("greatest", AggregateKind::Max, vec![col("price")], SqlType::Double),
    ];
    let mut fields = vec![SqlType::String.field("key", true)];
    fields.extend(calls.iter().map(|(name, _, _, sql_type)| sql_type.field(name, true)));
    let call = |(_, kind, arguments, sql_type)| AggregateCall {
        kind,
        arguments,
        distinct: false,
        filter: None,
        sql_type,
    };
    LogicalPlan::Aggregate(Aggregate {
        input: Box::new(scan(schema, true)),
        keys: vec![col("key")],
        aggregates: calls.into_iter().map(call).collect(),
        window: Some(Window {
            assigner: WindowAssigner::Tumbling {
                size_ms: WINDOW_MS,
                offset_ms: 0,
            },
            allowed_lateness: Duration::ZERO,
            late: LatePolicy::Drop,
        }),
        emit,
        input_mode: ChangelogMode::AppendOnly,
        output_mode: if emit == EmitMode::Changes {
            ChangelogMode::Upsert
        } else {
            ChangelogMode::AppendOnly
        },
        having: None,
        schema: StreamSchema::new(fields, [SystemColumn::WindowStart]),
    })
}

fn statement(plan: LogicalPlan) -> PlannedStatement {
    PlannedStatement {
        name: "s".into(),
        kind: StatementKind::Stream,
        plan,
        sinks: vec![],
        key: vec![],
        reads: vec![],
        depends_on: vec![],
        tags: vec![],
        columns_unknown: false,
        settings: StatementSettings::default(),
        span: Span::new(0, 0),
    }
}

fn job(plan: LogicalPlan, source: &Arc<MemorySource>) -> Job {
    Job {
        statements: vec![JobStatement {
            planned: statement(plan),
            sinks: vec![],
        }],
        sources: HashMap::from([("input".into(), Arc::clone(source) as _)]),
        tables: HashMap::new(),
        restored: RestoredJob::default(),
    }
}

/// Groups of the changelog.
const CHANGED_KEYS: i64 = 10_000;

/// Rows of a changelog: half of them the old values of the others, and a tenth moves to another group.
fn changelog() -> Vec<StreamBatch> {
    let value_of = |row: i64| row.wrapping_mul(31) % 1000;
    let key_of = |id: i64, version: i64| (id + version / 10) % CHANGED_KEYS;
    let batch = |number: i64| {
        let mut columns = [Vec::new(), Vec::new()];
        let mut kinds = Vec::new();
        for row in number * BATCH_ROWS / 2..(number + 1) * BATCH_ROWS / 2 {
            let (id, version) = (row.wrapping_mul(7919) % CHANGED_KEYS, row / CHANGED_KEYS);
            if version > 0 {
                columns[0].push(key_of(id, version - 1));
                columns[1].push(value_of(row - CHANGED_KEYS));
                kinds.push(RowKind::UpdateBefore);
            }
            columns[0].push(key_of(id, version));
            columns[1].push(value_of(row));
            kinds.push(if version > 0 {
                RowKind::UpdateAfter
            } else {
                RowKind::Insert
            });
        }
        let [keys, values] = columns.map(|column| Arc::new(Int64Array::from(column)) as ArrayRef);
        let records = RecordBatch::try_from_iter_with_nullable([("key", keys, true), ("value", values, true)]);
        StreamBatch::changes(records.expect("columns of one length"), kinds.into())
    };
    (0..BATCHES).map(batch).collect()
}

/// `SELECT key, COUNT(*), SUM(value) … GROUP BY key EMIT CHANGES` over a changelog.
fn changing_groups(output_mode: ChangelogMode) -> LogicalPlan {
    let fields = |names: [&'static str; 2]| names.map(|name| SqlType::BigInt.field(name, true));
    let call = |kind, arguments| AggregateCall {
        kind,
        arguments,
        distinct: false,
        filter: None,
        sql_type: SqlType::BigInt,
    };
    LogicalPlan::Aggregate(Aggregate {
        input: Box::new(scan(&StreamSchema::of_user_columns(fields(["key", "value"])), false)),
        keys: vec![col("key")],
        aggregates: vec![
            call(AggregateKind::Count, vec![]),
            call(AggregateKind::Sum, vec![col("value")]),
        ],
        window: None,
        emit: EmitMode::Changes,
        input_mode: ChangelogMode::Retract,
        output_mode,
        having: None,
        schema: StreamSchema::of_user_columns(
            [SqlType::BigInt.field("key", true)]
                .into_iter()
                .chain(fields(["rows", "total"])),
        ),
    })
}

fn changelog_benches(criterion: &mut Criterion) {
    let batches = changelog();
    let rows: usize = batches.iter().map(StreamBatch::num_rows).sum();
    let mut group = criterion.benchmark_group("one core");
    group.throughput(Throughput::Elements(rows as u64));
    group.sample_size(10);
    for (name, mode) in [
        ("groups over a changelog", ChangelogMode::Upsert),
        ("groups over a changelog, with old values", ChangelogMode::Retract),
    ] {
        let plan = changing_groups(mode);
        let statement = statement(plan.clone());
        let layout = StatementLayout {
            scans: vec![ScanLayout::alone(1)],
            keyed_instances: 1,
            gathers_output: false,
        };
        let graph = JobGraph::new(&[(&statement, layout)]);
        let stage = CompiledStage::new(&graph.stages[0], &statement.settings);
        let tables = HashMap::new();
        let input = StageInput {
            tables: &tables,
            read: None,
            reached: &[&plan],
        };
        let run_once = || {
            let mut chain = stage.chain(&input).expect("the plan has operators");
            let mut rows_out = 0;
            for batch in &batches {
                let mut out = Output::default();
                chain
                    .push(Event::Batch(batch.clone()), &mut out)
                    .expect("the rows can be added");
                rows_out += out.take_events().len();
            }
            rows_out
        };
        group.bench_function(name, |bencher| bencher.iter(|| black_box(run_once())));
    }
    group.finish();
}

fn benches(criterion: &mut Criterion) {
    let batches = input();
    let fields = batches[0]
        .schema()
        .fields()
        .iter()
        .map(|field| field.as_ref().clone())
        .collect::<Vec<_>>();
    let schema = StreamSchema::of_user_columns(fields);
    let source = Arc::new(MemorySource::new(schema.clone(), vec![batches]));
    let plans = [
        ("projection and filter", projection_and_filter(&schema)),
        ("tumbling window", tumbling(&schema, EmitMode::Final)),
        ("tumbling window, every change", tumbling(&schema, EmitMode::Changes)),
    ];
    let mut group = criterion.benchmark_group("one core");
    group.throughput(Throughput::Elements((BATCHES * BATCH_ROWS) as u64));
    group.sample_size(10);
    for (name, plan) in plans {
        let run_once = || {
            let options = RunOptions {
                parallelism: 1,
                follow: false,
                clock: Arc::new(ManualClock::default()),
                cancel: Cancel::default(),
                progress: Arc::new(Metrics::default()),
                checkpoints: None,
            };
            run(job(plan.clone(), &source), &options).expect("the job runs")
        };
        group.bench_function(name, |bencher| bencher.iter(|| black_box(run_once())));
    }
    group.finish();
}

criterion_group!(operators, benches, changelog_benches);
criterion_main!(operators);
