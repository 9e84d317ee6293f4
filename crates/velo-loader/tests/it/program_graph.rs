//! Which tables of a program need which others.

use velo_common::SourceText;
use velo_loader::{ProgramLoadOptions, ProgramLoader};
use velo_session::{Mode, SessionOptions, check};

/// Tables over sources, tables and streams, in an order in which nothing could start.
const PROGRAM: &str = "
-- @tag: daily
CREATE TABLE totals WITH ('load.priority' = '3') AS
SELECT customer, COUNT(*) AS orders FROM per_customer GROUP BY customer EMIT CHANGES;
CREATE STREAM per_customer AS SELECT o.id, c.id AS customer FROM orders o JOIN customers c ON o.id = c.id;
CREATE TABLE customers (id INT PRIMARY KEY, name STRING) WITH (path = 'customers.csv');
CREATE STREAM orders (id INT) WITH (path = 'orders.jsonl');
-- @depends_on: totals
CREATE TABLE later AS SELECT id FROM customers;
";

#[test]
fn tables_need_the_tables_behind_streams() {
    let mut program = check(SourceText::new("p.sql", PROGRAM), &SessionOptions::new(Mode::Validate));
    assert!(program.is_valid(), "{:?}", program.diagnostics);
    let tables = program.take_tables();
    let loader = ProgramLoader::new(&program, &tables, ProgramLoadOptions::default());
    let described = loader.graph().describe();
    let needs = described.tables.iter().map(|table| {
        let metadata = &table.metadata;
        let kind = metadata.source_type.as_deref().unwrap_or_default();
        let (priority, tags) = (metadata.priority, metadata.tags.join(", "));
        format!(
            "{} ({kind}, {priority}, [{tags}]) < {}",
            table.name,
            table.dependencies.join(", ")
        )
    });
    assert_eq!(
        needs.collect::<Vec<_>>(),
        [
            "customers (file, 0, []) < ",
            "totals (table, 3, [daily]) < customers",
            "later (table, 0, []) < customers, totals",
        ]
    );
}
