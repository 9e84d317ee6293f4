//! Plans in a few words, and runs whose rows are text.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringViewArray,
};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion_common::ScalarValue;
use datafusion_expr::{Expr, cast, col, lit};
use velo_common::Span;
use velo_data::{ChangelogMode, ManualClock, SqlType, StreamBatch, StreamSchema, SystemColumn};
use velo_datasources::{MemorySink, MemorySource};
use velo_engine::{
    Cancel, Chain, CompileError, CompiledStage, EngineError, Job, JobStatement, JobSummary, JoinedTable, Metrics,
    OperatorState, RestoredJob, RunOptions, StageInput, run,
};
use velo_functions::AggregateKind;
use velo_planner::physical::{JobGraph, OperatorId, ScanLayout, StatementLayout};
use velo_planner::plan::{
    Aggregate, AggregateCall, EmitMode, EventTime, Filter, LatePolicy, Limit, LogicalPlan, PlannedStatement, Project,
    Relation, Scan, Sort, SortKey, StatementKind, StatementSettings, Values, WatermarkPace, WatermarkRule, Window,
    WindowAssigner,
};

/// Columns with names.
pub(crate) fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true))).unwrap()
}

pub(crate) fn integers(values: impl IntoIterator<Item = impl Into<Option<i64>>>) -> ArrayRef {
    Arc::new(values.into_iter().map(Into::into).collect::<Int64Array>())
}

pub(crate) fn floats(values: impl IntoIterator<Item = impl Into<Option<f64>>>) -> ArrayRef {
    Arc::new(values.into_iter().map(Into::into).collect::<Float64Array>())
}

pub(crate) fn texts<'a>(values: impl IntoIterator<Item = impl Into<Option<&'a str>>>) -> ArrayRef {
    Arc::new(values.into_iter().map(Into::into).collect::<StringViewArray>())
}

pub(crate) fn booleans(values: impl IntoIterator<Item = impl Into<Option<bool>>>) -> ArrayRef {
    Arc::new(values.into_iter().map(Into::into).collect::<BooleanArray>())
}

pub(crate) fn dates(values: impl IntoIterator<Item = impl Into<Option<i32>>>) -> ArrayRef {
    Arc::new(values.into_iter().map(Into::into).collect::<Date32Array>())
}

pub(crate) fn decimals(
    precision: u8,
    scale: i8,
    values: impl IntoIterator<Item = impl Into<Option<i128>>>,
) -> ArrayRef {
    let array = values.into_iter().map(Into::into).collect::<Decimal128Array>();
    Arc::new(array.with_precision_and_scale(precision, scale).unwrap())
}

/// A literal of text, with the type that the planner gives it.
pub(crate) fn text(value: &str) -> Expr {
    lit(ScalarValue::Utf8View(Some(value.to_owned())))
}

pub(crate) fn decimal(precision: u8, scale: i8) -> SqlType {
    SqlType::Decimal { precision, scale }
}

/// A scan of all columns of batches like `batch`, with these metadata columns of the source.
pub(crate) fn scan(batch: &RecordBatch) -> LogicalPlan {
    scan_of(Relation::Source("input".into()), batch)
}

pub(crate) fn scan_of(relation: Relation, batch: &RecordBatch) -> LogicalPlan {
    let fields = batch
        .schema()
        .fields()
        .iter()
        .map(|field| field.as_ref().clone())
        .collect::<Vec<_>>();
    LogicalPlan::Scan(Scan {
        relation,
        columns: (0..fields.len()).collect(),
        event_time: None,
        filters: vec![],
        mode: ChangelogMode::AppendOnly,
        schema: StreamSchema::of_user_columns(fields),
    })
}

/// Takes event time from a column of milliseconds.
pub(crate) fn timed(plan: LogicalPlan, column: &str, out_of_orderness_ms: u64) -> LogicalPlan {
    timed_by(plan, column, watermark(out_of_orderness_ms, WatermarkPace::Rows))
}

