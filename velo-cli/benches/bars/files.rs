//! Bars of whole runs over files.

use std::hint::black_box;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use velo_data::SqlType;
use velo_formats::{Decoder, Projection};

use crate::baseline;
use crate::data::{demo, measurements_file, place, text_file, trades_file};
use crate::measure::{best_of, millions_per_second, speed_up};
use crate::process::{Cores, peak_memory_mb, processor_time, velo};
use crate::report::{Bar, Report, figure, group};

const MILLIONS: u64 = 2;
const ROWS: u64 = MILLIONS * 1_000_000;
const BATCH_ROWS: usize = 8192;

/// One output row a minute and symbol.
const TUMBLING: &str = "SELECT symbol, COUNT(*) AS trades, SUM(price) AS total, AVG(price) AS mean, MIN(price) AS lowest, \
                        MAX(price) AS highest FROM trades GROUP BY symbol WINDOW TUMBLING(1m)";
const FILTER: &str = "SELECT symbol, price * quantity AS value FROM trades WHERE price > 500";
/// One output row for each input row.
const RUNNING: &str = "SELECT symbol, COUNT(*) AS trades, SUM(price) AS total FROM trades GROUP BY symbol EMIT CHANGES";
const TOTALS: &str = "SELECT symbol, COUNT(*) AS trades, SUM(price) AS total FROM trades GROUP BY symbol EMIT FINAL";

/// A program over a file of trades.
struct Program {
    file: String,
    trades: String,
    out: &'static str,
}

impl Program {
    /// `name` is that of its file; `out` is `discard`, or makes it write JSON lines.
    fn new(name: &str, query: &str, trades: &str, out: &'static str) -> Self {
        Self::of_statements(name, &format!("CREATE STREAM result AS {query};"), trades, out)
    }

    /// Statements of which one is called `result`.
    fn of_statements(name: &str, statements: &str, trades: &str, out: &'static str) -> Self {
        let declared = "CREATE STREAM trades (symbol STRING, price DOUBLE, quantity BIGINT, side STRING, \
                        event_time TIMESTAMP, trader_id STRING) WITH ('event.time.field' = 'event_time');";
        Self {
            file: text_file(&format!("{name}.sql"), &format!("{declared}\n{statements}\n")),
            trades: format!("trades={trades}"),
            out,
        }
    }

    fn arguments<'a>(&'a self, sink: &'a str, parallelism: &'a str) -> [&'a str; 8] {
        let Self { file, trades, .. } = self;
        [
            "run",
            file,
            "--source",
            trades,
            "--sink",
            sink,
            "--parallelism",
            parallelism,
        ]
    }

    fn run(&self, cores: Cores, parallelism: &str) {
        velo(cores, &self.arguments(&self.sink(), parallelism));
    }

    fn peak_memory_mb(&self) -> f64 {
        peak_memory_mb(&self.arguments(&self.sink(), "1"))
    }

    fn sink(&self) -> String {
        match self.out {
            "discard" => "result=discard".to_owned(),
            name => format!("result={}", place(name)),
        }
    }
}

/// A query over JSON lines, and its bars.
struct JsonQuery {
    name: &'static str,
    query: &'static str,
    /// Columns of the trades that it needs.
    needed: &'static [&'static str],
    out: &'static str,
    /// At least so many times the speed of the baseline.
    ratio: f64,
    /// At least so many millions of rows a second.
    rate: Option<f64>,
}

