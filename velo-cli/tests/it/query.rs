//! `query`: looking at tables and files.

use serde_json::{Value, json};

use crate::support::Workspace;

const PROGRAM: &str = "
CREATE TABLE sales (id BIGINT PRIMARY KEY, region STRING, amount DECIMAL(10, 2)) WITH (path = 'sales.csv');
CREATE TABLE regions AS SELECT region, COUNT(*) AS sales, SUM(amount) AS total FROM sales GROUP BY region;
CREATE STREAM large AS SELECT s.id, r.total FROM sales s JOIN regions r ON s.region = r.region;";

const SALES: &str = "id,region,amount\n1,north,12.50\n2,south,7.25\n3,north,\n4,east,100.00\n5,south,-0.75\n";

fn workspace() -> Workspace {
    Workspace::with(&[("program.sql", PROGRAM), ("sales.csv", SALES)])
}

fn loaded() -> Workspace {
    let workspace = workspace();
    let outcome = workspace.run(&["-q", "load", "program.sql"]);
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    workspace
}

/// Standard output as JSON, without times and places that differ from run to run.
fn lines(text: &str) -> Vec<Value> {
    let line = |line: &str| {
        let mut value: Value = serde_json::from_str(line).unwrap();
        let object = value.as_object_mut().unwrap();
        let loaded = object.remove("loaded").unwrap();
        assert!(loaded.as_str().unwrap().starts_with("20"), "{loaded}");
        let bytes = object.remove("bytes").unwrap();
        assert!(bytes.as_u64().unwrap() > 100, "{bytes}");
        let from = object["loaded_from"].to_string().replace('\\', "/");
        object["loaded_from"] = Value::from(from.contains("sales.csv"));
        value
    };
    text.lines().map(line).collect()
}

