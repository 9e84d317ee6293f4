//! Each thing that can go wrong: what is told, which tables are there all the same, and how the command exits.

use std::net::TcpListener;
use std::time::Duration;

use velo_testservices::{Answer, HttpServer, PostgresServer};

use super::support::{Loaded, PROGRAM, load, rows, workspace};
use crate::support::{Outcome, Workspace};

const PEOPLE: &str = "id,name\n1,ann\n2,bob\n3,ann\n";

/// What is made of `customers`, and a table that has nothing to do with them.
const DEPENDENTS: &str = "
CREATE TABLE names AS SELECT name, COUNT(*) AS people FROM customers GROUP BY name;
CREATE TABLE report AS SELECT COUNT(*) AS names FROM names;
CREATE TABLE others AS SELECT id PRIMARY KEY, name FROM people WITH ('people.path' = 'people.csv');";

/// Customers that are read from `source`, and what is made of them.
fn customers_from(source: &str) -> Workspace {
    let workspace = workspace(&format!(
        "CREATE TABLE customers (id BIGINT PRIMARY KEY, name STRING) WITH ({source});{DEPENDENTS}"
    ));
    workspace.write("people.csv", PEOPLE.as_bytes());
    workspace
}

/// Fails unless what has nothing to do with the failure is loaded.
fn expect_others(workspace: &Workspace) {
    assert_eq!(rows(workspace, "others"), ["1|ann", "2|bob", "3|ann"]);
}

/// A port of this machine at which nobody listens.
fn closed_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn a_circle_is_told_with_its_path() {
    let workspace = workspace(
        "CREATE TABLE prices AS SELECT id PRIMARY KEY, x FROM offers;
CREATE TABLE offers AS SELECT id PRIMARY KEY, x FROM stock;
CREATE TABLE stock AS SELECT id PRIMARY KEY, x FROM prices;",
    );
    insta::assert_snapshot!(workspace.run(&["load", PROGRAM]).transcript());
    assert!(!workspace.path(".velo").exists(), "nothing is loaded");
}

#[test]
fn a_missing_table_is_told_with_a_suggestion() {
    let workspace = workspace(
        "CREATE TABLE customers AS SELECT id PRIMARY KEY, name FROM people WITH ('people.path' = 'people.csv');
CREATE TABLE names AS SELECT name, COUNT(*) AS people FROM custmers GROUP BY name;",
    );
    workspace.write("people.csv", PEOPLE.as_bytes());
    insta::assert_snapshot!(workspace.run(&["load", PROGRAM]).transcript());
    assert!(!workspace.path(".velo").exists(), "nothing is loaded");
}

#[test]
fn a_dead_database_is_tried_again_and_its_dependents_are_skipped() {
    let port = closed_port();
    let url = format!("postgres://ann:hunter2@127.0.0.1:{port}/shop");
    let workspace = customers_from(&format!(
        "type = 'sql_source', 'connection.url' = '{url}', table = 'people'"
    ));
    let loaded = load(&workspace, &[]);
    assert_eq!(loaded.told("table_retrying", "customers").count(), 2);
    let transcript = loaded.transcript().replace(&port.to_string(), "[port]");
    assert!(!transcript.contains("hunter2"), "{transcript}");
    insta::assert_snapshot!(transcript);
    expect_others(&workspace);
}

/// Where columns are not declared, the database has to be asked for them before anything can be planned.
#[test]
fn a_dead_database_without_declared_columns_is_tried_again_too() {
    let port = closed_port();
    let workspace = workspace(&format!(
        "CREATE TABLE customers AS SELECT id PRIMARY KEY, name FROM db WITH ('db.config_file' = 'db.yaml');{DEPENDENTS}"
    ));
    let config =
        format!("type: sql_source\nconnection.url: postgres://ann:hunter2@127.0.0.1:{port}/shop\ntable: people\n");
    workspace.write("db.yaml", config.as_bytes());
    workspace.write("people.csv", PEOPLE.as_bytes());
    let transcript = load(&workspace, &["--retries", "1"]).transcript();
    let transcript = transcript.replace(&port.to_string(), "[port]");
    assert!(!transcript.contains("hunter2"), "{transcript}");
    insta::assert_snapshot!(transcript);
    expect_others(&workspace);
}

#[test]
fn a_wrong_password_is_not_tried_again_and_not_shown() {
    let Some(server) = PostgresServer::shared() else { return };
    let database = server.create_database();
    let url = database.url_with_password("wrong-hunter2");
    let workspace = customers_from(&format!(
        "type = 'sql_source', 'connection.url' = '{url}', table = 'people'"
    ));
    let loaded = load(&workspace, &[]);
    assert_eq!(loaded.told("table_retrying", "customers").count(), 0);
    let transcript = loaded.transcript().replace(&server.port().to_string(), "[port]");
    let transcript = transcript.replace(database.name(), "[database]");
    assert!(!transcript.contains("wrong-hunter2"), "{transcript}");
    insta::assert_snapshot!(transcript);
    expect_others(&workspace);
}

