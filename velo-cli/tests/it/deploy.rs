//! Programs that run until they are stopped, and tables that are read once.

use std::process::Stdio;

use crate::support::{Workspace, files_in, stop, wait_until};

const PROGRAM: &str = "
CREATE TABLE customers (id BIGINT PRIMARY KEY, name STRING)
  WITH (path = 'customers.csv', 'load.incremental.interval' = '50ms');
CREATE TABLE names AS SELECT name, COUNT(*) AS customers FROM customers GROUP BY name;
CREATE STREAM enriched AS SELECT o.order_id, c.name FROM orders o LEFT JOIN customers c ON o.customer = c.id
  WITH ('orders.path' = 'orders.jsonl', 'orders.watch' = 'true', 'orders.polling.interval' = '20ms',
        'enriched.path' = 'enriched.jsonl', 'enriched.append' = 'true');
";

fn workspace() -> Workspace {
    Workspace::with(&[
        ("query.sql", PROGRAM),
        ("customers.csv", "id,name\n1,Ann\n"),
        ("orders.jsonl", "{\"order_id\":1,\"customer\":1}\n"),
    ])
}

#[test]
fn a_deployed_stream_sees_its_table_as_it_grows_and_ends_when_told() {
    let workspace = workspace();
    let mut command = workspace.command(&["deploy", "query.sql"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let written = || std::fs::read_to_string(workspace.path("enriched.jsonl")).unwrap_or_default();
    wait_until("the first row", || written().lines().count() == 1);
    workspace.append("customers.csv", "2,Bob\n");
    let kept = || workspace.run(&["query", "SELECT COUNT(*) AS n FROM names"]).stdout;
    wait_until("the table and the one made of it", || kept() == "{\"n\":2}\n");
    workspace.append("orders.jsonl", "{\"order_id\":2,\"customer\":2}\n");
    wait_until("the second row", || written().lines().count() == 2);
    let outcome = stop(child);
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("\nenriched: running\n"), "{}", outcome.stderr);
    assert!(outcome.stderr.ends_with("\nstopped\n"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("interrupted"), "{}", outcome.stderr);
    assert_eq!(
        written(),
        "{\"order_id\":1,\"name\":\"Ann\"}\n{\"order_id\":2,\"name\":\"Bob\"}\n"
    );
}

/// Whoever reads the file meanwhile sees whole rows in the file that the program names, compressed or not, and dead letters.
#[test]
fn rows_are_seen_in_the_file_that_is_named_while_the_stream_runs() {
    let sql = "
        CREATE STREAM orders (id BIGINT) WITH (path = 'orders.jsonl', watch = true, 'polling.interval' = '20ms');
        CREATE STREAM kept AS SELECT id FROM orders
          WITH (path = 'kept.csv', 'dead.letter.queue.path' = 'failed.envelope.jsonl', 'flush.interval' = '10ms');
        CREATE STREAM packed AS SELECT id FROM orders WITH (path = 'packed.jsonl.gz', 'flush.interval' = '10ms');
        CREATE STREAM whole AS SELECT id FROM orders WITH (path = 'whole.parquet');";
    let workspace = Workspace::with(&[
        ("query.sql", sql),
        ("orders.jsonl", "{\"id\":1}\n{\"id\":\"x\"}\n"),
        ("kept.csv", "what was there before\n"),
    ]);
    let mut command = workspace.command(&["deploy", "query.sql"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let content = |name: &str| std::fs::read_to_string(workspace.path(name)).unwrap_or_default();
    wait_until("the first row", || content("kept.csv") == "id\n1\n");
    wait_until("the dead letter", || content("failed.envelope.jsonl").ends_with("}\n"));
    workspace.append("orders.jsonl", "{\"id\":2}\n");
    wait_until("the second row", || content("kept.csv") == "id\n1\n2\n");
    let unpacked = || {
        let bytes = std::fs::read(workspace.path("packed.jsonl.gz")).unwrap_or_default();
        let mut text = String::new();
        // What is not finished ends in an error, behind what is there.
        let _ = std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(&bytes[..]), &mut text);
        text
    };
    wait_until("the compressed rows", || unpacked() == "{\"id\":1}\n{\"id\":2}\n");
    let is_hidden = |path: &std::path::PathBuf| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'))
    };
    let hidden = || {
        files_in(&workspace.path(""))
            .into_iter()
            .filter(|path| is_hidden(path))
            .count()
    };
    assert_eq!(hidden(), 1, "a Parquet file appears when the stream ends");
    let outcome = stop(child);
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    assert_eq!(content("kept.csv"), "id\n1\n2\n");
    assert_eq!(hidden(), 0);
    assert!(workspace.path("whole.parquet").exists());
}

#[test]
fn a_stream_that_nobody_sees_is_refused_with_both_ways_out() {
    let sql = "CREATE STREAM lost AS SELECT order_id FROM orders WITH ('orders.path' = 'orders.jsonl');";
    let workspace = Workspace::with(&[("query.sql", sql), ("orders.jsonl", "{\"order_id\":1}\n")]);
    let outcome = workspace.run(&["deploy", "query.sql"]);
    assert_eq!(outcome.exit, Some(1));
    for words in [
        "`lost` has neither a sink nor a stream that reads it",
        "'lost.path' = '…'",
        "read it in another statement",
    ] {
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    }
}

#[test]
fn loaded_tables_are_queried() {
    let workspace = workspace();
    assert_eq!(workspace.run(&["load", "query.sql", "-q"]).exit, Some(0));
    let rows = |sql: &str| {
        let outcome = workspace.run(&["query", sql]);
        assert_eq!(outcome.exit, Some(0), "{sql}\n{}", outcome.stderr);
        outcome.stdout
    };
    assert_eq!(rows("SELECT * FROM customers"), "{\"id\":1,\"name\":\"Ann\"}\n");
    // All of a table is a group, even if no row is left of it.
    assert_eq!(
        rows("SELECT COUNT(*) AS n, MAX(id) AS last FROM customers WHERE id > 1"),
        "{\"n\":0,\"last\":null}\n"
    );
    assert_eq!(
        rows("SELECT c.id, n.customers FROM customers c JOIN names n ON c.name = n.name"),
        "{\"id\":1,\"customers\":1}\n"
    );
    let unknown = workspace.run(&["query", "SELECT * FROM customer"]);
    assert_eq!(unknown.exit, Some(1));
    assert!(
        unknown.stderr.contains("a similar name exists: `customers`"),
        "{}",
        unknown.stderr
    );
    let nothing = workspace.run(&["query", "SELECT * FROM customers", "--state-dir", "elsewhere"]);
    assert_eq!(nothing.exit, Some(1));
}
