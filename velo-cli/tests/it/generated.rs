//! What commands make of sources whose rows are generated.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::support::{Outcome, Workspace, root, velo_cli};

const ORDERS: &str =
    "CREATE STREAM orders (id BIGINT NOT NULL, customer BIGINT, amount DECIMAL(10, 2), at TIMESTAMP) WITH (
    type = 'datagen_source', 'number.of.rows' = 100, seed = 3, 'fields.id.kind' = 'sequence', 'fields.customer.max' = 9,
    'event.time.field' = 'at');\n";

fn told(arguments: &[&str], program: &str) -> Outcome {
    let workspace = Workspace::with(&[("p.sql", program)]);
    workspace.run(arguments)
}

#[test]
fn generated_rows_are_read_like_any() {
    let program = format!(
        "{ORDERS}SELECT COUNT(*) AS n, MIN(id) AS first, MAX(id) AS last, SUM(id) AS total FROM orders WINDOW TUMBLING(1d);"
    );
    let outcome = told(&["run", "p.sql"], &program);
    assert_eq!(
        outcome.stdout, "{\"n\":100,\"first\":1,\"last\":100,\"total\":5050}\n",
        "{}",
        outcome.stderr
    );
    assert_eq!(outcome.exit, Some(0));
}

#[test]
fn the_same_seed_gives_the_same_rows_whatever_shares_the_work() {
    let run = |extra: &[&str]| -> BTreeSet<String> {
        let program = format!("{ORDERS}SELECT id, customer, amount, at FROM orders;");
        let outcome = told(&[&["run", "p.sql"], extra].concat(), &program);
        assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
        outcome.stdout.lines().map(str::to_owned).collect()
    };
    let rows = run(&[]);
    assert_eq!(rows.len(), 100);
    assert_eq!(run(&["--set", "batch.size=7"]), rows);
    assert_eq!(run(&["--parallelism", "3", "--set", "orders.splits=4"]), rows);
    assert_ne!(run(&["--set", "orders.seed=4"]), rows);
}