/// The server's address as `[server]`.
fn without_address(text: &str, server: &HttpServer) -> String {
    text.replace(&server.address(), "[server]")
}

#[test]
fn a_slow_source_has_as_long_as_a_table_may_take() {
    let server = HttpServer::start();
    server.on("/people.csv", |_| {
        Answer::ok("text/csv", PEOPLE).paused_at(10, Duration::from_secs(10))
    });
    let workspace = customers_from(&format!("path = '{}'", server.url("/people.csv")));
    let loaded = load(&workspace, &["--table-timeout", "700ms"]);
    insta::assert_snapshot!(without_address(&loaded.transcript(), &server));
    assert!(
        loaded.result()["total_duration_ms"].as_u64().unwrap() < 9_000,
        "{}",
        loaded.result()
    );
    expect_others(&workspace);
}

#[test]
fn a_load_that_takes_too_long_ends_with_what_is_there() {
    let server = HttpServer::start();
    server.on("/people.csv", |_| {
        Answer::ok("text/csv", PEOPLE).delayed(Duration::from_secs(10))
    });
    let workspace = customers_from(&format!("path = '{}'", server.url("/people.csv")));
    let loaded = load(&workspace, &["--total-timeout", "700ms"]);
    insta::assert_snapshot!(without_address(&loaded.transcript(), &server));
    expect_others(&workspace);
}

/// A server that is busy three times before it answers.
fn busy_three_times() -> HttpServer {
    let server = HttpServer::start();
    let busy = std::iter::repeat_n(Answer::new(503, "come back later"), 3);
    server.on_in_turn("/people.csv", busy.chain([Answer::ok("text/csv", PEOPLE)]));
    server
}

