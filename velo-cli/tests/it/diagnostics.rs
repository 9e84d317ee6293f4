//! Programs that must be rejected, with the place and the exit code; and one program for every code there is.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::Workspace;

const ORDERS: (&str, &str) = (
    "orders.csv",
    "id,customer,price,at\n1,ada,1.50,2024-05-01T08:00:00Z\n2,grace,2.25,2024-05-01T08:00:01Z\n",
);

const DECLARED: &str = "CREATE STREAM orders (id BIGINT, customer STRING, price DECIMAL(10, 2), at TIMESTAMP) \
                        WITH (path = 'orders.csv', 'event.time.field' = 'at');\n";

/// What `validate --format json` says about a program, and how it exits.
fn validate(sql: &str) -> (Option<i32>, Vec<Value>) {
    let workspace = Workspace::with(&[ORDERS, ("query.sql", sql)]);
    let outcome = workspace.run(&["validate", "query.sql", "--format", "json"]);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    (
        outcome.exit,
        report["files"][0]["diagnostics"].as_array().unwrap().clone(),
    )
}

/// The text that a diagnostic points at. Programs have one byte per character here.
fn pointed_at<'a>(sql: &'a str, diagnostic: &Value) -> &'a str {
    let number = |key: &str| diagnostic[key].as_u64().unwrap() as usize;
    let line = sql.lines().nth(number("line") - 1).unwrap();
    assert_eq!(number("line"), number("end_line"), "{diagnostic}");
    &line[number("column") - 1..number("end_column") - 1]
}

#[test]
fn wrong_queries_are_rejected_at_the_right_place() {
    // The query, the code, and the text that is marked.
    for (query, code, marked) in [
        ("SELECT id FROM orders GROUP BY xxxx", "V0200", "xxxx"),
        ("SELECT AVG(price) FROM orders", "V0401", "AVG(price)"),
        ("SELECT id FROM orders LIMIT 5 WHERE id > 1", "V0105", "WHERE"),
        ("SELECT a b c FROM orders", "V0100", "c"),
        ("SELECT id, FROM orders", "V0100", ","),
        (
            "SELECT id FROM orders WITH ('orders.pth' = 'x.csv')",
            "V0500",
            "'orders.pth'",
        ),
        ("SELECT id FROM orders WHERE id = 1 WHERE id = 2", "V0104", "WHERE"),
        (
            "SELECT COUNT(*) FROM orders WINDOW TUMBLING(5 minuts)",
            "V0106",
            "minuts",
        ),
        ("SELECT id FROM orders WHERE customer = 'ada", "V0101", "'ada"),
    ] {
        let sql = format!("{DECLARED}{query};");
        let (exit, diagnostics) = validate(&sql);
        assert_eq!(exit, Some(1), "{query}");
        let found: Vec<(&str, &str)> = diagnostics
            .iter()
            .map(|found| (found["code"].as_str().unwrap(), pointed_at(&sql, found)))
            .collect();
        // An unterminated string goes on to the end of the line.
        assert!(
            found.contains(&(code, marked)) || found.contains(&(code, &format!("{marked};"))),
            "{query}: {found:?}"
        );
        assert_eq!(found.len(), 1, "{query}: {diagnostics:?}");
    }
}

#[test]
fn all_mistakes_of_a_program_come_out_in_one_run() {
    let sql = format!(
        "{DECLARED}SELECT idd FROM orders;\nSELECT id FROM ordes;\nSELECT id, FROM orders;\n\
         SELECT SQUARE_ROOT(id) FROM orders;\nSELECT customer + 1 FROM orders;\n"
    );
    let workspace = Workspace::with(&[ORDERS, ("query.sql", &sql)]);
    insta::assert_snapshot!("all_mistakes", workspace.run(&["validate", "query.sql"]).transcript());
}