/// Our decoder, and runs over JSON lines, beside `arrow-json` decoding the columns that they need.
pub(crate) fn json_lines(report: &mut Report) {
    let path = trades_file(MILLIONS);
    let text = std::fs::read(&path).expect("the file of trades");
    group("JSON lines, 2 M trades, one core");
    let decoded = ["symbol", "price", "quantity", "event_time"];
    let columns = baseline::trade_columns(&decoded);
    let [theirs, ours] = best_of([
        Box::new(|| assert_eq!(baseline::json(&text, &columns) as u64, ROWS)),
        Box::new(|| assert_eq!(decode(&text, &columns), ROWS)),
    ]);
    figure("arrow-json decodes 4 columns", millions_per_second(ROWS, theirs), "M/s");
    figure("velo-formats decodes them", millions_per_second(ROWS, ours), "M/s");
    report.bar(
        "times the speed of arrow-json",
        speed_up(theirs, ours),
        "×",
        Bar::AtLeast(2.6),
    );

    let queries = [
        JsonQuery {
            name: "filter + projection → discard",
            query: FILTER,
            needed: &["symbol", "price", "quantity"],
            out: "discard",
            ratio: 1.2,
            rate: Some(3.0),
        },
        JsonQuery {
            name: "tumbling 1 min, 5 aggregates → JSON lines",
            query: TUMBLING,
            needed: &["symbol", "price", "event_time"],
            out: "windows.jsonl",
            ratio: 1.2,
            rate: Some(3.0),
        },
        JsonQuery {
            name: "GROUP BY EMIT CHANGES, row for row → JSON lines",
            query: RUNNING,
            needed: &["symbol", "price"],
            out: "changes.jsonl",
            ratio: 0.4,
            rate: None,
        },
    ];
    for JsonQuery {
        name,
        query,
        needed,
        out,
        ratio,
        rate,
    } in queries
    {
        let program = Program::new("bar", query, &path, out);
        let columns = baseline::trade_columns(needed);
        let [theirs, ours] = best_of([
            Box::new(|| assert_eq!(baseline::json(&text, &columns) as u64, ROWS)),
            Box::new(|| program.run(Cores::First, "1")),
        ]);
        let ours_per_second = millions_per_second(ROWS, ours);
        match rate {
            Some(rate) => report.bar(name, ours_per_second, "M/s", Bar::AtLeast(rate)),
            None => figure(name, ours_per_second, "M/s"),
        }
        report.bar(
            "  times arrow-json decoding its columns",
            speed_up(theirs, ours),
            "×",
            Bar::AtLeast(ratio),
        );
    }
}

/// Decodes JSON lines by our own decoder; tells the rows.
pub(crate) fn decode(text: &[u8], columns: &SchemaRef) -> u64 {
    let sql_type = |name: &str| match name {
        "price" => SqlType::Double,
        "quantity" => SqlType::BigInt,
        "event_time" => SqlType::Timestamp,
        _ => SqlType::String,
    };
    let fields = columns.fields().iter();
    let projection = Projection {
        fields: fields
            .map(|field| Arc::new(sql_type(field.name()).field(field.name(), true)))
            .collect(),
        system: Vec::new(),
        topic: "trades".into(),
        partition: 0,
    };
    let mut decoder = Decoder::json_lines(projection).expect("columns of text");
    let (mut rest, mut rows) = (text, 0);
    while !rest.is_empty() {
        let consumed = decoder.decode(rest, true, BATCH_ROWS);
        rest = &rest[consumed..];
        let batch = black_box(decoder.finish_batch(0).expect("columns of one length"));
        rows += batch.records.num_rows() as u64;
    }
    rows
}

/// What a second core brings when all rows come from one file.
pub(crate) fn two_cores(report: &mut Report) {
    // How long a disk takes to sync the result is nothing that cores could change.
    let program = Program::new("two-cores", TUMBLING, &trades_file(MILLIONS), "discard");
    group("One file, two cores");
    let [one, two] = best_of([
        Box::new(|| program.run(Cores::First, "1")),
        Box::new(|| program.run(Cores::FirstTwo, "2")),
    ]);
    figure("tumbling on two cores → discard", millions_per_second(ROWS, two), "M/s");
    report.bar("  times one core", speed_up(one, two), "×", Bar::AtLeast(1.7));
}

