//! `graph`: who needs whom, and where columns come from.

use crate::support::{Workspace, root};

const SHOP: &str = "\
CREATE TABLE products (sku BIGINT PRIMARY KEY, category STRING, price DECIMAL(6, 2)) WITH (path = 'products.csv', 'load.priority' = '5');
CREATE STREAM sales (sku BIGINT, units BIGINT, at TIMESTAMP) WITH (path = 'sales.jsonl', 'event.time.field' = 'at');
-- @tag: daily
CREATE TABLE categories AS
SELECT category, COUNT(*) AS products, MAX(price) AS highest FROM products WHERE sku > 0 GROUP BY category;
CREATE STREAM sold AS
SELECT s.sku, s.units * p.price AS value, c.products AS in_category, 'EUR' AS currency
FROM sales s JOIN products p ON s.sku = p.sku LEFT JOIN categories c ON p.category = c.category AND c.highest > 2
WHERE s.units > 0;
CREATE STREAM per_minute AS
SELECT sku, SUM(value) AS value, COUNT(*) AS rows, TUMBLE_START() AS minute FROM sold GROUP BY sku WINDOW TUMBLING(1m) HAVING SUM(value) > 1;
";

fn shop() -> Workspace {
    Workspace::with(&[
        ("shop.sql", SHOP),
        ("products.csv", "sku,category,price\n1,toys,2.50\n"),
        (
            "sales.jsonl",
            "{\"sku\":1,\"units\":2,\"at\":\"2026-01-01T00:00:00Z\"}\n",
        ),
    ])
}

macro_rules! snapshot {
    ($name:literal, $arguments:expr) => {
        insta::assert_snapshot!($name, shop().run(&$arguments).transcript());
    };
}

#[test]
fn statements_are_drawn_behind_those_that_they_need() {
    snapshot!("graph_text", ["graph", "shop.sql"]);
    snapshot!("graph_dot", ["graph", "shop.sql", "--format", "dot"]);
    snapshot!("graph_mermaid", ["graph", "shop.sql", "--format", "mermaid"]);
    snapshot!("graph_json", ["graph", "shop.sql", "--format", "json"]);
}

#[test]
fn columns_are_followed_through_joins_groups_and_windows() {
    snapshot!("graph_columns_text", ["graph", "shop.sql", "--columns"]);
    snapshot!(
        "graph_columns_json",
        ["graph", "shop.sql", "--columns", "--format", "json"]
    );
}

#[test]
fn drawings_have_no_room_for_columns() {
    for format in ["dot", "mermaid"] {
        let outcome = shop().run(&["graph", "shop.sql", "--columns", "--format", format]);
        assert_eq!((outcome.exit, outcome.stdout.as_str()), (Some(2), ""));
        assert!(outcome.stderr.contains("--format json"), "{}", outcome.stderr);
    }
}

#[test]
fn a_circle_is_told_with_its_path() {
    let workspace = Workspace::with(&[(
        "circle.sql",
        "CREATE TABLE a AS SELECT id FROM b;\nCREATE TABLE b AS SELECT id FROM c;\nCREATE TABLE c AS SELECT id FROM a;\n",
    )]);
    insta::assert_snapshot!("graph_circle", workspace.run(&["graph", "circle.sql"]).transcript());
}

#[test]
fn a_file_that_is_not_there_is_still_a_file() {
    let program =
        "CREATE TABLE t (id BIGINT PRIMARY KEY) WITH (path = 'nothing.csv'); CREATE TABLE u AS SELECT id FROM t;";
    let outcome = Workspace::with(&[("p.sql", program)]).run(&["graph", "p.sql"]);
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("t (file)\n"), "{}", outcome.stdout);
}

#[test]
fn every_case_has_a_graph() {
    for case in crate::support::folders_in(&root().join("tests/cases")) {
        let workspace = Workspace::copy_of(&case);
        let outcome = workspace.run(&["graph", "query.sql", "--columns", "--format", "json"]);
        assert_eq!(outcome.exit, Some(0), "{}: {}", case.display(), outcome.stderr);
        let graph: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
        let count = |key: &str| graph[key].as_array().unwrap().len();
        assert_eq!(count("tables"), count("lineage"), "{}", case.display());
        assert_eq!((count("cycles"), count("missing")), (0, 0), "{}", case.display());
    }
}
