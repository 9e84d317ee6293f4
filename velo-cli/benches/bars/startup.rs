//! What a person waits for: from the start of the process to its end.

use std::fmt::Write as _;
use std::hint::black_box;

use crate::data::text_file;
use crate::measure::median_of;
use crate::process::{Cores, peak_threads, velo};
use crate::report::{Bar, Report, group};

const ROUNDS: usize = 21;

/// Small inputs, and a program of an absurd size.
pub(crate) fn startup(report: &mut Report) {
    group("From the start of the process to its end, one core (median)");
    let twenty = text_file("twenty.sql", &statements(20));
    let many = text_file("ten-thousand.sql", &statements(10_000));
    let validate = |file: &str, rounds| {
        let time = median_of(rounds, || velo(Cores::First, &["validate", file]));
        time.as_secs_f64() * 1e3
    };
    report.bar(
        "validate, 20 statements",
        validate(&twenty, ROUNDS),
        "ms",
        Bar::AtMost(20.0),
    );
    report.bar(
        "validate, 10,000 statements",
        validate(&many, 5),
        "ms",
        Bar::AtMost(1000.0),
    );
    let ten = text_file("ten.jsonl", &"{\"id\":1,\"amount\":2.5}\n".repeat(10));
    let query = text_file(
        "ten.sql",
        &format!("SELECT id, amount FROM 'file://{ten}' WHERE amount > 1;\n"),
    );
    let run = median_of(ROUNDS, || velo(Cores::First, &["run", &query]));
    report.bar("run over 10 rows", run.as_secs_f64() * 1e3, "ms", Bar::AtMost(50.0));
    let query = statement(1);
    let parse = median_of(1001, || {
        black_box(velo_parser::parse_script(black_box(&query)));
    });
    report.bar(
        "one query parsed, in the process",
        parse.as_secs_f64() * 1e6,
        "µs",
        Bar::AtMost(100.0),
    );
}

/// Two hundred statements over a small file: threads, and how long it takes until they have run.
pub(crate) fn many_statements(report: &mut Report) {
    const PARALLELISM: u64 = 2;
    let row = "{\"id\":1,\"customer_id\":1,\"amount\":250,\"at\":\"2024-01-01T00:00:00Z\"}\n";
    let orders = text_file("two-hundred.jsonl", &row.repeat(10));
    let program: String = (1..=200)
        .map(|number| {
            format!(
                "{} WITH ('big_spenders_{number}.type' = 'discard_sink');\n",
                statement(number).trim_end_matches(';')
            )
        })
        .collect();
    let declared = "CREATE STREAM orders (id INT, customer_id INT, amount DECIMAL(10, 2), at TIMESTAMP) \
                    WITH ('event.time.field' = 'at');\n";
    let program = text_file("two-hundred.sql", &format!("{declared}{program}"));
    let source = format!("orders={orders}");
    let arguments = ["run", &program, "--source", &source, "--parallelism", "2"];
    group("200 statements over a small file, two workers");
    let threads = peak_threads(Cores::FirstTwo, &arguments);
    let at_most = (PARALLELISM + 16) as f64;
    report.bar("threads", threads as f64, "", Bar::AtMost(at_most));
    let time = median_of(5, || velo(Cores::FirstTwo, &arguments));
    report.bar(
        "from start to end (median)",
        time.as_secs_f64() * 1e3,
        "ms",
        Bar::AtMost(1000.0),
    );
}

/// A program with one source and so many statements over it.
fn statements(count: usize) -> String {
    let mut program = "CREATE STREAM orders (id INT, customer_id INT, amount DECIMAL(10, 2), at TIMESTAMP) \
                       WITH (path = 'orders.csv', 'event.time.field' = 'at');\n"
        .to_owned();
    for number in 1..count {
        writeln!(program, "{}", statement(number)).expect("strings take any text");
    }
    program
}

fn statement(number: usize) -> String {
    format!(
        "CREATE STREAM big_spenders_{number} AS SELECT customer_id, COUNT(*) AS orders, SUM(amount) AS spent FROM orders \
         WHERE amount > {number} GROUP BY customer_id WINDOW TUMBLING(1m) HAVING COUNT(*) > 1;"
    )
}
