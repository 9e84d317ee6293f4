//! What becomes of a stream whose table cannot be had, and of one whose table comes late.

use std::thread;
use std::time::Duration;

use crate::support::{Outcome, Workspace};

const ORDERS: (&str, &str) = (
    "orders.jsonl",
    "{\"order_id\":1,\"customer\":2}\n{\"order_id\":2,\"customer\":9}\n",
);

fn workspace(missing: &str) -> Workspace {
    let sql = format!(
        "CREATE TABLE customers (id BIGINT PRIMARY KEY, name STRING, vip BOOLEAN) WITH (path = 'customers.csv');
         SELECT o.order_id, c.name, c.vip FROM orders o LEFT JOIN customers c ON o.customer = c.id
         WITH ('orders.path' = 'orders.jsonl'{missing});"
    );
    Workspace::with(&[("query.sql", &sql), ORDERS])
}

fn run(missing: &str) -> Outcome {
    workspace(missing).run(&["run", "query.sql"])
}

#[test]
fn each_strategy_does_what_it_is_called() {
    let failed = run("");
    assert_eq!((failed.exit, failed.stdout.as_str()), (Some(3), ""));
    assert_eq!(
        failed.stderr,
        "error: `query_1` needs table `customers`, which failed: cannot read `customers`: \
         file `customers.csv` does not exist\n"
    );

    let skipped = run(", 'table.missing.strategy' = 'skip_record'");
    assert_eq!((skipped.exit, skipped.stdout.as_str()), (Some(0), ""));
    assert!(
        skipped
            .stderr
            .contains("2 rows skipped, joined with a table that could not be had"),
        "{}",
        skipped.stderr
    );

    let nulls = run(", 'table.missing.strategy' = 'emit_with_nulls'");
    assert_eq!(
        nulls.stdout,
        "{\"order_id\":1,\"name\":null,\"vip\":null}\n{\"order_id\":2,\"name\":null,\"vip\":null}\n"
    );

    let defaults = run(
        ", 'table.missing.strategy' = 'use_defaults', 'table.missing.defaults.name' = 'unknown', \
         'table.missing.defaults.vip' = 'false'",
    );
    assert_eq!(
        defaults.stdout,
        "{\"order_id\":1,\"name\":\"unknown\",\"vip\":false}\n{\"order_id\":2,\"name\":\"unknown\",\"vip\":false}\n"
    );
}

#[test]
fn statements_that_join_one_table_each_say_for_themselves() {
    let select = |name: &str, strategy: &str| {
        format!(
            "CREATE STREAM {name} AS SELECT o.order_id, c.name FROM orders o LEFT JOIN customers c ON o.customer = c.id
             WITH ('orders.path' = 'orders.jsonl', 'table.missing.strategy' = '{strategy}', '{name}.path' = '{name}.jsonl');\n"
        )
    };
    let declared = "CREATE TABLE customers (id BIGINT PRIMARY KEY, name STRING) WITH (path = 'customers.csv');\n";
    let sql = [
        declared,
        &select("nulls", "emit_with_nulls"),
        &select("skipped", "skip_record"),
    ]
    .concat();
    let workspace = Workspace::with(&[("query.sql", &sql), ORDERS]);
    assert_eq!(workspace.run(&["run", "query.sql"]).exit, Some(0));
    assert_eq!(
        workspace.read("nulls.jsonl"),
        "{\"order_id\":1,\"name\":null}\n{\"order_id\":2,\"name\":null}\n"
    );
    assert_eq!(workspace.read("skipped.jsonl"), "");
}

#[test]
fn a_table_that_comes_late_is_waited_for() {
    let workspace = workspace(
        ", 'table.missing.strategy' = 'wait_and_retry', 'table.missing.max_retries' = 600, 'table.missing.delay' = '50ms'",
    );
    let late = workspace.path("customers.csv");
    let writer = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        // Whole at once, as files should come.
        let part = late.with_extension("part");
        std::fs::write(&part, "id,name,vip\n2,Bob,true\n").unwrap();
        std::fs::rename(part, late).unwrap();
    });
    let outcome = workspace.run(&["run", "query.sql"]);
    writer.join().unwrap();
    // A key that the table does not have is an ordinary row without a match.
    assert_eq!(
        outcome.stdout,
        "{\"order_id\":1,\"name\":\"Bob\",\"vip\":true}\n{\"order_id\":2,\"name\":null,\"vip\":null}\n"
    );
}

#[test]
fn retries_end() {
    let outcome = run(
        ", 'table.missing.strategy' = 'wait_and_retry', 'table.missing.max_retries' = 2, 'table.missing.delay' = '10ms'",
    );
    assert_eq!(outcome.exit, Some(3));
    assert!(outcome.stderr.contains("needs table `customers`"), "{}", outcome.stderr);
}

#[test]
fn defaults_are_checked_before_anything_runs() {
    let cases = [
        (
            ", 'table.missing.strategy' = 'use_defaults', 'table.missing.defaults.vip' = 'maybe'",
            "`maybe` is no BOOLEAN, which `vip` is",
        ),
        (
            ", 'table.missing.strategy' = 'use_defaults', 'table.missing.defaults.nmae' = 'x'",
            "no table that the query joins has a column `nmae`",
        ),
        (
            ", 'table.missing.defaults.name' = 'x'",
            "have no effect without 'table.missing.strategy' = 'use_defaults'",
        ),
    ];
    for (missing, message) in cases {
        let outcome = workspace(missing).run(&["validate", "query.sql"]);
        assert!(outcome.stdout.contains(message), "{missing}\n{}", outcome.stdout);
    }
}
