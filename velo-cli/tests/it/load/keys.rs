//! No row of a joined table is lost: what tells them apart may be NULL where LEFT found nothing.

use super::support::{load, rows, workspace};
use crate::support::Workspace;

/// One row of `l` that finds one of `m`, one that finds two, one that finds none, and one that has nothing to look for.
fn joined(tables: &str) -> Workspace {
    let workspace = workspace(&format!(
        "CREATE TABLE l (id BIGINT PRIMARY KEY, k STRING) WITH (path = 'l.csv');
         CREATE TABLE m (c BIGINT PRIMARY KEY, k STRING) WITH (path = 'm.csv');
         {tables}"
    ));
    workspace.write("l.csv", b"id,k\n1,a\n2,b\n3,none\n4,\n");
    workspace.write("m.csv", b"c,k\n10,a\n20,b\n21,b\n30,\n");
    workspace
}

const JOIN: &str = "CREATE TABLE j AS SELECT f.id, g.c FROM l f LEFT JOIN m g ON f.k = g.k;";

/// As PostgreSQL and DuckDB join: NULL is equal to nothing.
const JOINED: [&str; 5] = ["1|10", "2|20", "2|21", "3|NULL", "4|NULL"];

#[test]
fn rows_that_find_nothing_are_kept() {
    let workspace = joined(JOIN);
    let loaded = load(&workspace, &[]).expect_all();
    assert_eq!(rows(&workspace, "j"), JOINED);
    assert!(!loaded.stderr.contains("skipped"), "{}", loaded.stderr);
    let again = load(&workspace, &[]).expect_all();
    assert_eq!(again.outcome("j"), "unchanged");
    assert_eq!(rows(&workspace, "j"), JOINED);
}

#[test]
fn they_are_kept_in_tables_of_that_table_and_asked_for() {
    let tables = "CREATE TABLE same AS SELECT c, id FROM j;
        CREATE TABLE found AS SELECT c, COUNT(*) AS times FROM j GROUP BY c;
        CREATE TABLE looked_up AS SELECT f.id, f.k, j.c FROM l f JOIN j ON f.id = j.id;";
    let workspace = joined(&format!("{JOIN}{tables}"));
    load(&workspace, &[]).expect_all();
    assert_eq!(rows(&workspace, "same"), ["10|1", "20|2", "21|2", "NULL|3", "NULL|4"]);
    assert_eq!(rows(&workspace, "found"), ["10|1", "20|1", "21|1", "NULL|2"]);
    assert_eq!(
        rows(&workspace, "looked_up"),
        ["1|a|10", "2|b|20", "2|b|21", "3|none|NULL", "4|NULL|NULL"]
    );
    let asked = workspace.run(&["query", "SELECT id, c FROM j WHERE c IS NULL", "--format", "jsonl"]);
    assert_eq!(asked.exit, Some(0), "{}", asked.stderr);
    let mut lines: Vec<&str> = asked.stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, [r#"{"id":3,"c":null}"#, r#"{"id":4,"c":null}"#]);
}

/// A row that found nothing gives way to one that does, and the other way round.
#[test]
fn what_is_found_later_replaces_nothing() {
    let workspace = joined(JOIN);
    load(&workspace, &[]).expect_all();
    workspace.write("m.csv", b"c,k\n10,b\n11,none\n");
    load(&workspace, &[]).expect_all();
    assert_eq!(rows(&workspace, "j"), ["1|NULL", "2|10", "3|11", "4|NULL"]);
}

/// A NULL in the key of the table in FROM is an error of its row all the same.
#[test]
fn a_row_without_a_key_is_an_error() {
    let workspace = joined(JOIN);
    workspace.write("l.csv", b"id,k\n1,a\n,b\n");
    let loaded = load(&workspace, &[]).expect_all();
    assert_eq!(rows(&workspace, "j"), ["1|10"]);
    assert!(loaded.stderr.contains("the key is NULL"), "{}", loaded.stderr);
}