pub(crate) fn watermark(out_of_orderness_ms: u64, pace: WatermarkPace) -> WatermarkRule {
    WatermarkRule {
        out_of_orderness: Duration::from_millis(out_of_orderness_ms),
        pace,
        idle_timeout: Duration::from_hours(24),
    }
}

pub(crate) fn timed_by(plan: LogicalPlan, column: &str, watermark: WatermarkRule) -> LogicalPlan {
    let LogicalPlan::Scan(mut scan) = plan else {
        panic!("only scans take event time");
    };
    scan.event_time = Some(EventTime {
        expression: Some(cast(col(column), SqlType::Timestamp.arrow())),
        watermark,
    });
    scan.schema = scan.schema.with_system(SystemColumn::EventTime);
    LogicalPlan::Scan(scan)
}

pub(crate) fn with_filter(plan: LogicalPlan, predicate: Expr) -> LogicalPlan {
    let input = Box::new(plan);
    LogicalPlan::Filter(Filter { input, predicate })
}

pub(crate) fn with_limit(plan: LogicalPlan, limit: Option<u64>, offset: u64) -> LogicalPlan {
    let input = Box::new(plan);
    LogicalPlan::Limit(Limit { input, limit, offset })
}

/// `ORDER BY` columns, each with whether it is `DESC` and whether it is `NULLS FIRST`.
pub(crate) fn ordered(plan: LogicalPlan, keys: &[(&str, bool, bool)], rows_max: Option<u64>) -> LogicalPlan {
    let key = |(column, descending, nulls_first): &(&str, bool, bool)| SortKey {
        column: (*column).to_owned(),
        descending: *descending,
        nulls_first: *nulls_first,
    };
    LogicalPlan::Sort(Sort {
        by_window: plan.schema().system(SystemColumn::WindowStart).is_some(),
        input: Box::new(plan),
        keys: keys.iter().map(key).collect(),
        rows_max,
    })
}

pub(crate) fn project(plan: LogicalPlan, items: Vec<(&str, SqlType, Expr)>) -> LogicalPlan {
    let fields = items.iter().map(|(name, sql_type, _)| sql_type.field(name, true));
    LogicalPlan::Project(Project {
        schema: StreamSchema::of_user_columns(fields.collect::<Vec<_>>()),
        expressions: items.into_iter().map(|(_, _, expression)| expression).collect(),
        input: Box::new(plan),
        watermark: None,
    })
}

/// An aggregate with a name for its column.
pub(crate) fn call(name: &'static str, kind: AggregateKind, arguments: Vec<Expr>, sql_type: SqlType) -> Named {
    Named {
        name,
        call: AggregateCall {
            kind,
            arguments,
            distinct: false,
            filter: None,
            sql_type,
        },
    }
}

pub(crate) fn count(name: &'static str) -> Named {
    call(name, AggregateKind::Count, vec![], SqlType::BigInt)
}

pub(crate) fn sum(name: &'static str, column: &str) -> Named {
    call(name, AggregateKind::Sum, vec![col(column)], SqlType::BigInt)
}

#[derive(Clone)]
pub(crate) struct Named {
    pub(crate) name: &'static str,
    pub(crate) call: AggregateCall,
}

impl Named {
    pub(crate) fn distinct(mut self) -> Self {
        self.call.distinct = true;
        self
    }

    pub(crate) fn filtered(mut self, filter: Expr) -> Self {
        self.call.filter = Some(filter);
        self
    }
}

