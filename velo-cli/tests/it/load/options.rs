//! What the flags of `load` change.

use std::time::Duration;

use serde_json::json;
use velo_testservices::{Answer, HttpServer};

use super::support::{PROGRAM, kept_tables, load, rows, workspace};
use crate::support::Workspace;

const PEOPLE: &[u8] = b"id,name\n1,ann\n2,bob\n";

/// Two sources, a table of each, one that joins them, and one on top of that.
const SHOP: &str = "
-- @tag: master
CREATE TABLE people AS SELECT id PRIMARY KEY, name FROM lines WITH ('lines.path' = 'people.csv');
CREATE TABLE orders AS SELECT id PRIMARY KEY, customer FROM requests WITH ('requests.path' = 'orders.csv');
CREATE TABLE named AS SELECT o.id AS id PRIMARY KEY, p.name AS name FROM orders AS o JOIN people AS p ON o.customer = p.id;
CREATE TABLE counts AS SELECT name, COUNT(*) AS orders FROM named GROUP BY name;";

fn shop() -> Workspace {
    let workspace = workspace(SHOP);
    workspace.write("people.csv", PEOPLE);
    workspace.write("orders.csv", b"id,customer\n10,1\n11,2\n12,1\n");
    workspace
}

#[test]
fn a_selection_loads_what_it_means() {
    let cases: [(&str, &[&str]); 5] = [
        ("people", &["people"]),
        ("+named", &["people", "orders", "named"]),
        ("tag:master", &["people"]),
        ("people,o*", &["people", "orders"]),
        ("+counts", &["people", "orders", "named", "counts"]),
    ];
    for (selection, expected) in cases {
        let workspace = shop();
        let loaded = load(&workspace, &["--select", selection]).expect_all();
        let mut names: Vec<&str> = expected.to_vec();
        names.sort_unstable();
        assert_eq!(Vec::from_iter(kept_tables(&workspace)), names, "{selection}");
        assert_eq!(loaded.result()["successful"].as_array().unwrap().len(), names.len());
    }
}

/// A table may be there for others to query.
#[test]
fn a_declared_table_that_nothing_reads_is_loaded() {
    let workspace = workspace("CREATE TABLE people (id BIGINT PRIMARY KEY, name STRING) WITH (path = 'people.csv');");
    workspace.write("people.csv", PEOPLE);
    load(&workspace, &[]).expect_all();
    assert_eq!(rows(&workspace, "people"), ["1|ann", "2|bob"]);
    let nothing_to_run = workspace.run(&["run", PROGRAM]);
    assert_eq!(nothing_to_run.exit, Some(1), "{}", nothing_to_run.stderr);
}

/// What is not selected is taken from what is kept of it, and not looked at again.
#[test]
fn a_selection_reads_what_is_kept_of_the_rest() {
    let workspace = shop();
    load(&workspace, &[]).expect_all();
    workspace.write("people.csv", b"id,name\n1,ann\n2,bert\n");
    load(&workspace, &["--select", "counts", "--full-refresh"]).expect_all();
    assert_eq!(rows(&workspace, "counts"), ["ann|2", "bob|1"]);
    load(&workspace, &["--select", "people+"]).expect_all();
    assert_eq!(rows(&workspace, "counts"), ["ann|2", "bert|1"]);
}

#[test]
fn what_is_excluded_is_left_as_it_is() {
    let cases: [(&[&str], &[&str]); 4] = [
        (&["--exclude", "counts"], &["named", "orders", "people"]),
        (&["--exclude", "orders+"], &["people"]),
        (&["--select", "+named", "--exclude", "tag:master"], &["orders"]),
        (&["--exclude", "named,counts"], &["orders", "people"]),
    ];
    for (arguments, expected) in cases {
        let workspace = shop();
        load(&workspace, arguments);
        assert_eq!(Vec::from_iter(kept_tables(&workspace)), expected, "{arguments:?}");
    }
    let workspace = shop();
    load(&workspace, &[]).expect_all();
    workspace.write("people.csv", b"id,name\n1,ann\n2,bert\n");
    load(&workspace, &["--exclude", "people", "--full-refresh"]).expect_all();
    assert_eq!(rows(&workspace, "counts"), ["ann|2", "bob|1"]);
    for (exclusion, message) in [
        ("customers", "`customers` selects no table"),
        ("people+,orders", "every table that is selected is excluded"),
    ] {
        let outcome = workspace.run(&["load", PROGRAM, "--exclude", exclusion]);
        assert_eq!(outcome.exit, Some(2), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(message), "{}", outcome.stderr);
    }
}

#[test]
fn a_selection_whose_needs_are_not_there_says_so() {
    let workspace = shop();
    insta::assert_snapshot!(load(&workspace, &["--select", "counts"]).transcript());
    let outcome = workspace.run(&["load", PROGRAM, "--select", "customers"]);
    insta::assert_snapshot!(outcome.transcript());
}