/// One program for every code that a program can cause.
const PROGRAMS: &[(&str, &str)] = &[
    ("V0100", "SELECT FROM"),
    ("V0101", "SELECT 'a FROM orders"),
    ("V0102", "SELECT id ? 1 FROM orders"),
    ("V0104", "SELECT id FROM orders LIMIT 1 LIMIT 2"),
    ("V0105", "SELECT id FROM orders HAVING id > 1 WHERE id > 1"),
    ("V0106", "SELECT COUNT(*) FROM orders WINDOW TUMBLING(5 parsecs)"),
    ("V0200", "SELECT idd FROM orders"),
    ("V0201", "SELECT id FROM ordes"),
    ("V0202", "SELECT UPER(customer) FROM orders"),
    ("V0204", "CREATE VIEW a AS SELECT 1; CREATE VIEW a AS SELECT 2"),
    (
        "V0205",
        "CREATE STREAM a AS SELECT * FROM b; CREATE STREAM b AS SELECT * FROM a",
    ),
    (
        "V0206",
        "CREATE STREAM s AS SELECT id FROM orders; CREATE OR REPLACE STREAM s AS SELECT id FROM orders",
    ),
    ("V0300", "SELECT customer FROM orders WHERE customer"),
    ("V0301", "SELECT UPPER(customer, id) FROM orders"),
    ("V0302", "SELECT 9223372036854775807 + 1 FROM orders"),
    ("V0303", "SELECT DATE '2024-13-01' FROM orders"),
    ("V0304", "SELECT DATE_TRUNC('dya', at) FROM orders"),
    ("V0400", "SELECT id, COUNT(*) FROM orders GROUP BY customer"),
    ("V0401", "SELECT COUNT(*) FROM orders"),
    ("V0402", "SELECT id FROM orders WHERE COUNT(*) > 1"),
    ("V0403", "SELECT TUMBLE_START() FROM orders"),
    ("V0404", "SELECT id FROM orders EMIT FINAL"),
    ("V0405", "SELECT id FROM orders HAVING id > 1"),
    ("V0406", "CREATE STREAM a (x BIGINT, y BIGINT) AS SELECT id FROM orders"),
    ("V0407", "SELECT COUNT(*) FROM orders WINDOW TUMBLING(0s)"),
    (
        "V0408",
        "SELECT COUNT(*) FROM orders WINDOW TUMBLING(1s) WITH ('allowed.lateness' = '1s')",
    ),
    (
        "V0409",
        "SELECT id, COUNT(*) AS n FROM k GROUP BY id EMIT FINAL WITH ('k.topic' = 't')",
    ),
    ("V0410", "CREATE STREAM other (id BIGINT) WITH (path = 'orders.csv')"),
    ("V0500", "SELECT id FROM orders WITH ('batch.sise' = 1)"),
    ("V0501", "SELECT id FROM orders WITH ('batch.size' = 'many')"),
    (
        "V0502",
        "SELECT id FROM orders WITH ('batch.size' = 1, 'batch.size' = 2)",
    ),
    ("V0503", "SELECT id FROM orders WITH ('allowed.lateness' = '1s')"),
    ("V0504", "SELECT id FROM orders WITH ('error.policy' = 'dead_letter')"),
    ("V0505", "-- @jobb_mode: simple\nSELECT id FROM orders"),
    ("V0506", "-- @allow: V0900\nSELECT id FROM orders"),
    ("V0600", "SELECT id FROM gone WITH ('gone.path' = 'gone.csv')"),
    (
        "V0602",
        "CREATE STREAM wrong (idd BIGINT) WITH (path = 'orders.csv'); SELECT idd FROM wrong",
    ),
    (
        "V0603",
        "SELECT id FROM other WITH ('other.path' = 'orders.csv', 'other.config_file' = 'gone.yaml')",
    ),
    (
        "V0604",
        "CREATE STREAM s AS SELECT id AS `order id` FROM orders WITH ('sinks' = 'out', 'out.path' = 'out.avro')",
    ),
    (
        "V0605",
        "SELECT id FROM other WITH ('other.path' = 'orders.csv', 'other.value.schema.file' = 'gone.avsc')",
    ),
    (
        "V0607",
        "SELECT id FROM db WITH ('db.type' = 'sql_source', 'db.path' = 'orders.csv', 'db.table' = 'orders')",
    ),
    ("V0800", "SELECT a.id FROM orders a JOIN orders b ON a.id = b.id"),
    ("V0801", "SELECT id FROM orders WITH ('state.ttl' = '1h')"),
    (
        "V0900",
        "SELECT price FROM sampled WITH ('sampled.path' = 'orders.csv')",
    ),
    ("V0901", "SELECT id FROM orders WHERE at > 1000"),
    (
        "V0902",
        "SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer HAVING n > 1 EMIT CHANGES",
    ),
    (
        "V0903",
        "CREATE STREAM t (k STRING) WITH (topic = 't'); SELECT k, COUNT(*) AS n FROM t GROUP BY k",
    ),
    ("V0904", "SELECT COUNT(*) AS n FROM orders GROUP BY 'all'"),
    (
        "V0905",
        "CREATE STREAM t (k STRING) WITH (topic = 't'); SELECT k, COUNT(*) AS n FROM t GROUP BY k WINDOW TUMBLING(1m)",
    ),
    (
        "V0908",
        "CREATE STREAM o AS SELECT * FROM orders WITH (path = 'out.jsonl')",
    ),
    ("V0909", "CREATE TABLE o AS SELECT id FROM orders"),
    (
        "V0910",
        "CREATE STREAM o AS SELECT id / 2 AS HALF FROM orders WITH (value_format = 'json', path = 'out.jsonl')",
    ),
    ("V0907", "SELECT a.id FROM orders a JOIN orders b ON a.id = b.id"),
    ("V0906", "SELECT price * 1e-2 AS p FROM orders"),
];

