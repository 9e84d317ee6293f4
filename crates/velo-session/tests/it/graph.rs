//! Which statements need which others.

use velo_graph::TableDependencyGraph;
use velo_session::{Mode, Overrides, program_graph};

use crate::checked;

/// Two tables; a stream and a table over it, in the order in which nothing could start.
const PROGRAM: &str = "
-- @depends_on: later
CREATE STREAM alerts AS SELECT customer FROM per_customer_stream;
-- @tag: daily
CREATE TABLE totals WITH ('load.priority' = '3') AS SELECT customer, COUNT(*) AS orders FROM per_customer_stream GROUP BY customer EMIT CHANGES;
CREATE STREAM per_customer_stream AS SELECT o.id, c.id AS customer FROM orders o JOIN customers c ON o.id = c.id;
CREATE TABLE customers (id INT PRIMARY KEY, name STRING) WITH (path = 'tests/data/o.csv');
CREATE STREAM orders (id INT) WITH (path = 'tests/data/o.jsonl');
CREATE TABLE later AS SELECT id FROM customers;
";

fn edges(graph: &TableDependencyGraph) -> String {
    let description = graph.describe();
    let tables = description.tables.iter().map(|table| {
        let source = table.metadata.source_type.as_deref().unwrap_or_default();
        format!("{} ({source}) < {}\n", table.name, table.dependencies.join(", "))
    });
    tables.collect()
}

#[test]
fn statements_need_those_that_they_read_or_depend_on() {
    let program = checked(PROGRAM, Mode::Validate, Overrides::default());
    assert!(program.is_valid(), "{:?}", program.diagnostics);
    let graph = program_graph(&program);
    assert_eq!(
        edges(&graph),
        "customers (file) < \n\
         later (table) < customers\n\
         per_customer_stream (file) < customers\n\
         totals (table) < per_customer_stream\n\
         alerts (stream) < later, per_customer_stream\n"
    );
    let totals = &graph.table("totals").unwrap().metadata;
    assert_eq!(
        (totals.priority, totals.tags.as_slice()),
        (3, &["daily".to_owned()][..])
    );
    let bytes = std::fs::metadata("tests/data/o.csv").unwrap().len();
    assert_eq!(graph.table("customers").unwrap().metadata.estimated_bytes, Some(bytes));
}