/// Statements that read each other, and rows that are written, on two cores.
pub(crate) fn chained_on_two_cores(report: &mut Report) {
    let chained = format!(
        "CREATE STREAM large AS SELECT * FROM trades WHERE quantity > 499;
         CREATE STREAM valued AS SELECT symbol, price * quantity AS price, event_time FROM large;
         CREATE STREAM result AS {};",
        TUMBLING.replace("trades GROUP", "valued GROUP")
    );
    let chained = Program::of_statements("chained", &chained, &trades_file(MILLIONS), "discard");
    let written = Program::new("written", FILTER, &trades_file(MILLIONS), "values.jsonl");
    let [chained_on_one, chained_on_two, written_by_one, written_by_two] = best_of([
        Box::new(|| chained.run(Cores::First, "1")),
        Box::new(|| chained.run(Cores::FirstTwo, "2")),
        Box::new(|| written.run(Cores::First, "1")),
        Box::new(|| written.run(Cores::FirstTwo, "2")),
    ]);
    group("One file, two cores beside one");
    let rate = |time| millions_per_second(ROWS, time);
    figure(
        "filter, projection, tumbling as three statements → discard",
        rate(chained_on_two),
        "M/s",
    );
    let ratio = speed_up(chained_on_one, chained_on_two);
    report.bar("  times one core", ratio, "×", Bar::AtLeast(1.7));
    figure("filter + projection → JSON lines", rate(written_by_two), "M/s");
    let ratio = speed_up(written_by_one, written_by_two);
    report.bar("  times one core", ratio, "×", Bar::AtLeast(1.7));
}

/// Twenty statements over one file, beside a run of each.
pub(crate) fn many_over_one_file(report: &mut Report) {
    let query = |number: u64| TUMBLING.replace("FROM trades", &format!("FROM trades WHERE price > {}", number * 40));
    let statements: String = (1..=20)
        .map(|number| {
            let name = if number == 20 {
                "result".to_owned()
            } else {
                format!("s{number}")
            };
            format!(
                "CREATE STREAM {name} AS {} WITH ('{name}.type' = 'discard_sink');\n",
                query(number)
            )
        })
        .collect();
    let trades = trades_file(MILLIONS);
    let together = Program::of_statements("twenty-together", &statements, &trades, "discard");
    let alone: Vec<Program> = (1..=20)
        .map(|number| Program::new(&format!("alone-{number}"), &query(number), &trades, "discard"))
        .collect();
    let together = processor_time(|| together.run(Cores::First, "1"));
    let alone = processor_time(|| alone.iter().for_each(|program| program.run(Cores::First, "1")));
    group("20 statements over one file of 2 M trades, one core");
    figure("processor time, together", together.as_secs_f64(), "s");
    figure("processor time, each alone", alone.as_secs_f64(), "s");
    let ratio = together.as_secs_f64() / alone.as_secs_f64();
    report.bar("  times that of each alone", ratio, "×", Bar::AtMost(0.2));
}

/// The one billion row challenge, at a hundredth of its size.
pub(crate) fn stations(report: &mut Report) {
    const MILLIONS: u64 = 10;
    let path = measurements_file(MILLIONS);
    let text = std::fs::read(&path).expect("the file of measurements");
    let query = demo("query.sql");
    let query = query.to_str().expect("a path of text");
    let file = format!("measurements.path={path}");
    let arguments = ["run", query, "--set", &file, "--parallelism", "1"];
    group("1BRC, 10 M measurements, one core");
    let rows = MILLIONS * 1_000_000;
    let [theirs, ours] = best_of([
        Box::new(|| assert_eq!(baseline::measurements(&text) as u64, rows)),
        Box::new(|| velo(Cores::First, &arguments)),
    ]);
    figure("arrow-csv decodes them", millions_per_second(rows, theirs), "M/s");
    figure("min, mean, max per station", millions_per_second(rows, ours), "M/s");
    report.bar("  times arrow-csv", speed_up(theirs, ours), "×", Bar::AtLeast(0.6));
}

/// How memory grows with the input.
pub(crate) fn peak_memory(report: &mut Report) {
    group("Peak memory, 10 M trades beside 1 M, one core");
    for (name, query, out) in [
        ("filter + projection", FILTER, "discard"),
        ("GROUP BY EMIT FINAL", TOTALS, "totals.jsonl"),
        ("tumbling 1 min", TUMBLING, "windows.jsonl"),
    ] {
        let [small, large] =
            [1, 10].map(|millions| Program::new("memory", query, &trades_file(millions), out).peak_memory_mb());
        figure(&format!("{name}, 10 M rows"), large, "MB");
        report.bar("  times the memory for 1 M rows", large / small, "×", Bar::AtMost(1.2));
    }
}