#[test]
fn nexmark_is_read_without_declaring_anything() {
    let program = "SELECT COUNT(*) AS bids, COUNT(DISTINCT bidder) > 1 AS several, MIN(price) >= 100 AS is_price
        FROM bid WITH ('bid.type' = 'nexmark_source', 'bid.table' = 'bid', 'bid.number.of.events' = 5000);";
    let outcome = told(&["query", program], "");
    assert_eq!(
        outcome.stdout, "{\"bids\":4600,\"several\":true,\"is_price\":true}\n",
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_table_of_generated_rows_is_loaded_and_joined() {
    let program = "CREATE TABLE customers (id BIGINT PRIMARY KEY, name STRING) WITH (
            type = 'datagen_source', 'number.of.rows' = 10, 'fields.id.kind' = 'sequence', 'fields.name.values' = 'Ann');
        CREATE STREAM orders (customer BIGINT) WITH (
            type = 'datagen_source', 'fields.customer.kind' = 'sequence', 'fields.customer.start' = 9, 'fields.customer.end' = 12);
        SELECT o.customer, c.name FROM orders o LEFT JOIN customers c ON o.customer = c.id;";
    let workspace = Workspace::with(&[("p.sql", program)]);
    let ran = workspace.run(&["run", "p.sql"]);
    let expected = "{\"customer\":9,\"name\":\"Ann\"}\n{\"customer\":10,\"name\":\"Ann\"}\n\
                    {\"customer\":11,\"name\":null}\n{\"customer\":12,\"name\":null}\n";
    assert_eq!(ran.stdout, expected, "{}", ran.stderr);
    assert_eq!(workspace.run(&["load", "p.sql", "-q"]).exit, Some(0));
    assert_eq!(workspace.run(&["load", "p.sql", "-q"]).exit, Some(0));
    let kept = workspace.run(&["query", "SELECT COUNT(*) AS n, MAX(id) AS last FROM customers"]);
    assert_eq!(kept.stdout, "{\"n\":10,\"last\":10}\n", "{}", kept.stderr);
}

#[test]
fn rows_without_end_are_for_programs_that_are_deployed() {
    let program = "CREATE STREAM ticks (id BIGINT) WITH (type = 'datagen_source', 'rows.per.second' = 100, 'fields.id.kind' = 'sequence');
        CREATE STREAM kept AS SELECT id FROM ticks WITH (path = 'kept.jsonl', 'flush.interval' = '10ms');";
    let workspace = Workspace::with(&[("p.sql", program)]);
    let ran = workspace.run(&["run", "p.sql"]);
    assert_eq!(ran.exit, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("without end"), "{}", ran.stderr);
    let mut command = workspace.command(&["deploy", "p.sql"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let written = || fs::read_to_string(workspace.path("kept.jsonl")).unwrap_or_default();
    let has_come = (0..3000).any(|_| {
        thread::sleep(Duration::from_millis(10));
        written().lines().count() >= 3
    });
    let signal = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(signal.unwrap().success());
    let outcome = Outcome::of(&child.wait_with_output().unwrap());
    assert!(has_come, "{}", outcome.stderr);
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    assert!(
        written().starts_with("{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n"),
        "{}",
        written()
    );
}

#[test]
fn validation_says_what_is_generated() {
    let program = format!(
        "{ORDERS}CREATE STREAM bid WITH (type = 'nexmark_source', table = 'bid', 'events.per.second' = 50);
         SELECT id, customer, amount, at FROM orders;
         SELECT bidder, price FROM bid;"
    );
    insta::assert_snapshot!(told(&["validate", "-v", "p.sql"], &program).transcript());
}

/// Each mistake is told with its place when the program is checked.
#[test]
fn mistakes_are_told_at_their_place() {
    let columns = "CREATE STREAM s (id BIGINT NOT NULL, name STRING, at TIMESTAMP) WITH (type = 'datagen_source', 'number.of.rows' = 5";
    let programs = [
        format!("{columns}, 'fields.id.kind' = 'sequense'); SELECT id FROM s;"),
        format!("{columns}, 'fields.name.kind' = 'random'); SELECT id FROM s;"),
        format!("{columns}, 'fields.id.min' = 10, 'fields.id.max' = 5); SELECT id FROM s;"),
        format!("{columns}, 'fields.nme.length' = 3); SELECT id FROM s;"),
        format!("{columns}, 'fields.name.lenght' = 3); SELECT id FROM s;"),
        format!("{columns}, 'fields.id.null.rate' = '0.1'); SELECT id FROM s;"),
        format!("{columns}, path = 'x.csv'); SELECT id FROM s;"),
        "CREATE STREAM s WITH (type = 'datagen_source'); SELECT id FROM s;".to_owned(),
        "SELECT id FROM s WITH ('s.type' = 'datagen_source', 's.number.of.rows' = 5);".to_owned(),
        "CREATE TABLE t (id BIGINT PRIMARY KEY) WITH (type = 'datagen_source', 'fields.id.kind' = 'sequence');
         CREATE TABLE u AS SELECT id PRIMARY KEY FROM t;"
            .to_owned(),
        "CREATE STREAM b WITH (type = 'nexmark_source', table = 'bids'); SELECT price FROM b;".to_owned(),
        "CREATE STREAM b (prize BIGINT) WITH (type = 'nexmark_source', table = 'bid'); SELECT prize FROM b;".to_owned(),
        "CREATE STREAM s (id BIGINT) WITH (type = 'datagen_source'); SELECT id, COUNT(*) AS n FROM s GROUP BY id EMIT FINAL;"
            .to_owned(),
    ];
    let all: Vec<String> = programs
        .iter()
        .map(|program| told(&["validate", "p.sql"], program).transcript())
        .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn the_demo_prints_what_its_readme_says() {
    let readme = fs::read_to_string(root().join("demo/datagen/README.md")).unwrap();
    for program in ["orders", "nexmark"] {
        let path = format!("demo/datagen/{program}.sql");
        let run = ["run", &path, "--parallelism", "1"];
        let outcome = Outcome::of(&velo_cli().current_dir(root()).args(run).output().unwrap());
        assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
        assert!(readme.contains(&outcome.stdout), "{path} prints\n{}", outcome.stdout);
    }
    let validate = ["validate", "--strict", "demo/datagen"];
    let outcome = Outcome::of(&velo_cli().current_dir(root()).args(validate).output().unwrap());
    assert_eq!(outcome.stdout, "3 programs checked: no errors, no warnings\n");
}