#[test]
fn a_source_that_fails_three_times_needs_three_retries() {
    let server = busy_three_times();
    let workspace = customers_from(&format!("path = '{}'", server.url("/people.csv")));
    let loaded = load(&workspace, &["--retries", "3"]).expect_all();
    assert_eq!(loaded.told("table_retrying", "customers").count(), 3);
    assert_eq!(
        loaded.told("table_completed", "customers").next().unwrap()["attempts"],
        4
    );
    assert_eq!(rows(&workspace, "names"), ["ann|2", "bob|1"]);
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn a_source_that_fails_more_often_than_it_is_tried_fails_its_table() {
    let server = busy_three_times();
    let workspace = customers_from(&format!("path = '{}'", server.url("/people.csv")));
    let loaded = load(&workspace, &["--retries", "2"]);
    insta::assert_snapshot!(without_address(&loaded.transcript(), &server));
    expect_others(&workspace);
    // It works by now: what was loaded is not loaded again.
    let again = load(&workspace, &[]).expect_all();
    assert_eq!(again.outcome("customers"), "loaded");
    assert_eq!(again.outcome("others"), "unchanged");
}

/// What an unknown column needs is asked for before the load, and asked for again as often.
#[test]
fn a_source_without_declared_columns_is_tried_again_too() {
    let server = busy_three_times();
    let url = server.url("/people.csv");
    let workspace = workspace(&format!(
        "CREATE TABLE customers AS SELECT id PRIMARY KEY, name FROM feed WITH ('feed.path' = '{url}');{DEPENDENTS}"
    ));
    workspace.write("people.csv", PEOPLE.as_bytes());
    load(&workspace, &["--retries", "3"]).expect_all();
    assert_eq!(rows(&workspace, "names"), ["ann|2", "bob|1"]);
}

/// What becomes of the bytes of a file.
type Damage = fn(&mut Vec<u8>);

/// A Parquet file of three people, damaged.
fn parquet_workspace(damage: Damage) -> Workspace {
    let workspace = customers_from("path = 'customers.parquet'");
    workspace.write(
        "write.sql",
        b"INSERT INTO out SELECT id, name FROM people WITH ('people.path' = 'people.csv', 'out.path' = 'customers.parquet');",
    );
    let written = workspace.run(&["run", "write.sql"]);
    assert_eq!(written.exit, Some(0), "{}", written.stderr);
    let mut bytes = std::fs::read(workspace.path("customers.parquet")).unwrap();
    damage(&mut bytes);
    workspace.write("customers.parquet", &bytes);
    workspace
}

#[test]
fn a_corrupt_parquet_file_fails_its_table() {
    let damages: [(&str, Damage); 3] = [
        ("cut off", |bytes| bytes.truncate(bytes.len() - 20)),
        ("overwritten at its beginning", |bytes| bytes[4..40].fill(0xff)),
        ("empty", Vec::clear),
    ];
    let transcripts = damages.map(|(name, damage)| {
        let workspace = parquet_workspace(damage);
        let loaded = load(&workspace, &[]);
        assert_eq!(
            loaded.told("table_retrying", "customers").count(),
            0,
            "it will not get better"
        );
        expect_others(&workspace);
        format!("{name}\n{}", loaded.transcript())
    });
    insta::assert_snapshot!(transcripts.join("\n"));
}

/// A stream that joins a table which takes a while.
fn late_table(server: &HttpServer, wait: &str) -> Outcome {
    server.on("/people.csv", |_| {
        Answer::ok("text/csv", PEOPLE).delayed(Duration::from_millis(1_500))
    });
    let workspace = workspace(&format!(
        "CREATE TABLE customers (id BIGINT PRIMARY KEY, name STRING) WITH (path = '{}');
CREATE STREAM named AS SELECT o.id, c.name FROM orders AS o JOIN customers AS c ON o.customer = c.id
    WITH ('orders.path' = 'orders.csv', 'table.wait.timeout' = '{wait}');",
        server.url("/people.csv")
    ));
    workspace.write("orders.csv", b"id,customer\n10,2\n11,1\n");
    workspace.run(&["run", PROGRAM])
}

#[test]
fn a_run_waits_for_a_table_as_long_as_it_is_told() {
    let server = HttpServer::start();
    let patient = late_table(&server, "20s");
    assert_eq!(patient.exit, Some(0), "{}", patient.stderr);
    assert_eq!(
        patient.stdout,
        "{\"id\":10,\"name\":\"bob\"}\n{\"id\":11,\"name\":\"ann\"}\n"
    );
    let impatient = late_table(&server, "100ms");
    assert_eq!(impatient.stdout, "");
    insta::assert_snapshot!(without_address(&impatient.transcript(), &server));
}

#[test]
fn a_state_directory_belongs_to_one_load_at_a_time() {
    let server = HttpServer::start();
    server.on("/people.csv", |_| {
        Answer::ok("text/csv", PEOPLE).delayed(Duration::from_secs(3))
    });
    let workspace = customers_from(&format!("path = '{}'", server.url("/people.csv")));
    let mut first = workspace.command(&["load", PROGRAM, "-q"]).spawn().unwrap();
    while server.requests().is_empty() {
        std::thread::sleep(Duration::from_millis(10));
    }
    let second = workspace.run(&["load", PROGRAM]);
    insta::assert_snapshot!(second.transcript());
    let with_events = load(&workspace, &["--select", "report"]);
    assert_eq!(with_events.exit, Some(3));
    let message = "cannot use the state directory: another process loads tables into `.velo`: let it end first, or name \
                   another state directory";
    assert_eq!(with_events.result()["skipped"], serde_json::json!({"report": message}));
    let elsewhere: Loaded = load(&workspace, &["--state-dir", "elsewhere"]);
    elsewhere.expect_all();
    assert!(first.wait().unwrap().success());
    assert_eq!(rows(&workspace, "report"), ["2"]);
}

/// A file without declared columns that cannot be read fails its table and those behind it; the others are loaded.
#[test]
fn a_corrupt_file_without_declared_columns_fails_its_table_alone() {
    let corrupt: &[(&str, &[u8], &str)] = &[
        ("bad.parquet", b"no Parquet", ""),
        ("bad.avro", b"Obj\x01and no more", ""),
        ("bad.csv.gz", b"\x1f\x8b\x08and no more", ""),
        ("bad.jsonl.zst", b"\x28\xb5\x2f\xfdand no more", ""),
        ("bad.json", b"[{\"id\": 1,", ", 'raw.format' = 'json'"),
        ("bad.jsonl", b"{id\n{id\n", ""),
        ("bad.csv", b"\xc3\x28,v\n1,2\n", ""),
        (
            "bad.db",
            b"no database",
            ", 'raw.type' = 'sql_source', 'raw.table' = 't'",
        ),
    ];
    for (name, content, with) in corrupt {
        let workspace = workspace(&format!(
            "CREATE TABLE good AS SELECT id PRIMARY KEY, v FROM lines WITH ('lines.path' = 'good.csv');
             CREATE TABLE bad AS SELECT id PRIMARY KEY, UPPER(v) AS v FROM raw WITH ('raw.path' = '{name}'{with});
             CREATE TABLE behind AS SELECT g.id, b.v FROM good g LEFT JOIN bad b ON g.id = b.id;"
        ));
        workspace.write("good.csv", b"id,v\n1,2\n");
        workspace.write(name, content);
        let loaded = load(&workspace, &[]);
        assert_eq!(loaded.exit, Some(3), "{name}: {}", loaded.stderr);
        let result = loaded.result();
        assert_eq!(result["successful"], serde_json::json!(["good"]), "{name}");
        let reason = result["failed"]["bad"].as_str().unwrap();
        assert!(reason.contains("raw") || reason.contains(name), "{reason}");
        assert!(result["skipped"]["behind"].is_string(), "{result}");
        assert_eq!(rows(&workspace, "good"), ["1|2"]);
    }
}