#[test]
fn a_full_refresh_reads_everything() {
    let workspace = shop();
    load(&workspace, &[]).expect_all();
    let loaded = load(&workspace, &["--full-refresh"]).expect_all();
    for table in ["people", "orders", "named", "counts"] {
        assert_eq!(
            loaded.outcome(table),
            "reloaded: a full refresh was asked for",
            "{table}"
        );
    }
    assert_eq!(rows(&workspace, "counts"), ["ann|2", "bob|1"]);
}

#[test]
fn a_dry_run_tells_what_would_be_read_and_reads_nothing() {
    let workspace = shop();
    insta::assert_snapshot!(workspace.run(&["load", PROGRAM, "--dry-run"]).transcript());
    insta::assert_snapshot!(
        workspace
            .run(&["load", PROGRAM, "--dry-run", "--select", "+named"])
            .transcript()
    );
    assert!(!workspace.path(".velo").exists());
}

#[test]
fn a_dry_run_looks_at_what_is_kept() {
    let workspace = shop();
    let preview = |arguments: &[&str]| {
        let outcome = workspace.run(&[&["load", PROGRAM, "--dry-run"], arguments].concat());
        assert_eq!((outcome.exit, outcome.stderr.as_str()), (Some(0), ""));
        outcome.stdout
    };
    load(&workspace, &["--exclude", "counts"]).expect_all();
    insta::assert_snapshot!(preview(&[]), @r"
    p.sql: 4 of 4 tables would be looked at, and 1 of them read

    wave 1
      people: unchanged, 2 rows kept
      orders: unchanged, 3 rows kept

    wave 2
      named: unchanged, 3 rows kept; needs people, orders

    wave 3
      counts: made of tables, since nothing is kept of it; needs named
    ");
    load(&workspace, &[]).expect_all();
    workspace.write("people.csv", b"id,name\n1,ann\n2,bob\n3,cid\n");
    insta::assert_snapshot!(preview(&[]), @r"
    p.sql: 4 of 4 tables would be looked at, and 3 of them read

    wave 1
      people: reads what is new in people.csv, 2 rows kept
      orders: unchanged, 3 rows kept

    wave 2
      named: made of tables anew if the rows of people change, 3 rows kept; needs people, orders

    wave 3
      counts: made of tables anew if the rows of named change, 2 rows kept; needs named
    ");
    // What is not selected stays as it is.
    insta::assert_snapshot!(preview(&["--select", "named"]), @r"
    p.sql: 1 of 4 tables would be looked at, and 0 of them read

    wave 2
      named: unchanged, 3 rows kept; needs people, orders
    ");
    insta::assert_snapshot!(preview(&["--full-refresh", "--select", "people"]), @r"
    p.sql: 1 of 4 tables would be looked at, and 1 of them read

    wave 1
      people: reads people.csv anew, since a full refresh was asked for; 2 rows kept
    ");
    let program = workspace.read(PROGRAM).replace("COUNT(*)", "COUNT(*) + 1");
    workspace.write(PROGRAM, program.as_bytes());
    std::fs::remove_file(workspace.path("orders.csv")).unwrap();
    std::fs::write(workspace.path(".velo/tables/named/manifest.json"), "{").unwrap();
    insta::assert_snapshot!(preview(&[]), @r"
    p.sql: 4 of 4 tables would be looked at, and 1 of them read

    wave 1
      people: reads what is new in people.csv, 2 rows kept
      orders: would fail: file `orders.csv` does not exist

    wave 2
      named: would be skipped, since it needs orders; needs people, orders

    wave 3
      counts: would be skipped, since it needs named; needs named
    ");
}

/// Starts of tables and ends of others, as they were told.
fn order(workspace: &Workspace, arguments: &[&str]) -> Vec<String> {
    let loaded = load(workspace, arguments).expect_all();
    let told = loaded.events.iter().filter_map(|event| {
        let table = event["table"].as_str()?;
        match event["event"].as_str()? {
            "table_update" if event["rows"] == 0 && event["elapsed_ms"].as_u64()? < 50 => {
                Some(format!("{table} starts"))
            }
            "table_completed" => Some(format!("{table} ends")),
            _ => None,
        }
    });
    let mut told: Vec<String> = told.collect();
    told.dedup();
    told
}

#[test]
fn a_wave_waits_for_the_one_before() {
    let server = HttpServer::start();
    server.on("/slow.csv", |_| {
        Answer::ok("text/csv", PEOPLE).delayed(Duration::from_millis(800))
    });
    let url = server.url("/slow.csv");
    let program = format!(
        "CREATE TABLE slow (id BIGINT PRIMARY KEY, name STRING) WITH (path = '{url}');
         CREATE TABLE quick AS SELECT id PRIMARY KEY, name FROM lines WITH ('lines.path' = 'people.csv');
         CREATE TABLE upper AS SELECT id PRIMARY KEY, UPPER(name) AS name FROM quick;"
    );
    let position = |told: &[String], what: &str| told.iter().position(|event| event == what);
    for (schedule, is_behind) in [("eager", false), ("waves", true)] {
        let workspace = workspace(&program);
        workspace.write("people.csv", PEOPLE);
        let told = order(&workspace, &["--schedule", schedule]);
        let upper = position(&told, "upper ends");
        assert_eq!(upper > position(&told, "slow ends"), is_behind, "{schedule}: {told:?}");
        assert_eq!(rows(&workspace, "upper"), ["1|ANN", "2|BOB"]);
    }
}

/// A table that fails, tables behind it, and slow ones beside it.
fn failing(server: &HttpServer, slowness: Duration) -> Workspace {
    server.on("/slow.csv", move |_| Answer::ok("text/csv", PEOPLE).delayed(slowness));
    let url = server.url("/slow.csv");
    let workspace = workspace(&format!(
        "CREATE TABLE gone (id BIGINT PRIMARY KEY, name STRING) WITH (path = 'gone.csv');
         CREATE TABLE slow (id BIGINT PRIMARY KEY, name STRING) WITH (path = '{url}');
         -- @depends_on: gone
         CREATE TABLE later AS SELECT id PRIMARY KEY, name FROM lines WITH ('lines.path' = 'people.csv');
         CREATE TABLE behind AS SELECT id PRIMARY KEY, name FROM gone;"
    ));
    workspace.write("people.csv", PEOPLE);
    workspace
}

#[test]
fn a_load_may_end_with_the_first_failure() {
    let server = HttpServer::start();
    let loaded = load(&failing(&server, Duration::from_secs(20)), &["--fail-fast"]);
    insta::assert_snapshot!(loaded.transcript());
    assert!(loaded.result()["total_duration_ms"].as_u64().unwrap() < 4_000);
}

/// Who needs the rows of the failed table cannot do without; who only comes behind it can.
#[test]
fn a_load_may_go_on_behind_failures() {
    let server = HttpServer::start();
    let workspace = failing(&server, Duration::from_millis(500));
    let loaded = load(&workspace, &[]);
    assert_eq!(loaded.result()["successful"], json!(["slow"]));
    let loaded = load(&workspace, &["--continue-on-dependency-failure"]);
    insta::assert_snapshot!(loaded.transcript());
    assert_eq!(rows(&workspace, "later"), ["1|ann", "2|bob"]);
}

/// A table whose dependency fails reads what is kept of that, and follows once it is there again.
#[test]
fn behind_a_failure_what_is_kept_of_the_failed_table_is_read() {
    let workspace = workspace(
        "CREATE TABLE goods (id BIGINT PRIMARY KEY, price BIGINT) WITH (path = 'goods.csv');
         CREATE TABLE dear AS SELECT id, price FROM goods WHERE price > 5;
         CREATE TABLE dearest AS SELECT MAX(price) AS price FROM dear;",
    );
    workspace.write("goods.csv", b"id,price\n1,9\n2,3\n");
    load(&workspace, &[]).expect_all();
    std::fs::remove_file(workspace.path("goods.csv")).unwrap();
    // Another table is to be made meanwhile.
    let program = workspace.read(PROGRAM).replace("> 5", "> 2");
    workspace.write(PROGRAM, program.as_bytes());
    let strict = load(&workspace, &[]);
    assert_eq!(strict.exit, Some(3));
    assert_eq!(rows(&workspace, "dear"), ["1|9"], "it is skipped");
    let loaded = load(&workspace, &["--continue-on-dependency-failure"]);
    assert_eq!(loaded.exit, Some(3), "a table has failed all the same");
    assert_eq!(loaded.result()["successful"], json!(["dear", "dearest"]));
    assert_eq!(rows(&workspace, "dear"), ["1|9", "2|3"]);
    workspace.write("goods.csv", b"id,price\n1,10\n");
    load(&workspace, &[]).expect_all();
    assert_eq!(rows(&workspace, "dear"), ["1|10"]);
    assert_eq!(rows(&workspace, "dearest"), ["10"]);
}

/// What is kept of a table that is not selected is of use as long as its columns mean what they meant.
#[test]
fn a_table_that_was_defined_anew_has_to_be_selected() {
    let workspace = workspace(
        "CREATE TABLE goods AS SELECT a AS id PRIMARY KEY, b AS price FROM lines WITH ('lines.path' = 'goods.csv');
         CREATE TABLE dear AS SELECT id, price FROM goods WHERE price > 5;",
    );
    workspace.write("goods.csv", b"a,b\n1,9\n2,3\n");
    load(&workspace, &[]).expect_all();
    let program = workspace
        .read(PROGRAM)
        .replace("a AS id PRIMARY KEY, b AS price", "b AS id PRIMARY KEY, a AS price");
    workspace.write(PROGRAM, program.as_bytes());
    let refused = load(&workspace, &["--select", "dear"]);
    assert_eq!(
        refused.result()["failed"],
        json!({"dear": "`dear` needs table `goods`, which is kept as it was before its definition changed; `+dear` selects it, too"})
    );
    load(&workspace, &["--select", "+dear"]).expect_all();
    assert_eq!(rows(&workspace, "dear"), Vec::<String>::new());
}
