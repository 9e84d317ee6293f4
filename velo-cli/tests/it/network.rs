//! What commands make of what is on the web and in object storage.

use velo_testservices::{Answer, HttpServer, S3Server};

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

/// The requests that a load has made, each with whether it asked for a change alone.
fn requests_of_load(server: &HttpServer, workspace: &Workspace) -> Vec<String> {
    let before = server.requests().len();
    let outcome = workspace.run(&["load", "p.sql"]);
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    let requests = server.requests().into_iter().skip(before);
    requests
        .map(|request| match request.header("if-none-match") {
            Some(tag) => format!("{} unless {tag}", request.method),
            None => request.method.clone(),
        })
        .collect()
}

/// A load asks for the rows once. Where nobody has declared the columns it asks once more, before anything is loaded, since
/// without them the program cannot be checked; that answer is not kept for the load, which takes its rows as they are when
/// it begins.
#[test]
fn a_load_asks_for_the_columns_at_most_once_and_for_the_rows_once() {
    let server = HttpServer::start();
    server.on("/rates", |request| match request.header("if-none-match") {
        Some("\"1\"") => Answer::new(304, ""),
        _ => Answer::ok("application/json", RATES).with_header("ETag", "\"1\""),
    });
    let url = server.url("/rates");
    let undeclared = format!("CREATE TABLE rates AS SELECT currency, rate FROM web WITH ('web.path' = '{url}');");
    let declared = format!("CREATE TABLE rates (currency STRING PRIMARY KEY, rate DOUBLE) WITH (path = '{url}');");
    for (program, first, second) in [
        (
            undeclared,
            ["GET", "GET"].as_slice(),
            ["GET", "GET unless \"1\""].as_slice(),
        ),
        (declared, &["GET"], &["GET unless \"1\""]),
    ] {
        let workspace = Workspace::with(&[("p.sql", program.as_str())]);
        assert_eq!(requests_of_load(&server, &workspace), first, "{program}");
        assert_eq!(requests_of_load(&server, &workspace), second, "{program}");
    }
}

/// What an undeclared source shows in some of its files goes for all: others may have fewer columns, as when they are local.
#[test]
fn objects_without_a_column_load_as_files_without_it_do() {
    let workspace = Workspace::with(&[("data/a.csv", "id,name\n1,one\n"), ("data/b.csv", "id\n2\n")]);
    let objects = format!("file://{}", workspace.path("data/*.csv").display());
    let program = format!(
        "CREATE TABLE t AS SELECT id, name FROM s WITH ('s.type' = 's3_source', 's.path' = '{objects}');
         CREATE TABLE u AS SELECT id, name FROM f WITH ('f.path' = 'data/*.csv');"
    );
    std::fs::write(workspace.path("p.sql"), program).unwrap();
    let outcome = workspace.run(&["load", "p.sql"]);
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    for table in ["t", "u"] {
        let rows = workspace.run(&["query", &format!("SELECT id, name FROM {table}")]);
        let mut lines: Vec<&str> = rows.stdout.lines().collect();
        lines.sort_unstable();
        assert_eq!(
            lines,
            [r#"{"id":1,"name":"one"}"#, r#"{"id":2,"name":null}"#],
            "{table}: {}",
            rows.stderr
        );
    }
}

#[test]
fn rows_tell_the_keys_of_their_objects() {
    let Some(server) = S3Server::shared() else { return };
    server.create_bucket("keys");
    for (id, key) in ["d//x.csv", "d/./y.csv", "d/z.csv", "d/../notes.txt"]
        .iter()
        .enumerate()
    {
        server.put("keys", key, format!("id\n{id}\n"));
    }
    let program = format!(
        "SELECT id, _topic, _offset FROM s WITH ('s.path' = 's3://keys/d/**/*.csv', 's.s3.endpoint' = '{}', 's.s3.allow.http' = 'true',
             's.s3.region' = 'us-east-1', 's.s3.access.key.id' = 'test', 's.s3.secret.access.key' = 'test');",
        server.endpoint()
    );
    let workspace = Workspace::with(&[("p.sql", program.as_str())]);
    let ran = workspace.run(&["run", "p.sql", "--format", "csv", "--parallelism", "1"]);
    assert_eq!(
        ran.stdout, "id,_topic,_offset\n0,d//x.csv,0\n2,d/z.csv,0\n",
        "{}",
        ran.stderr
    );
}
