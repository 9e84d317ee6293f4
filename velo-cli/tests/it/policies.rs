//! What becomes of rows that fail.

use crate::support::Workspace;

/// Line 2 is no JSON, line 3 has a text where a number belongs, line 5 overflows when doubled.
const ORDERS: (&str, &str) = (
    "orders.jsonl",
    "{\"id\":1,\"amount\":10}\n{\"id\":2,\"amount\":\n{\"id\":3,\"amount\":\"many\"}\n\
     {\"id\":4,\"amount\":40}\n{\"id\":5,\"amount\":9223372036854775807}\n",
);

fn run(properties: &str) -> (Workspace, String) {
    let sql = format!(
        "CREATE STREAM orders (id BIGINT, amount BIGINT) WITH (path = 'orders.jsonl');\n\
         SELECT id, amount * 2 AS twice FROM orders {properties};\n"
    );
    let workspace = Workspace::with(&[ORDERS, ("query.sql", &sql)]);
    let transcript = workspace.run(&["run", "query.sql"]).transcript();
    (workspace, transcript)
}

#[test]
fn skipped_rows_are_counted_by_cause_with_samples() {
    insta::assert_snapshot!("skip", run("").1);
}

#[test]
fn the_first_failing_row_can_fail_the_run() {
    insta::assert_snapshot!("fail", run("WITH ('error.policy' = 'fail')").1);
}

#[test]
fn dead_letters_keep_the_original_bytes() {
    let (workspace, transcript) = run("WITH ('dead.letter.queue.path' = 'dead.envelope.jsonl')");
    insta::assert_snapshot!("dead_letter", transcript);
    let letters = workspace.read("dead.envelope.jsonl");
    let letters: Vec<serde_json::Value> = letters
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(letters[0]["value"], "{\"id\":2,\"amount\":");
    assert_eq!(letters[0]["error"]["line"], 2);
    assert_eq!(letters[1]["value"], serde_json::json!({"id": 3, "amount": "many"}));
    assert_eq!(letters[1]["error"]["column"], "amount");
    assert_eq!(letters.len(), 3);
}

#[test]
fn a_key_that_is_null_is_an_error_of_its_row() {
    let orders = ("orders.csv", "id,amount\n1,10\n,20\n3,30\n");
    let sql = "CREATE STREAM orders (id BIGINT, amount BIGINT) WITH (path = 'orders.csv');\n\
               SELECT id PRIMARY KEY, amount FROM orders WITH ('dead.letter.queue.path' = 'dead.envelope.jsonl');\n";
    let workspace = Workspace::with(&[orders, ("query.sql", sql)]);
    insta::assert_snapshot!("null_key", workspace.run(&["run", "query.sql"]).transcript());
    let letter: serde_json::Value = serde_json::from_str(&workspace.read("dead.envelope.jsonl")).unwrap();
    assert_eq!(letter["value"], ",20");
    assert_eq!(letter["error"]["column"], "id");
    assert_eq!(letter["error"]["cause"], "missing_value");
}

#[test]
fn late_rows_go_where_the_strategy_says() {
    let events = ("events.csv", "at,v\n1000,1\n9000,2\n2000,3\n");
    let query = |properties: &str| {
        format!(
            "CREATE STREAM events (at BIGINT, v BIGINT) WITH (path = 'events.csv', 'event.time.field' = 'at');\n\
             SELECT _window_start, SUM(v) AS total FROM events WINDOW TUMBLING(5s) {properties};\n"
        )
    };
    let dropping = Workspace::with(&[events, ("query.sql", &query(""))]);
    insta::assert_snapshot!("late_drop", dropping.run(&["run", "query.sql"]).transcript());
    let kept = "WITH ('late.data.strategy' = 'dead_letter', 'dead.letter.queue.path' = 'late.envelope.jsonl')";
    let keeping = Workspace::with(&[events, ("query.sql", &query(kept))]);
    insta::assert_snapshot!("late_dead_letter", keeping.run(&["run", "query.sql"]).transcript());
    let letters = keeping.read("late.envelope.jsonl");
    assert_eq!(letters.lines().count(), 1, "{letters}");
    assert!(letters.contains("\"cause\":\"late\""), "{letters}");
}
