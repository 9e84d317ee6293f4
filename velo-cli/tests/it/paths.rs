//! Relative paths: those in a file start in the directory of that file, those on the command line in the working directory.

use crate::support::Workspace;

const SOURCE: &str = "SELECT id FROM orders WITH ('orders.path' = 'orders.csv');";

/// A program whose data is in its own directory, and one that is configured by files that extend each other elsewhere.
fn shop() -> Workspace {
    let workspace = Workspace::with(&[
        ("shop/orders.csv", "id\n1\nx\n"),
        ("shop/query.sql", SOURCE),
        ("shop/config/orders.yaml", "extends: base/csv.yaml\nformat: csv\n"),
        (
            "shop/config/base/csv.yaml",
            "path: ../../orders.csv\nvalue.schema.file: orders.avsc\n",
        ),
        (
            "shop/config/base/orders.avsc",
            r#"{"type":"record","name":"Order","fields":[{"name":"id","type":["null","long"]}]}"#,
        ),
        (
            "shop/configured.sql",
            "SELECT id FROM orders WITH ('orders.config_file' = 'config/orders.yaml');",
        ),
        (
            "shop/written.sql",
            "CREATE STREAM orders (id BIGINT) WITH (path = 'file://orders.csv');
             CREATE STREAM kept AS SELECT id FROM orders
             WITH (path = 'kept.jsonl', 'dead.letter.queue.path' = 'failed.envelope.jsonl');",
        ),
        ("shop/uri.sql", "SELECT id FROM 'file://orders.csv';"),
        (
            "shop/pattern[1]/query.sql",
            "SELECT id FROM parts WITH ('parts.path' = 'part-*.csv');",
        ),
        ("shop/pattern[1]/part-1.csv", "id\n1\n"),
        ("elsewhere/orders.csv", "id\n7\n"),
    ]);
    let database = rusqlite::Connection::open(workspace.path("shop/crm.sqlite")).unwrap();
    database
        .execute_batch("CREATE TABLE people (id INTEGER); INSERT INTO people VALUES (5)")
        .unwrap();
    workspace.write(
        "shop/database.sql",
        b"SELECT id FROM people WITH ('people.connection.url' = 'sqlite:crm.sqlite', 'people.table' = 'people');",
    );
    workspace
}

#[test]
fn a_relative_path_starts_in_the_directory_of_the_file_that_it_is_written_in() {
    let workspace = shop();
    let run = |program: &str, arguments: &[&str]| {
        let outcome = workspace.run(&[&["run", program], arguments].concat());
        assert_eq!(outcome.exit, Some(0), "{program}: {}", outcome.stderr);
        outcome.stdout
    };
    let ids = |texts: &[&str]| -> String { texts.iter().map(|id| format!("{{\"id\":{id}}}\n")).collect() };
    assert_eq!(run("shop/query.sql", &[]), ids(&["\"1\"", "\"x\""]));
    assert_eq!(run("shop/configured.sql", &[]), ids(&["1"]));
    assert_eq!(run("shop/uri.sql", &[]), ids(&["\"1\"", "\"x\""]));
    assert_eq!(run("shop/pattern[1]/query.sql", &[]), ids(&["1"]));
    assert_eq!(run("shop/database.sql", &[]), ids(&["5"]));

    run("shop/written.sql", &[]);
    assert_eq!(workspace.read("shop/kept.jsonl"), ids(&["1"]));
    assert!(workspace.read("shop/failed.envelope.jsonl").contains("orders.csv"));

    assert_eq!(
        run("shop/query.sql", &["--source", "orders=elsewhere/orders.csv"]),
        ids(&["7"])
    );
    assert_eq!(
        run("shop/query.sql", &["--set", "orders.path=elsewhere/orders.csv"]),
        ids(&["7"])
    );
    assert_eq!(run("shop/query.sql", &["--base-dir", "elsewhere"]), ids(&["7"]));
    workspace.write(
        "shop/query.sql",
        SOURCE.replace("orders.csv", "../elsewhere/orders.csv").as_bytes(),
    );
    assert_eq!(run("shop/query.sql", &[]), ids(&["7"]));
}

/// Configuration and schema files belong to the program, wherever its data is.
#[test]
fn the_base_directory_moves_data_alone() {
    let workspace = shop();
    let yaml = "path: orders.csv\nvalue.schema.file: base/orders.avsc\n";
    workspace.write("shop/config/orders.yaml", yaml.as_bytes());
    let outcome = workspace.run(&["run", "shop/configured.sql", "--base-dir", "elsewhere"]);
    assert_eq!(
        (outcome.exit, outcome.stdout.as_str()),
        (Some(0), "{\"id\":7}\n"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_missing_file_that_is_in_the_working_directory_is_told() {
    let workspace = Workspace::with(&[
        ("shop/query.sql", SOURCE),
        ("orders.csv", "id\n1\n"),
        (
            "shop/other.sql",
            "SELECT id FROM visits WITH ('visits.path' = 'visits.csv');",
        ),
    ]);
    let found = ["shop/query.sql", "shop/other.sql"].map(|program| workspace.run(&["validate", program]).transcript());
    insta::assert_snapshot!(found.join("\n"));
    let outcome = workspace.run(&["run", "shop/query.sql", "--source", "orders=order.csv"]);
    assert_eq!(outcome.exit, Some(3), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("there is `orders.csv`"), "{}", outcome.stderr);
    let outcome = workspace.run(&["run", "shop/query.sql", "--base-dir", "."]);
    assert_eq!((outcome.exit, outcome.stdout.as_str()), (Some(0), "{\"id\":1}\n"));
}