/// Programs that read what the others do not have, by the file that they need.
const PROGRAMS_OVER_FILES: &[(&str, &str, (&str, &str))] = &[
    (
        "V0203",
        "SELECT name FROM twice WITH ('twice.path' = 'twice.csv')",
        ("twice.csv", "Name,NAME\na,b\n"),
    ),
    (
        "V0601",
        "SELECT name FROM torn WITH ('torn.path' = 'torn.csv')",
        ("torn.csv", "\"name\n"),
    ),
    (
        "V0606",
        "SELECT 1 AS one FROM log WITH ('log.path' = 'log.jsonl')",
        ("log.jsonl", "\nnot json\nat all\n"),
    ),
];

/// What `validate` prints of one code about a program.
fn printed(code: &str, query: &str, file: (&str, &str)) -> String {
    let workspace = Workspace::with(&[ORDERS, file, ("query.sql", &format!("{DECLARED}{query};"))]);
    let text = workspace.run(&["validate", "query.sql"]).stdout;
    let of_code = |block: &&str| block.lines().next().is_some_and(|line| line.contains(code));
    let blocks: Vec<&str> = text.split("\n\n").filter(of_code).collect();
    blocks.join("\n\n")
}

#[test]
fn every_code_has_a_program_that_causes_it() {
    let nested = format!("SELECT {}1{}\nFROM orders", "\n(".repeat(1000), ")".repeat(1000));
    let nothing = ("nothing.csv", "");
    let simple = PROGRAMS.iter().map(|(code, query)| (*code, *query, nothing));
    let mut programs: Vec<_> = simple.chain(PROGRAMS_OVER_FILES.iter().copied()).collect();
    programs.push(("V0103", nested.as_str(), nothing));
    programs.sort_unstable();
    let text: Vec<String> = programs
        .iter()
        .map(|(code, query, file)| {
            let printed = printed(code, query, *file);
            assert!(!printed.is_empty(), "{query} does not cause {code}");
            printed
        })
        .collect();
    insta::assert_snapshot!("every_code", text.join("\n\n"));
    let covered: BTreeSet<&str> = programs.iter().map(|(code, ..)| *code).collect();
    let all: BTreeSet<&str> = velo_common::code::ALL.iter().map(|code| code.id).collect();
    assert_eq!(covered, all);
}

#[test]
fn deep_nesting_is_an_error_and_no_crash() {
    let sql = format!("SELECT {}1{} FROM orders", "(".repeat(100_000), ")".repeat(100_000));
    let (exit, diagnostics) = validate(&sql);
    assert_eq!(exit, Some(1));
    assert_eq!(diagnostics[0]["code"], "V0103");
}

#[test]
fn joins_are_told_with_kind_bound_and_state() {
    let sql = "\
CREATE STREAM payments (order_id BIGINT, paid_at TIMESTAMP) WITH (path = 'payments.csv');
CREATE TABLE customers (id STRING PRIMARY KEY, name STRING) WITH (path = 'customers.csv');
CREATE TABLE totals AS SELECT customer, SUM(price) AS total FROM orders GROUP BY customer;
CREATE VIEW rich AS SELECT c.id FROM customers c FULL JOIN totals t ON t.customer = c.id;
SELECT o.id FROM orders o JOIN payments p WITHIN (1m, 10m) ON p.order_id = o.id LEFT JOIN customers USING (id);
SELECT o.id FROM orders o
LEFT JOIN payments p ON p.order_id = o.id AND p.paid_at BETWEEN o.at - INTERVAL '1' MINUTE AND o.at + INTERVAL '1' HOUR;
SELECT o.id FROM orders o JOIN payments p ON p.order_id = o.id WITH ('state.ttl' = '1h');
SELECT o.id FROM orders o JOIN payments p ON p.order_id = o.id;
SELECT o.id FROM orders o JOIN regions r ON r.id = o.id WITH ('regions.path' = 'regions.csv');
";
    let workspace = Workspace::with(&[ORDERS, ("query.sql", &format!("{DECLARED}{sql}"))]);
    let text = workspace.run(&["validate", "query.sql"]).stdout;
    let joins = text.find("join: ").map_or("", |start| &text[start..]);
    insta::assert_snapshot!("joins", joins);
    let all = workspace.run(&["-v", "validate", "query.sql"]).stdout;
    assert_eq!(all.matches("join: ").count(), 7, "{all}");
    let json = workspace.run(&["validate", "query.sql", "--format", "json"]).stdout;
    let report: Value = serde_json::from_str(&json).unwrap();
    insta::assert_snapshot!(
        "joins_json",
        serde_json::to_string_pretty(&report["files"][0]["joins"][0]).unwrap()
    );
    // Those with tables only when more is asked for.
    for (verbose, expected) in [("--color=never", 4), ("-v", 7)] {
        let github = workspace
            .run(&[verbose, "validate", "query.sql", "--format", "github"])
            .stdout;
        let notices = github.lines().filter(|line| line.starts_with("::notice"));
        assert_eq!(notices.count(), expected, "{github}");
    }
}
