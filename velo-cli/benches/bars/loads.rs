//! Bars of `velo-cli load`: tables from slow servers, a large one, many small ones.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use velo_testservices::{Answer, HttpServer};

use crate::baseline;
use crate::data::{csv_file, place, text_file};
use crate::measure::{best_of_prepared, millions_per_second, speed_up};
use crate::process::{Cores, velo};
use crate::report::{Bar, Report, figure, group};

/// A row as each slow table has it.
const ANSWER: &str = "[{\"id\": 1, \"value\": 2}]";

/// A table of a program and how long its server thinks.
struct SlowTable {
    name: String,
    latency: Duration,
    needs: Option<&'static str>,
}

impl SlowTable {
    fn new(name: impl Into<String>, latency_ms: u64, needs: Option<&'static str>) -> Self {
        Self {
            name: name.into(),
            latency: Duration::from_millis(latency_ms),
            needs,
        }
    }
}

/// A program whose tables come from one server.
fn slow_program(server: &HttpServer, file: &str, tables: &[SlowTable]) -> String {
    let mut text = String::new();
    for SlowTable { name, latency, needs } in tables {
        let latency = *latency;
        server.on(&format!("/{name}"), move |_| {
            Answer::ok("application/json", ANSWER).delayed(latency)
        });
        let join = needs.map_or_else(String::new, |needed| format!(" JOIN {needed} n ON f.id = n.id"));
        writeln!(
            text,
            "CREATE STREAM {name}_feed (id BIGINT, value BIGINT) WITH (path = '{}');\n\
             CREATE TABLE {name} AS SELECT f.id PRIMARY KEY, f.value FROM {name}_feed f{join};",
            server.url(&format!("/{name}"))
        )
        .expect("strings take any text");
    }
    text_file(file, &text)
}

/// Removes the tables that were kept: a load must not go on from what the round before has left.
fn forget_tables() {
    let _ = fs::remove_dir_all(place("state"));
}

/// Loads all tables of a program.
fn load(cores: Cores, program: &str, options: &[&str]) {
    let state = place("state");
    let arguments = [&["-q", "load", program, "--state-dir", &state], options].concat();
    velo(cores, &arguments);
}

/// Tables whose servers take their time: what loading them side by side, and as soon as they can be, brings.
pub(crate) fn slow_tables(report: &mut Report) {
    let server = HttpServer::start();
    group("Tables from a server, whole processes");
    let tables: Vec<SlowTable> = (0..12)
        .map(|number| SlowTable::new(format!("t{number}"), 50, None))
        .collect();
    let program = slow_program(&server, "twelve.sql", &tables);
    let [alone, parallel] = best_of_prepared(
        forget_tables,
        [
            Box::new(|| load(Cores::FirstTwo, &program, &["--max-parallel", "1"])),
            Box::new(|| load(Cores::FirstTwo, &program, &["--max-parallel", "4"])),
        ],
    );
    figure("12 tables, 50 ms each, one after the other", milliseconds(alone), "ms");
    figure("four at a time", milliseconds(parallel), "ms");
    report.bar("  times faster", speed_up(alone, parallel), "×", Bar::AtLeast(3.5));

    // `late` needs `quick` alone, and waits for `slow` too where waves are kept.
    let tables = [
        SlowTable::new("slow", 900, None),
        SlowTable::new("quick", 200, None),
        SlowTable::new("late", 800, Some("quick")),
    ];
    let critical_ms = 1000.0;
    let program = slow_program(&server, "skewed.sql", &tables);
    let [eager, waves] = best_of_prepared(
        forget_tables,
        [
            Box::new(|| load(Cores::FirstTwo, &program, &["--schedule", "eager"])),
            Box::new(|| load(Cores::FirstTwo, &program, &["--schedule", "waves"])),
        ],
    );
    figure("waves, of which the first has a slow table", milliseconds(waves), "ms");
    figure("eager", milliseconds(eager), "ms");
    let share = milliseconds(eager) / critical_ms;
    report.bar(
        "  times the longest way through its servers",
        share,
        "×",
        Bar::AtMost(1.1),
    );
}

/// Rows of the large table.
pub(crate) const LARGE_ROWS: u64 = LARGE_MILLIONS * 1_000_000;
const LARGE_MILLIONS: u64 = 10;

/// A program of one large table.
pub(crate) fn large_program() -> String {
    let path = csv_file(LARGE_MILLIONS);
    text_file(
        "large.sql",
        &format!(
            "CREATE TABLE payments (id BIGINT PRIMARY KEY, account BIGINT, amount DOUBLE, place STRING) \
             WITH (path = '{path}');"
        ),
    )
}

/// A table of ten million rows.
pub(crate) fn large_table(report: &mut Report) {
    let text = fs::read(csv_file(LARGE_MILLIONS)).expect("the file of payments");
    let program = large_program();
    group("CSV, 10 M rows of 4 columns with a key, one core");
    let [theirs, ours] = best_of_prepared(
        forget_tables,
        [
            Box::new(|| assert_eq!(baseline::payments(&text) as u64, LARGE_ROWS)),
            Box::new(|| load(Cores::First, &program, &[])),
        ],
    );
    figure("arrow-csv decodes them", millions_per_second(LARGE_ROWS, theirs), "M/s");
    figure("load, kept on disk", millions_per_second(LARGE_ROWS, ours), "M/s");
    report.bar("  times arrow-csv", speed_up(theirs, ours), "×", Bar::AtLeast(0.5));
    forget_tables();
}

/// A thousand tables of ten rows in ten waves.
pub(crate) fn many_tables(report: &mut Report) {
    const WAVES: usize = 10;
    const TABLES_A_WAVE: usize = 100;
    let rows: String = (0..10).map(|id| format!("{id},{id}\n")).collect();
    let mut text = String::new();
    for wave in 0..WAVES {
        for number in 0..TABLES_A_WAVE {
            let path = text_file(&format!("small-{wave}-{number}.csv"), &format!("id,value\n{rows}"));
            let join = match wave.checked_sub(1) {
                Some(before) => format!(" JOIN t{before}_{number} n ON f.id = n.id"),
                None => String::new(),
            };
            writeln!(
                text,
                "CREATE STREAM f{wave}_{number} (id BIGINT, value BIGINT) WITH (path = '{path}');\n\
                 CREATE TABLE t{wave}_{number} AS SELECT f.id PRIMARY KEY, f.value FROM f{wave}_{number} f{join};"
            )
            .expect("strings take any text");
        }
    }
    let program = text_file("many.sql", &text);
    let [time] = best_of_prepared(forget_tables, [Box::new(|| load(Cores::FirstTwo, &program, &[]))]);
    group("1,000 tables of 10 rows in 10 waves, kept on disk");
    report.bar("load", time.as_secs_f64(), "s", Bar::AtMost(5.0));
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
