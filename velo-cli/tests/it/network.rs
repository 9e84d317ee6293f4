//! What commands make of what is on the web and in object storage.

use velo_testservices::{Answer, HttpServer};

use crate::support::{Outcome, Workspace};

const RATES: &str = "[{\"currency\": \"EUR\", \"rate\": 1.0}, {\"currency\": \"USD\", \"rate\": 1.25}]";

/// A server with rates.
fn server() -> HttpServer {
    let server = HttpServer::start();
    server.on("/rates", |_| Answer::ok("application/json", RATES));
    server.on("/secret", |_| Answer::new(401, ""));
    server.on("/busy", |_| Answer::new(503, "").with_header("Retry-After", "1"));
    server
}

/// What a command says of a program, in which `server` stands for the server and so it does in what is said.
fn told(server: &HttpServer, command: &[&str], program: &str) -> Outcome {
    let program = program.replace("http://server", &server.url(""));
    let workspace = Workspace::with(&[("p.sql", program.as_str())]);
    let outcome = workspace.run(&[command, &["p.sql"]].concat());
    Outcome {
        stdout: outcome.stdout.replace(&server.address(), "server"),
        stderr: outcome.stderr.replace(&server.address(), "server"),
        ..outcome
    }
}

#[test]
fn a_run_reads_what_is_on_the_web() {
    let server = server();
    let program = "SELECT currency, rate * 2 AS twice FROM rates WHERE rate > 1
        WITH ('rates.path' = 'http://server/rates');";
    let outcome = told(&server, &["run"], program);
    assert_eq!(
        outcome.stdout, "{\"currency\":\"USD\",\"twice\":2.5}\n",
        "{}",
        outcome.stderr
    );
    assert_eq!(outcome.exit, Some(0));
}

/// Validation works where there is no network: what it cannot know it does not claim.
#[test]
fn validation_asks_nothing() {
    let server = server();
    let programs = [
        "SELECT currency, rate FROM rates WITH ('rates.path' = 'http://server/rates');",
        "CREATE STREAM rates (currency STRING, rate DOUBLE) WITH (path = 'http://server/rates');
         SELECT currency, rat FROM rates;",
        "SELECT id FROM orders WITH ('orders.path' = 's3://bucket/*.parquet', 'orders.s3.endpoint' = 'http://server',
             'orders.s3.allow.http' = 'true');",
        "SELECT id FROM orders WITH ('orders.path' = 's3://bucket/*.parquet', 'orders.s3.endpoint' = 'http://server');",
        "SELECT id FROM rates WITH ('rates.type' = 'http_source', 'rates.format' = 'csv');",
        "SELECT id FROM orders WITH ('orders.type' = 's3_source', 'orders.path' = 'orders.csv');",
        "SELECT id FROM rates WITH ('rates.url' = 'http://server/rates', 'rates.watch' = 'true');",
        "SELECT id FROM orders WITH ('orders.type' = 's3_source', 'orders.path' = 'file:///data/*.csv',
             'orders.s3.region' = 'eu-west-1');",
        "SELECT id FROM rates WITH ('rates.path' = 'http://server/rates', 'rates.paging.start' = '0',
             'rates.delimiter' = ';', 'rates.format' = 'json');",
    ];
    let all: Vec<String> = programs
        .iter()
        .map(|program| told(&server, &["validate"], program).transcript())
        .collect();
    insta::assert_snapshot!(all.join("\n"));
    assert_eq!(server.requests(), []);
}

#[test]
fn a_run_says_why_something_cannot_be_read() {
    let server = server();
    let targets = ["/nothing", "/secret", "/busy"];
    let all: Vec<String> = targets
        .iter()
        .map(|target| {
            let path = format!("http://server{target}?key=hidden");
            let program = format!("SELECT rate FROM rates WITH ('rates.path' = '{path}', 'rates.format' = 'json');");
            let outcome = told(&server, &["run"], &program);
            assert_ne!(outcome.exit, Some(0));
            outcome.stderr
        })
        .collect();
    insta::assert_snapshot!(all.join("\n"));
}
