//! Rows that a table lacks are told of, by each load, for as long as it lacks them.

use super::support::{PROGRAM, load, rows, workspace};
use crate::support::Workspace;

/// Line 3 has a text where a number belongs, line 4 too few fields.
const ORDERS: &[u8] = b"id,amount\n1,10\n2,many\n3\n4,40\n";

fn orders(properties: &str) -> Workspace {
    let program = format!(
        "CREATE TABLE orders (id BIGINT PRIMARY KEY, amount BIGINT) WITH (path = 'orders.csv'{properties});\n\
         CREATE TABLE total AS SELECT SUM(amount) AS amount FROM orders;"
    );
    let workspace = workspace(&program);
    workspace.write("orders.csv", ORDERS);
    workspace
}

fn append(workspace: &Workspace, text: &str) {
    let all = workspace.read("orders.csv") + text;
    workspace.write("orders.csv", all.as_bytes());
}

/// What is told beside the result.
fn told(workspace: &Workspace, arguments: &[&str]) -> String {
    load(workspace, arguments).expect_all().stderr
}

#[test]
fn skipped_rows_are_told_again_as_long_as_the_table_lacks_them() {
    let workspace = orders("");
    insta::assert_snapshot!(told(&workspace, &[]), @r"
    orders:
      1 row skipped, malformed:
        orders.csv:4: the record has 1 field, not 2
      1 row skipped, with a value that does not fit its column:
        orders.csv:3: column `amount`: `many` is not a BIGINT
    ");
    let unchanged = load(&workspace, &[]).expect_all();
    assert_eq!(unchanged.outcome("orders"), "unchanged");
    assert_eq!(
        unchanged.told("table_completed", "orders").next().unwrap()["skipped_rows"],
        2
    );
    insta::assert_snapshot!(unchanged.stderr, @r"
    orders:
      1 row skipped by an earlier load, malformed:
        orders.csv:4: the record has 1 field, not 2
      1 row skipped by an earlier load, with a value that does not fit its column:
        orders.csv:3: column `amount`: `many` is not a BIGINT
    ");
    append(&workspace, "5,50\n6,none\n");
    let more = load(&workspace, &[]).expect_all();
    assert_eq!(more.outcome("orders"), "incremental 2");
    assert_eq!(
        more.told("table_completed", "orders").next().unwrap()["skipped_rows"],
        3
    );
    insta::assert_snapshot!(more.stderr, @r"
    orders:
      1 row skipped, with a value that does not fit its column:
        orders.csv:7: column `amount`: `none` is not a BIGINT
      1 row skipped by an earlier load, malformed:
        orders.csv:4: the record has 1 field, not 2
      1 row skipped by an earlier load, with a value that does not fit its column:
        orders.csv:3: column `amount`: `many` is not a BIGINT
    ");
    insta::assert_snapshot!(told(&workspace, &[]), @r"
    orders:
      1 row skipped by an earlier load, malformed:
        orders.csv:4: the record has 1 field, not 2
      2 rows skipped by an earlier load, with a value that does not fit its column:
        orders.csv:3: column `amount`: `many` is not a BIGINT
        orders.csv:7: column `amount`: `none` is not a BIGINT
    ");
    assert_eq!(rows(&workspace, "total"), ["100"]);
    // A file without faults, and the table lacks nothing.
    workspace.write("orders.csv", b"id,amount\n1,1\n");
    assert_eq!(told(&workspace, &[]), "");
    assert_eq!(told(&workspace, &[]), "");
}

#[test]
fn what_becomes_of_rows_that_fail_is_up_to_the_declared_table() {
    let failing = orders(", 'error.policy' = 'fail'");
    let failed = load(&failing, &[]);
    assert_eq!(failed.exit, Some(3));
    let message = failed.result()["failed"]["orders"].as_str().unwrap().to_owned();
    assert!(message.contains("orders.csv:3"), "{message}");
    for spelling in ["failure_strategy' = 'FailBatch", "Failure_Strategy' = 'failbatch"] {
        let failing = orders(&format!(", '{spelling}'"));
        assert_eq!(load(&failing, &[]).exit, Some(3), "{spelling}");
    }
    for arguments in [["--set", "error.policy=fail"], ["--set", "orders.error.policy=fail"]] {
        let failed = load(&orders(""), &arguments);
        assert_eq!(failed.exit, Some(3), "{arguments:?}");
        assert!(failed.result()["failed"]["orders"].is_string(), "{}", failed.result());
    }
    let keeping = orders(", 'dead.letter.queue.path' = 'dead.envelope.jsonl'");
    insta::assert_snapshot!(told(&keeping, &[]), @r"
    orders:
      1 row written to dead.envelope.jsonl, malformed:
        orders.csv:4: the record has 1 field, not 2
      1 row written to dead.envelope.jsonl, with a value that does not fit its column:
        orders.csv:3: column `amount`: `many` is not a BIGINT
    ");
    let letters = keeping.read("dead.envelope.jsonl");
    assert_eq!(letters.lines().count(), 2, "{letters}");
    assert!(letters.contains(r#""value":"2,many""#), "{letters}");
    assert!(letters.contains(r#""statement":"orders""#), "{letters}");
}

#[test]
fn another_policy_reads_a_table_again_that_lacks_rows() {
    let workspace = orders("");
    load(&workspace, &[]).expect_all();
    let failed = load(&workspace, &["--set", "error.policy=fail"]);
    assert_eq!(failed.exit, Some(3), "what was skipped fails now");
    let letters = ["--set", "dead.letter.queue.path=dead.envelope.jsonl"];
    let again = load(&workspace, &letters).expect_all();
    assert_eq!(
        again.outcome("orders"),
        "reloaded: it lacks rows that failed, and their `error.policy` has changed"
    );
    assert_eq!(workspace.read("dead.envelope.jsonl").lines().count(), 2);
    // Where no row failed, it does not matter what would have become of it.
    workspace.write("orders.csv", b"id,amount\n1,1\n");
    load(&workspace, &[]).expect_all();
    let unchanged = load(&workspace, &["--set", "error.policy=fail"]).expect_all();
    assert_eq!(unchanged.outcome("orders"), "unchanged");
}

#[test]
fn rows_that_a_stream_gives_up_on_their_way_to_a_table_are_told() {
    let workspace = Workspace::with(&[(
        PROGRAM,
        "CREATE STREAM lines (id BIGINT, amount BIGINT) WITH (path = 'orders.csv');
         CREATE STREAM large AS SELECT id, amount FROM lines WHERE amount > 1;
         CREATE TABLE orders AS SELECT id PRIMARY KEY, amount FROM large;",
    )]);
    workspace.write("orders.csv", ORDERS);
    insta::assert_snapshot!(told(&workspace, &[]), @r"
    orders:
      1 row skipped, malformed:
        orders.csv:4: the record has 1 field, not 2
      1 row skipped, with a value that does not fit its column:
        orders.csv:3: column `amount`: `many` is not a BIGINT
    ");
    insta::assert_snapshot!(told(&workspace, &[]), @r"
    orders:
      1 row skipped by an earlier load, malformed:
        orders.csv:4: the record has 1 field, not 2
      1 row skipped by an earlier load, with a value that does not fit its column:
        orders.csv:3: column `amount`: `many` is not a BIGINT
    ");
}

#[test]
fn a_run_tells_what_its_tables_lack() {
    let program = "CREATE STREAM ids (id BIGINT) WITH (path = 'ids.csv');\n\
                   SELECT i.id, o.amount FROM ids i JOIN orders o ON i.id = o.id \
                   WITH ('orders.path' = 'orders.csv'PROPERTIES);";
    let run = |properties: &str| {
        let workspace = workspace(&program.replace("PROPERTIES", properties));
        workspace.write("ids.csv", b"id\n1\n4\n");
        workspace.write("orders.csv", b"id,amount\n1,10\n3\n4,40\n");
        let outcome = workspace.run(&["run", PROGRAM]);
        (workspace, outcome)
    };
    insta::assert_snapshot!(run("").1.transcript(), @r#"
    exit: 0
    ----- stdout -----
    {"id":1,"amount":10}
    {"id":4,"amount":40}
    ----- stderr -----
    orders:
      1 row skipped, malformed:
        orders.csv:3: the record has 1 field, not 2
    query_1: 2 rows in, 2 rows out in [time]
    "#);
    // The table is read for the statement, whose policy it shares.
    assert_eq!(run(", 'error.policy' = 'fail'").1.exit, Some(3));
    assert_eq!(run(", 'orders.error.policy' = 'fail'").1.exit, Some(3));
    assert_eq!(
        run(", 'error.policy' = 'fail', 'orders.error.policy' = 'skip'").1.exit,
        Some(0)
    );
    let (workspace, outcome) = run(", 'dead.letter.queue.path' = 'dead.envelope.jsonl'");
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    assert_eq!(workspace.read("dead.envelope.jsonl").lines().count(), 1);
}
