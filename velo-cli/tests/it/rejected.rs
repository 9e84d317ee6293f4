//! Input of which no record can be read is a failure: more likely than that all of it is broken, it is read as something
//! that it is not.

use crate::support::{Outcome, Workspace};

/// Declares `orders`, whose amounts stand in the sink `out.csv`.
fn program(with: &str, settings: &str) -> String {
    format!(
        "CREATE STREAM orders (id BIGINT, amount BIGINT) WITH (path = 'orders.csv', format = 'csv_no_header'{with});\n\
         CREATE STREAM doubled AS SELECT id, amount * 2 AS twice FROM orders\n\
         WITH ('doubled.path' = 'out.csv'{settings});\n"
    )
}

fn workspace(orders: &[u8], with: &str, settings: &str) -> Workspace {
    let workspace = Workspace::with(&[("p.sql", &program(with, settings)), ("out.csv", "what it was\n")]);
    workspace.write("orders.csv", orders);
    workspace
}

/// Input, properties of the source, and what a run and `validate` have to say of it.
const UNREADABLE: [(&[u8], &str, &str); 4] = [
    (b"1;10\n2;20\n", "", "none of its 2 records can be read"),
    (b"1;10\n", "", "none of its records (there is one) can be read"),
    (b"a,b\n", "", "`a` is not a BIGINT"),
    (b"1\t10\n2\t20\n", ", delimiter = ';'", "'orders.delimiter'"),
];

#[test]
fn a_run_that_can_read_nothing_fails_and_leaves_files_alone() {
    for (orders, with, message) in UNREADABLE {
        let workspace = workspace(orders, with, "");
        for arguments in [vec!["run", "p.sql"], vec!["run", "p.sql", "--parallelism", "4"]] {
            let outcome = workspace.run(&arguments);
            assert_eq!(outcome.exit, Some(3), "{}", outcome.transcript());
            assert!(outcome.stderr.contains(message), "{}", outcome.stderr);
            assert!(outcome.stderr.contains("'orders.encoding'"), "{}", outcome.stderr);
            assert_eq!(workspace.read("out.csv"), "what it was\n");
            let left: Vec<_> = crate::support::files_in(&workspace.path(""));
            assert_eq!(left.len(), 3, "{left:?}");
        }
        let told = workspace.run(&["validate", "p.sql"]);
        assert!(
            told.stderr.contains("'orders.encoding'") || told.stdout.contains("'orders.encoding'"),
            "{told:?}"
        );
    }
    let workspace = workspace(UNREADABLE[0].0, "", "");
    insta::assert_snapshot!(workspace.run(&["run", "p.sql"]).transcript());
}

#[test]
fn who_asks_to_skip_gets_nothing_for_nothing() {
    let wanted = |outcome: &Outcome| assert_eq!(outcome.exit, Some(0), "{}", outcome.transcript());
    let asked = workspace(b"1;10\n", "", ", 'error.policy' = 'skip'");
    wanted(&asked.run(&["run", "p.sql"]));
    assert_eq!(asked.read("out.csv"), "id,twice\n");
    let asked = workspace(b"1;10\n", "", ", 'failure_strategy' = 'LogAndContinue'");
    wanted(&asked.run(&["run", "p.sql"]));
    let asked = workspace(b"1;10\n", "", "");
    wanted(&asked.run(&["run", "p.sql", "--set", "doubled.error.policy=skip"]));
    // One record is enough, and so is none that there is.
    wanted(&workspace(b"1;10\n2,20\n", "", "").run(&["run", "p.sql"]));
    wanted(&workspace(b"", "", "").run(&["run", "p.sql"]));
}

#[test]
fn dead_letters_are_written_all_the_same() {
    let workspace = workspace(
        b"1;10\n2;20\n",
        "",
        ", 'dead.letter.queue.path' = 'dead.envelope.jsonl'",
    );
    assert_eq!(workspace.run(&["run", "p.sql"]).exit, Some(3));
    assert_eq!(workspace.read("dead.envelope.jsonl").lines().count(), 2);
    assert_eq!(workspace.read("out.csv"), "what it was\n");
}