/// What an aggregation is made of.
#[derive(Clone)]
pub(crate) struct Grouped {
    pub(crate) keys: Vec<(&'static str, SqlType, Expr)>,
    pub(crate) calls: Vec<Named>,
    pub(crate) having: Option<Expr>,
    pub(crate) window: Option<Window>,
    pub(crate) emit: EmitMode,
    pub(crate) input_mode: ChangelogMode,
    /// `None`: what the planner takes where no consumer needs old values.
    pub(crate) output_mode: Option<ChangelogMode>,
    pub(crate) metadata: Vec<SystemColumn>,
}

pub(crate) fn grouped(keys: Vec<(&'static str, SqlType, Expr)>, calls: Vec<Named>) -> Grouped {
    Grouped {
        keys,
        calls,
        having: None,
        window: None,
        emit: EmitMode::Final,
        input_mode: ChangelogMode::AppendOnly,
        output_mode: None,
        metadata: vec![],
    }
}

pub(crate) fn by_text(key: &'static str, calls: Vec<Named>) -> Grouped {
    grouped(vec![(key, SqlType::String, col(key))], calls)
}

pub(crate) fn tumbling(size_ms: i64, lateness_ms: u64) -> Window {
    Window {
        assigner: WindowAssigner::Tumbling { size_ms, offset_ms: 0 },
        allowed_lateness: Duration::from_millis(lateness_ms),
        late: LatePolicy::Drop,
    }
}

impl Grouped {
    pub(crate) fn changes(mut self) -> Self {
        self.emit = EmitMode::Changes;
        self
    }

    pub(crate) fn having(mut self, having: Expr) -> Self {
        self.having = Some(having);
        self
    }

    /// Windows, with their bounds in the output.
    pub(crate) fn window(mut self, window: Window) -> Self {
        self.window = Some(window);
        self.metadata = vec![SystemColumn::WindowStart, SystemColumn::WindowEnd];
        self
    }

    pub(crate) fn metadata(mut self, columns: &[SystemColumn]) -> Self {
        self.metadata = columns.to_vec();
        self
    }

    pub(crate) fn over(self, input: LogicalPlan) -> LogicalPlan {
        let keys = self.keys.iter().map(|(name, sql_type, _)| sql_type.field(name, true));
        let calls = self
            .calls
            .iter()
            .map(|named| named.call.sql_type.field(named.name, true));
        let updates = Aggregate::updates_results(self.window.as_ref(), self.emit);
        let usual = if updates {
            ChangelogMode::Upsert
        } else {
            ChangelogMode::AppendOnly
        };
        LogicalPlan::Aggregate(Aggregate {
            schema: StreamSchema::new(keys.chain(calls).collect::<Vec<_>>(), self.metadata),
            input: Box::new(input),
            keys: self.keys.into_iter().map(|(_, _, key)| key).collect(),
            aggregates: self.calls.into_iter().map(|named| named.call).collect(),
            window: self.window,
            emit: self.emit,
            input_mode: self.input_mode,
            output_mode: self.output_mode.unwrap_or(usual),
            having: self.having,
        })
    }
}

pub(crate) fn statement(name: &str, plan: LogicalPlan) -> PlannedStatement {
    let reads = plan.statements().map(str::to_owned).collect();
    PlannedStatement {
        name: name.into(),
        kind: StatementKind::Stream,
        plan,
        sinks: vec![],
        key: vec![],
        reads,
        depends_on: vec![],
        tags: vec![],
        columns_unknown: false,
        settings: StatementSettings::default(),
        span: Span::new(0, 0),
    }
}

/// The state of the operators of these chains, which are instances of each other or follow each other.
pub(crate) fn states_of<'a>(chains: impl IntoIterator<Item = &'a mut Chain>) -> HashMap<OperatorId, OperatorState> {
    let mut states: HashMap<OperatorId, Vec<OperatorState>> = HashMap::new();
    for (id, state) in chains.into_iter().flat_map(|chain| chain.snapshot().unwrap()) {
        states.entry(id).or_default().push(state);
    }
    let merged = states.into_iter();
    merged
        .map(|(id, parts)| (id, OperatorState::merge(parts).unwrap()))
        .collect()
}

/// The operators of a plan behind its scan, in one instance.
pub(crate) fn chain_of(
    plan: &LogicalPlan,
    settings: &StatementSettings,
    tables: &HashMap<String, JoinedTable>,
) -> Result<Chain, CompileError> {
    let layout = StatementLayout {
        scans: vec![ScanLayout::alone(1)],
        keyed_instances: 1,
        gathers_output: true,
    };
    // What it reads has stages of its own.
    let empty = LogicalPlan::Values(Values {
        rows: vec![],
        schema: StreamSchema::of_user_columns([]),
    });
    let mut statements: Vec<PlannedStatement> = plan.statements().map(|name| statement(name, empty.clone())).collect();
    statements.push(statement("s", plan.clone()));
    let layouts: Vec<_> = statements.iter().map(|statement| (statement, layout.clone())).collect();
    let graph = JobGraph::new(&layouts);
    let stage = graph
        .stages
        .iter()
        .rfind(|stage| stage.statement + 1 == statements.len());
    let input = StageInput {
        tables,
        read: None,
        reached: &[plan],
    };
    CompiledStage::new(stage.unwrap(), settings).chain(&input)
}

pub(crate) fn options(parallelism: usize) -> RunOptions {
    RunOptions {
        parallelism,
        follow: false,
        clock: Arc::new(ManualClock::new(0)),
        cancel: Cancel::default(),
        progress: Arc::new(Metrics::default()),
        checkpoints: None,
    }
}

/// A source of batches in memory.
pub(crate) fn memory(partitions: Vec<Vec<RecordBatch>>) -> MemorySource {
    let schema = partitions[0][0].schema();
    let fields = schema
        .fields()
        .iter()
        .map(|field| field.as_ref().clone())
        .collect::<Vec<_>>();
    MemorySource::new(StreamSchema::of_user_columns(fields), partitions)
}

/// Runs one statement over `input`.
pub(crate) fn run_statement(
    planned: PlannedStatement,
    input: Vec<Vec<RecordBatch>>,
    parallelism: usize,
) -> Result<(Vec<String>, JobSummary), EngineError> {
    let sink = MemorySink::default();
    let job = Job {
        statements: vec![JobStatement {
            planned,
            sinks: vec![sink.writer().into()],
        }],
        sources: HashMap::from([("input".into(), Arc::new(memory(input)) as _)]),
        tables: HashMap::new(),
        restored: RestoredJob::default(),
    };
    let summary = run(job, &options(parallelism))?;
    Ok((rows(&sink.batches()), summary))
}

/// The rows of a plan over one batch, with one worker.
pub(crate) fn rows_of(plan: LogicalPlan, input: &RecordBatch) -> Vec<String> {
    run_statement(statement("s", plan), vec![vec![input.clone()]], 1)
        .unwrap()
        .0
}

/// A batch in slices of `rows` rows.
pub(crate) fn sliced(batch: &RecordBatch, rows: usize) -> Vec<RecordBatch> {
    let starts = (0..batch.num_rows()).step_by(rows);
    starts
        .map(|start| batch.slice(start, rows.min(batch.num_rows() - start)))
        .collect()
}

/// Rows as text: the kind if the stream is a changelog, then the columns.
pub(crate) fn rows(batches: &[StreamBatch]) -> Vec<String> {
    batches.iter().flat_map(rows_of_batch).collect()
}

fn rows_of_batch(batch: &StreamBatch) -> Vec<String> {
    let options = FormatOptions::new().with_null("NULL");
    let columns = batch.records.columns().iter();
    let formatters: Vec<_> = columns
        .map(|column| ArrayFormatter::try_new(column, &options).unwrap())
        .collect();
    let row = |row: usize| {
        let kind = batch.kinds.is_some().then(|| format!("{}:", batch.kind(row).as_str()));
        let values = formatters.iter().map(|formatter| formatter.value(row).to_string());
        kind.into_iter().chain(values).collect::<Vec<_>>().join(" ")
    };
    (0..batch.num_rows()).map(row).collect()
}

pub(crate) fn sorted(mut rows: Vec<String>) -> Vec<String> {
    rows.sort();
    rows
}

pub(crate) fn big_int() -> DataType {
    DataType::Int64
}