#[test]
fn show_tables_lists_what_is_kept() {
    let workspace = loaded();
    let outcome = workspace.run(&["query", "SHOW TABLES"]);
    assert_eq!((outcome.exit, outcome.stderr.as_str()), (Some(0), ""));
    assert_eq!(
        lines(&outcome.stdout),
        [
            json!({"table": "regions", "key": "region", "columns": 3, "rows": 3, "loaded_from": false}),
            json!({"table": "sales", "key": "id", "columns": 3, "rows": 5, "loaded_from": true}),
        ]
    );
    let names = |pattern: &str| {
        let outcome = workspace.run(&["query", &format!("SHOW TABLES LIKE '{pattern}'"), "--format", "csv"]);
        let lines = outcome.stdout.lines().skip(1);
        lines
            .map(|line| line.split(',').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("%s"), ["regions", "sales"]);
    assert_eq!(names("S_les"), ["sales"]);
    assert_eq!(names("sale"), [""; 0]);
}

#[test]
fn describe_tells_about_one_table() {
    let workspace = loaded();
    let outcome = workspace.run(&["query", "DESCRIBE Sales"]);
    assert_eq!((outcome.exit, outcome.stderr.as_str()), (Some(0), ""));
    assert_eq!(
        lines(&outcome.stdout),
        [json!({
            "table": "sales",
            "columns": [
                {"column": "id", "type": "BIGINT", "key": true},
                {"column": "region", "type": "STRING", "key": false},
                {"column": "amount", "type": "DECIMAL(10, 2)", "key": false},
            ],
            "key": ["id"],
            "rows": 5,
            "loaded_from": true,
        })]
    );
    let outcome = workspace.run(&["query", "DESCRIBE TABLE regions", "--format", "table"]);
    let (columns, sentence) = outcome.stdout.split_once("\n\n").unwrap();
    assert_eq!(
        columns,
        "column  type            key\n------  --------------  -----\nregion  STRING          true\n\
         sales   BIGINT          false\ntotal   DECIMAL(38, 2)  false"
    );
    assert!(sentence.starts_with("`regions`: 3 rows, "), "{sentence}");
    assert!(sentence.ends_with(" from sales\n"), "{sentence}");

    let outcome = workspace.run(&["query", "DESCRIBE sale"]);
    assert_eq!(outcome.exit, Some(1));
    assert_eq!(
        outcome.stderr,
        "error: there is no table `sale` in `.velo`; did you mean `sales`?\n"
    );
}

#[test]
fn without_tables_it_says_how_to_get_some() {
    let workspace = workspace();
    let hint = "no tables in `.velo`: run `velo-cli load FILE` first";
    let outcome = workspace.run(&["query", "SELECT * FROM sales"]);
    assert_eq!(outcome.exit, Some(1));
    assert!(outcome.stderr.contains(hint), "{}", outcome.stderr);
    let outcome = workspace.run(&["query", "SHOW TABLES"]);
    assert_eq!((outcome.exit, outcome.stdout.as_str()), (Some(0), ""));
    assert_eq!(outcome.stderr, format!("{hint}\n"));
    let outcome = workspace.run(&["query", "DESCRIBE sales", "--state-dir", "elsewhere"]);
    assert_eq!((outcome.exit, outcome.stderr.contains("`elsewhere`")), (Some(1), true));
    // What is read from files needs none.
    let outcome = workspace.run(&["query", "SELECT COUNT(*) AS n FROM 'file://sales.csv'"]);
    assert_eq!(outcome.stdout, "{\"n\":5}\n", "{}", outcome.stderr);
}

/// The rows are those of DuckDB 2.0 for the same statements.
#[test]
fn queries_give_final_rows_in_order() {
    let workspace = loaded();
    let cases = [
        (
            "SELECT region, total FROM regions ORDER BY total DESC LIMIT 2",
            "{\"region\":\"east\",\"total\":100.00}\n{\"region\":\"north\",\"total\":12.50}\n",
        ),
        (
            "SELECT COUNT(*) AS n, SUM(amount) AS total FROM sales",
            "{\"n\":5,\"total\":119.00}\n",
        ),
        // Over a file, where `run` puts out every change.
        (
            "SELECT region, COUNT(*) AS n FROM 'file://sales.csv' GROUP BY region ORDER BY n DESC, region",
            "{\"region\":\"north\",\"n\":2}\n{\"region\":\"south\",\"n\":2}\n{\"region\":\"east\",\"n\":1}\n",
        ),
        (
            "SELECT MAX(n) AS most FROM (SELECT COUNT(*) AS n FROM 'file://sales.csv' GROUP BY region)",
            "{\"most\":2}\n",
        ),
        (
            "SELECT s.id, r.total FROM sales s JOIN regions r ON s.region = r.region ORDER BY 2, 1 DESC LIMIT 2",
            "{\"id\":5,\"total\":6.50}\n{\"id\":2,\"total\":6.50}\n",
        ),
    ];
    for (sql, expected) in cases {
        let outcome = workspace.run(&["query", sql]);
        assert_eq!(
            (outcome.exit, outcome.stdout.as_str()),
            (Some(0), expected),
            "{sql}: {}",
            outcome.stderr
        );
    }
    // Rows that fail are told.
    let outcome = workspace.run(&["query", "SELECT CAST(region AS INT) AS n FROM sales"]);
    assert!(outcome.stderr.contains("5 rows skipped"), "{}", outcome.stderr);
}

#[test]
fn the_limit_cuts_what_is_printed() {
    let workspace = loaded();
    let run = |arguments: &[&str]| workspace.run(&[&["query", "SELECT id FROM sales ORDER BY id"], arguments].concat());
    assert_eq!(run(&["--limit", "2"]).stdout, "{\"id\":1}\n{\"id\":2}\n");
    assert_eq!(run(&["--limit", "2"]).stderr, "");
    let table = run(&["--limit", "2", "--format", "table"]);
    assert_eq!(table.stdout, "id\n--\n 1\n 2\n");
    assert_eq!(
        table.stderr,
        "-- more: the first 2 rows are shown; `--limit N` shows others\n"
    );
    let all = run(&["--limit", "5", "--format", "table"]);
    assert_eq!((all.stdout.lines().count(), all.stderr.as_str()), (7, ""));
    assert_eq!(run(&["--limit", "0", "--format", "csv"]).stdout, "id\n");
}

#[test]
fn run_takes_sql_from_the_command_line() {
    let workspace = workspace();
    let outcome = workspace.run(&[
        "-q",
        "run",
        "--query",
        "SELECT id FROM 'file://sales.csv' ORDER BY id DESC LIMIT 1",
    ]);
    assert_eq!(
        (outcome.exit, outcome.stdout.as_str()),
        (Some(0), "{\"id\":5}\n"),
        "{}",
        outcome.stderr
    );
    let outcome = workspace.run(&["run"]);
    assert_eq!(outcome.exit, Some(2));
}

#[test]
fn a_run_loads_and_counts_tables_that_nothing_reads() {
    let program = "
        CREATE TABLE totals AS SELECT region, SUM(amount) AS total FROM sales GROUP BY region
        WITH ('sales.path' = 'sales.csv');
        CREATE STREAM ids AS SELECT id FROM sales WHERE id > 4;";
    let workspace = Workspace::with(&[("tables.sql", program), ("sales.csv", SALES)]);
    let outcome = workspace.run(&["run", "tables.sql"]);
    assert_eq!(
        (outcome.exit, outcome.stdout.as_str()),
        (Some(0), "{\"id\":5}\n"),
        "{}",
        outcome.stderr
    );
    assert!(
        outcome.stderr.contains("totals: 3 rows loaded in "),
        "{}",
        outcome.stderr
    );
    // One that cannot be loaded fails the run.
    std::fs::remove_file(workspace.path("sales.csv")).unwrap();
    let outcome = workspace.run(&["run", "tables.sql"]);
    assert_eq!(outcome.exit, Some(3), "{}", outcome.stderr);
}