/// Groups over nothing would be a row.
#[test]
fn no_result_is_made_of_nothing() {
    let program = "CREATE STREAM orders (id BIGINT) WITH (path = 'orders.jsonl');\n\
                   CREATE STREAM big AS SELECT id FROM orders WHERE id > 0;\n\
                   SELECT id % 2 AS odd, COUNT(*) AS n FROM big GROUP BY id % 2 EMIT FINAL;\n";
    let workspace = Workspace::with(&[("p.sql", program), ("orders.jsonl", "{\"id\": \"x\"}\n")]);
    let outcome = workspace.run(&["run", "p.sql"]);
    assert_eq!(
        (outcome.exit, outcome.stdout.as_str()),
        (Some(3), ""),
        "{}",
        outcome.stderr
    );
}

#[test]
fn records_without_event_time_are_no_records() {
    let program = "CREATE STREAM events (at TIMESTAMP, v BIGINT)\n\
                   WITH (path = 'events.jsonl', 'event.time.field' = 'at');\n\
                   SELECT _window_start, SUM(v) AS total FROM events WINDOW TUMBLING(5s);\n";
    let events = "{\"v\": 1}\n{\"v\": 2, \"at\": null}\n";
    let workspace = Workspace::with(&[("p.sql", program), ("events.jsonl", events)]);
    let outcome = workspace.run(&["run", "p.sql"]);
    assert_eq!(outcome.exit, Some(3), "{}", outcome.transcript());
    assert!(
        outcome.stderr.contains("'events.event.time.field'"),
        "{}",
        outcome.stderr
    );
}

const TABLE: &str = "CREATE TABLE orders (id BIGINT PRIMARY KEY, amount BIGINT)\n\
                     WITH (path = 'orders.csv', format = 'csv_no_header');\n\
                     CREATE TABLE totals AS SELECT amount, COUNT(*) AS n FROM orders GROUP BY amount;\n\
                     CREATE STREAM joined AS SELECT e.id, o.amount FROM events e JOIN orders o ON e.id = o.id\n\
                     WITH ('events.path' = 'events.jsonl', 'joined.path' = 'joined.jsonl');\n";

#[test]
fn a_table_of_which_nothing_can_be_read_fails() {
    let files = [
        ("p.sql", TABLE),
        ("orders.csv", "1;10\n"),
        ("events.jsonl", "{\"id\": 1}\n"),
    ];
    let workspace = Workspace::with(&files);
    let outcome = workspace.run(&["load", "p.sql"]);
    assert_eq!(outcome.exit, Some(3), "{}", outcome.transcript());
    assert!(
        outcome
            .stderr
            .contains("none of its records (there is one) can be read"),
        "{}",
        outcome.stderr
    );
    for command in [["run", "p.sql"], ["deploy", "p.sql"]] {
        let outcome = workspace.run(&command);
        assert_eq!(outcome.exit, Some(3), "{command:?} {}", outcome.transcript());
        assert!(outcome.stderr.contains("'orders.delimiter'"), "{}", outcome.stderr);
    }
}

/// That a record cannot be read which comes later says nothing of those that could.
#[test]
fn what_is_added_to_a_table_may_be_unreadable() {
    let workspace = Workspace::with(&[("p.sql", TABLE), ("orders.csv", "1,10\n"), ("events.jsonl", "")]);
    let load = |exit| {
        let outcome = workspace.run(&["load", "p.sql"]);
        assert_eq!(outcome.exit, Some(exit), "{}", outcome.transcript());
    };
    load(0);
    workspace.write("orders.csv", b"1,10\nx;20\n");
    load(0);

    // Of a table that has never had a row all is read again, to see whether anything can be.
    let workspace = Workspace::with(&[("p.sql", TABLE), ("orders.csv", ""), ("events.jsonl", "")]);
    assert_eq!(workspace.run(&["load", "p.sql"]).exit, Some(0));
    workspace.write("orders.csv", b"1;10\n2;20\n");
    let outcome = workspace.run(&["load", "p.sql"]);
    assert_eq!(outcome.exit, Some(3), "{}", outcome.transcript());
}
