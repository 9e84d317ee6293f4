//! What tells the rows of a created table apart, by what they are joined from.

use crate::support::key_of_last;

const TABLES: &str = "
CREATE TABLE l (id BIGINT PRIMARY KEY, k BIGINT, c BIGINT) WITH (path = 'l.csv');
CREATE TABLE m (c BIGINT PRIMARY KEY, k BIGINT) WITH (path = 'm.csv');
CREATE TABLE lines (id BIGINT, line BIGINT, k BIGINT, PRIMARY KEY (id, line)) WITH (path = 'lines.csv');
CREATE TABLE heap (k BIGINT, x BIGINT) WITH (path = 'heap.csv');
CREATE TABLE j AS SELECT f.id, g.c FROM l f LEFT JOIN m g ON f.k = g.k;
";

/// Queries with the key of a table that is made of them, `?` behind a column in which NULL is a value like any other.
const KEYS: &[(&str, &str)] = &[
    // Matched on their whole key, joined tables add no rows.
    ("SELECT f.id, g.k FROM l f LEFT JOIN m g ON f.k = g.c", "id"),
    ("SELECT f.id, g.k FROM l f JOIN m g ON g.c = f.k AND g.k > 1", "id"),
    (
        "SELECT f.id, p.k FROM l f JOIN lines p ON f.id = p.id AND f.c = p.line",
        "id",
    ),
    (
        "SELECT f.id, p.k FROM l f LEFT JOIN m g ON f.k = g.c LEFT JOIN lines p ON g.k = p.id AND f.c = p.line",
        "id",
    ),
    (
        "SELECT id, p.line FROM l JOIN m USING (c) LEFT JOIN lines p USING (id)",
        "id, line?",
    ),
    // Those that can multiply rows add their key, which LEFT may leave NULL.
    ("SELECT f.id, g.c FROM l f LEFT JOIN m g ON f.k = g.k", "id, c?"),
    ("SELECT f.id, g.c FROM l f JOIN m g ON f.k = g.k", "id, c"),
    ("SELECT f.id, g.c FROM l f CROSS JOIN m g", "id, c"),
    ("SELECT f.id, g.c FROM l f LEFT JOIN m g ON f.k < g.c", "id, c?"),
    (
        "SELECT g.c, f.id FROM l f LEFT JOIN m g ON f.k = g.k WHERE g.c > 1",
        "id, c?",
    ),
    (
        "SELECT f.id, g.c, h.c AS other FROM l f LEFT JOIN m g ON f.k = g.k JOIN m h ON g.k = h.k",
        "id, c?, other",
    ),
    // The parts of it that are compared are the same for all matches of a row.
    ("SELECT f.id, p.line FROM l f JOIN lines p ON f.id = p.id", "id, line"),
    (
        "SELECT f.id, p.id AS other FROM l f LEFT JOIN lines p ON f.c = p.line",
        "id, other?",
    ),
    // A part that is not selected, or a table without a key, leaves nothing that tells rows apart.
    ("SELECT f.id, g.k FROM l f LEFT JOIN m g ON f.k = g.k", ""),
    ("SELECT f.k, g.c FROM l f JOIN m g ON f.k = g.k", ""),
    ("SELECT f.id, h.x FROM l f JOIN heap h ON f.k = h.k", ""),
    ("SELECT h.x, g.c FROM heap h JOIN m g ON h.k = g.c", ""),
    // It goes on through queries and other tables.
    (
        "SELECT c, id FROM (SELECT f.id, g.c FROM l f LEFT JOIN m g ON f.k = g.k)",
        "id, c?",
    ),
    (
        "WITH w AS (SELECT f.id, g.c FROM l f LEFT JOIN m g ON f.k = g.k) SELECT id, c FROM w",
        "id, c?",
    ),
    ("SELECT id, c FROM j WHERE id > 1", "id, c?"),
    ("SELECT f.id, j.c FROM l f JOIN j ON f.id = j.id", "id, c?"),
    ("SELECT j.id, j.c, g.k FROM j LEFT JOIN m g ON j.c = g.c", "id, c?"),
    // What is said holds, and groups are told apart by what they are made by.
    ("SELECT f.id PRIMARY KEY, g.c FROM l f LEFT JOIN m g ON f.k = g.k", "id"),
    ("SELECT f.id, g.c PRIMARY KEY FROM l f LEFT JOIN m g ON f.k = g.k", "c"),
    (
        "SELECT f.k, COUNT(*) AS n FROM l f LEFT JOIN m g ON f.k = g.k GROUP BY f.k",
        "k",
    ),
    (
        "SELECT g.c, COUNT(*) AS n FROM l f LEFT JOIN m g ON f.k = g.k GROUP BY g.c",
        "c?",
    ),
];

#[test]
fn the_key_of_a_join_is_that_of_from_and_of_what_multiplies_its_rows() {
    for (query, key) in KEYS {
        assert_eq!(
            key_of_last(&format!("{TABLES} CREATE TABLE t AS {query}")),
            *key,
            "{query}"
        );
    }
}

/// `CREATE TABLE … (columns) AS` names the columns anew.
#[test]
fn a_key_goes_with_its_columns() {
    let program = format!("{TABLES} CREATE TABLE t (a, b) AS SELECT g.c, f.id FROM l f LEFT JOIN m g ON f.k = g.k");
    assert_eq!(key_of_last(&program), "b, a?");
}
