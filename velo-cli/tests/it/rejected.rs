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

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
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

#[test]
fn text_in_another_encoding_is_read_when_it_is_said() {
    let text = "id,name\n1,Müller\n2,Зоя\n";
    let little = utf16(text, u16::to_le_bytes);
    let big = utf16(text, u16::to_be_bytes);
    let marked = [b"\xFE\xFF".as_slice(), &big].concat();
    let rows = "{\"id\":1,\"name\":\"Müller\"}\n{\"id\":2,\"name\":\"Зоя\"}\n";
    for (bytes, encoding) in [
        (&little, "utf-16le"),
        (&big, "utf-16be"),
        (&marked, "utf-16"),
        (&marked, "utf-16be"),
    ] {
        let query = format!(
            "SELECT id, name FROM people WITH ('people.path' = 'people.csv', 'people.encoding' = '{encoding}');"
        );
        let workspace = Workspace::with(&[("p.sql", &query)]);
        workspace.write("people.csv", bytes);
        let outcome = workspace.run(&["run", "p.sql"]);
        assert_eq!(
            (outcome.exit, outcome.stdout.as_str()),
            (Some(0), rows),
            "{encoding} {}",
            outcome.stderr
        );
    }
    // What is not said is told, with what to say.
    let query = "SELECT id, name FROM people WITH ('people.path' = 'people.csv');";
    for (bytes, advice) in [(&little, "'utf-16le'"), (&big, "'utf-16be'"), (&marked, "'utf-16be'")] {
        let workspace = Workspace::with(&[("p.sql", query)]);
        workspace.write("people.csv", bytes);
        for command in ["validate", "run"] {
            let outcome = workspace.run(&[command, "p.sql"]);
            let text = outcome.stdout.clone() + &outcome.stderr;
            assert!(text.contains(&format!("'encoding' = {advice}")), "{text}");
            assert_eq!(outcome.exit, Some(1), "{text}");
        }
    }
}

#[test]
fn a_character_that_is_none_costs_its_record_alone() {
    let query = "CREATE STREAM people (id BIGINT, name STRING) WITH (path = 'people.csv', encoding = 'shift_jis');\n\
                 SELECT id, name FROM people;";
    let workspace = Workspace::with(&[("p.sql", query)]);
    workspace.write("people.csv", b"id,name\n1,\x93\xFA\x96\x7B\n2,\x93\xFF\n3,c\n");
    let outcome = workspace.run(&["run", "p.sql"]);
    assert_eq!(
        outcome.stdout, "{\"id\":1,\"name\":\"日本\"}\n{\"id\":3,\"name\":\"c\"}\n",
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains("people.csv:3"), "{}", outcome.stderr);
}

#[test]
fn what_stands_behind_a_gzip_stream_is_told() {
    use std::io::Write as _;

    let query = "SELECT id FROM t WITH ('t.path' = 't.csv.gz');";
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(b"id\n1\n").unwrap();
    let packed = encoder.finish().unwrap();
    for (tail, warning) in [
        (&[0_u8; 512][..], None),
        (
            b"garbage",
            Some("warning: `t.csv.gz`: 7 bytes behind the end of the gzip stream are ignored"),
        ),
    ] {
        let workspace = Workspace::with(&[("p.sql", query)]);
        workspace.write("t.csv.gz", &[&packed[..], tail].concat());
        let outcome = workspace.run(&["run", "p.sql"]);
        assert_eq!(
            (outcome.exit, outcome.stdout.as_str()),
            (Some(0), "{\"id\":1}\n"),
            "{}",
            outcome.stderr
        );
        let told: Vec<&str> = outcome
            .stderr
            .lines()
            .filter(|line| line.starts_with("warning"))
            .collect();
        assert_eq!(told, Vec::from_iter(warning));
        assert_eq!(workspace.run(&["-q", "run", "p.sql"]).stderr, "");
    }
}
