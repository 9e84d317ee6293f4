//! Bars of streams that look tables up.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringViewArray};
use velo_common::SourceText;
use velo_data::{ManualClock, StreamBatch};
use velo_datasources::{MemorySource, Source};
use velo_engine::{Cancel, Job, JobStatement, JoinedTable, LiveTable, Metrics, RestoredJob, RunOptions, TableBuilder};
use velo_planner::plan::PlannedStatement;
use velo_session::{Mode, SessionOptions, check};

use crate::baseline;
use crate::data::{text_file, trades_file};
use crate::files::decode;
use crate::measure::{best_of, millions_per_second, speed_up};
use crate::process::{Cores, velo};
use crate::report::{Bar, Report, figure, group};

const TABLE_ROWS: i64 = 100_000;
const BATCHES: i64 = 256;
const BATCH_ROWS: i64 = 8192;

/// Rows in memory that find theirs in a table of 100,000.
pub(crate) fn in_memory(report: &mut Report) {
    let rows = (BATCHES * BATCH_ROWS) as u64;
    let join = Join::new();
    let [time] = best_of([Box::new(|| join.run())]);
    group("Look-ups from memory in a table of 100,000 rows, results discarded, one core");
    report.bar(
        "stream JOIN table ON a number",
        millions_per_second(rows, time),
        "M/s",
        Bar::AtLeast(10.0),
    );
}

/// A run whose table is loaded from a file first.
pub(crate) fn from_json_lines(report: &mut Report) {
    const MILLIONS: u64 = 2;
    const ROWS: u64 = MILLIONS * 1_000_000;
    let path = trades_file(MILLIONS);
    let traders = (0..5000).fold("trader,desk\n".to_owned(), |mut text, number| {
        writeln!(text, "trader-{number:04},desk {}", number % 20).expect("strings take any text");
        text
    });
    let traders = text_file("traders.csv", &traders);
    let program = text_file(
        "traders.sql",
        &format!(
            "CREATE STREAM trades (symbol STRING, price DOUBLE, quantity BIGINT, side STRING, event_time TIMESTAMP, \
             trader_id STRING) WITH (path = '{path}');\n\
             CREATE TABLE traders (trader STRING PRIMARY KEY, desk STRING) WITH (path = '{traders}');\n\
             CREATE STREAM result AS SELECT t.symbol, t.price, d.desk FROM trades t JOIN traders d \
             ON t.trader_id = d.trader;"
        ),
    );
    let text = std::fs::read(&path).expect("the file of trades");
    let columns = baseline::trade_columns(&["symbol", "price", "trader_id"]);
    let sink = ["--sink", "result=discard", "--parallelism", "1"];
    group("JSON lines, 2 M trades that look up 5,000 traders, one core");
    let [theirs, bare, ours] = best_of([
        Box::new(|| assert_eq!(baseline::json(&text, &columns) as u64, ROWS)),
        Box::new(|| assert_eq!(decode(&text, &columns), ROWS)),
        Box::new(|| velo(Cores::First, &[&["run", program.as_str()], sink.as_slice()].concat())),
    ]);
    figure("arrow-json decodes 3 columns", millions_per_second(ROWS, theirs), "M/s");
    figure("velo-formats decodes them", millions_per_second(ROWS, bare), "M/s");
    figure("load the table, join → discard", millions_per_second(ROWS, ours), "M/s");
    report.bar(
        "  times velo-formats decoding",
        speed_up(bare, ours),
        "×",
        Bar::AtLeast(0.5),
    );
}

/// A join, planned as for files, over rows in memory.
struct Join {
    statements: Vec<PlannedStatement>,
    sources: HashMap<String, Arc<dyn Source>>,
    tables: HashMap<String, JoinedTable>,
}

impl Join {
    fn new() -> Self {
        let empty = text_file("empty.jsonl", "");
        let text = format!(
            "CREATE STREAM orders (id BIGINT, customer BIGINT, price DOUBLE) WITH (path = '{empty}');\n\
             CREATE TABLE customers (id BIGINT PRIMARY KEY, name STRING) WITH (path = '{empty}');\n\
             CREATE STREAM result AS SELECT o.id, o.price, c.name FROM orders o JOIN customers c ON o.customer = c.id;"
        );
        let mut program = check(SourceText::new("bar.sql", text), &SessionOptions::new(Mode::Run));
        assert!(program.is_valid(), "{:?}", program.diagnostics);
        let tables = program.take_tables_read();
        let mut builder = TableBuilder::new(&tables[0].output_schema()).expect("a key of a number");
        let schema = Arc::clone(tables[0].output_schema().arrow());
        builder
            .add(&StreamBatch::inserts(customers(schema)))
            .expect("room for the table");
        let table = Arc::new(builder.finish().expect("columns of one length"));
        let joined = JoinedTable::Loaded(Arc::new(LiveTable::new(table)));
        let orders = program.sources.get("orders").expect("the stream is read");
        let batches = (0..BATCHES).map(|number| orders_batch(number, orders)).collect();
        let source = MemorySource::new(orders.schema().clone(), vec![batches]);
        Self {
            statements: program.statements,
            sources: HashMap::from([("orders".to_owned(), Arc::new(source) as Arc<dyn Source>)]),
            tables: HashMap::from([("customers".to_owned(), joined)]),
        }
    }

    fn run(&self) {
        let statements = self.statements.iter().map(|planned| JobStatement {
            planned: planned.clone(),
            sinks: Vec::new(),
        });
        let job = Job {
            statements: statements.collect(),
            sources: self.sources.clone(),
            tables: self.tables.clone(),
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

fn customers(schema: arrow::datatypes::SchemaRef) -> RecordBatch {
    let ids = 0..TABLE_ROWS;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(ids.clone())),
        Arc::new(StringViewArray::from_iter_values(
            ids.map(|id| format!("customer {id}")),
        )),
    ];
    RecordBatch::try_new(schema, columns).expect("the declared columns")
}

/// Customers come in no order, so that look-ups do not profit from neighbours.
fn orders_batch(number: i64, source: &Arc<dyn Source>) -> RecordBatch {
    let rows = number * BATCH_ROWS..(number + 1) * BATCH_ROWS;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(rows.clone())),
        Arc::new(Int64Array::from_iter_values(
            rows.clone().map(|row| row.wrapping_mul(48_271) % TABLE_ROWS),
        )),
        Arc::new(Float64Array::from_iter_values(
            rows.map(|row| (row % 997) as f64 / 10.0),
        )),
    ];
    RecordBatch::try_new(Arc::clone(source.schema().arrow()), columns).expect("the declared columns")
}
