//! What one core does with rows that are in memory already.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringViewArray, TimestampMillisecondArray};
use velo_common::SourceText;
use velo_data::ManualClock;
use velo_datasources::{MemorySource, Source};
use velo_engine::{Cancel, Job, JobStatement, Metrics, RestoredJob, RunOptions};
use velo_session::{CheckedProgram, Mode, SessionOptions, check};

use crate::data::text_file;
use crate::measure::{best_of, millions_per_second};
use crate::report::{Bar, Report, group};

const BATCHES: i64 = 256;
const BATCH_ROWS: i64 = 8192;
/// Rows that a query reads.
pub(crate) const ROWS: u64 = (BATCHES * BATCH_ROWS) as u64;
const KEYS: i64 = 200;

const DECLARED: &str = "CREATE STREAM trades (symbol STRING, at TIMESTAMP, quantity BIGINT, price DOUBLE)";
const FILTER: &str = "SELECT symbol, price * 1.5e0 AS price, quantity * 2 AS quantity FROM trades WHERE quantity > 499";
const TUMBLING: &str = "SELECT symbol, COUNT(*) AS trades, SUM(quantity) AS total, AVG(price) AS mean, \
                        MIN(price) AS lowest, MAX(price) AS highest FROM trades GROUP BY symbol WINDOW TUMBLING(1m)";

/// Queries over batches, their results thrown away.
pub(crate) fn batches(report: &mut Report) {
    let (filter, tumbling) = (Query::new(FILTER), Query::new(TUMBLING));
    let [filter, tumbling] = best_of([Box::new(|| filter.run()), Box::new(|| tumbling.run())]);
    group("Batches from memory, results discarded, one core");
    report.bar(
        "projection + filter",
        millions_per_second(ROWS, filter),
        "M/s",
        Bar::AtLeast(20.0),
    );
    report.bar(
        "tumbling 1 min, 5 aggregates",
        millions_per_second(ROWS, tumbling),
        "M/s",
        Bar::AtLeast(15.0),
    );
}

/// A query, planned as for a file, over rows in memory.
pub(crate) struct Query {
    program: CheckedProgram,
    sources: HashMap<String, Arc<dyn Source>>,
}

impl Query {
    fn new(query: &str) -> Self {
        Self::of_program(&format!("CREATE STREAM result AS {query};"))
    }

    /// Statements that read `trades`, directly or through each other.
    pub(crate) fn of_program(statements: &str) -> Self {
        let file = text_file("empty.jsonl", "");
        let text = format!("{DECLARED} WITH (path = '{file}', 'event.time.field' = 'at');\n{statements}");
        let program = check(SourceText::new("bar.sql", text), &SessionOptions::new(Mode::Run));
        assert!(program.is_valid(), "{:?}", program.diagnostics);
        let in_memory = |source: &Arc<dyn Source>| {
            let batches = (0..BATCHES).map(|number| batch(number, source)).collect();
            Arc::new(MemorySource::new(source.schema().clone(), vec![batches])) as Arc<dyn Source>
        };
        let sources = program
            .sources
            .iter()
            .map(|(name, source)| (name.clone(), in_memory(source)))
            .collect();
        Self { program, sources }
    }

    pub(crate) fn run(&self) {
        let statements = self.program.statements.iter().map(|planned| JobStatement {
            planned: planned.clone(),
            sinks: Vec::new(),
        });
        let job = Job {
            statements: statements.collect(),
            sources: self.sources.clone(),
            tables: HashMap::new(),
            restored: RestoredJob::default(),
        };
        let options = RunOptions {
            parallelism: 1,
            follow: false,
            clock: Arc::new(ManualClock::default()),
            cancel: Cancel::default(),
            progress: Arc::new(Metrics::default()),
            checkpoints: None,
        };
        velo_engine::run(job, &options).expect("the job runs");
    }
}

/// Event times go on by one millisecond a row, so that a window holds 60,000 rows.
fn batch(number: i64, source: &Arc<dyn Source>) -> RecordBatch {
    let rows = number * BATCH_ROWS..(number + 1) * BATCH_ROWS;
    let symbols = rows
        .clone()
        .map(|row| format!("SYM{:03}", row.wrapping_mul(7919) % KEYS));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringViewArray::from_iter_values(symbols)),
        Arc::new(TimestampMillisecondArray::from_iter_values(rows.clone())),
        Arc::new(Int64Array::from_iter_values(rows.clone().map(|row| row % 1000))),
        Arc::new(Float64Array::from_iter_values(
            rows.map(|row| (row % 997) as f64 / 10.0),
        )),
    ];
    RecordBatch::try_new(Arc::clone(source.schema().arrow()), columns).expect("the declared columns")
}
