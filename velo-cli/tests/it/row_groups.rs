//! Row groups of a Parquet file that the WHERE clause excludes are not read, where that changes nothing.

use crate::support::{Workspace, root};

/// Rows that are read of three row groups, with the ids 0–2047, 2048–4095 and 4096–4999, and rows that come out. DuckDB
/// 2.0 gives as many rows for each filter.
const FILTERS: [(&str, u64, u64); 10] = [
    ("id > 4096", 904, 903),
    ("4096 < id", 904, 903),
    ("id = 100", 2048, 1),
    ("id BETWEEN 2040 AND 2050", 4096, 11),
    ("price >= 5120 AND price < 5130", 904, 8),
    ("at < TIMESTAMP '2024-01-01 01:00:00'", 2048, 60),
    ("symbol > 't'", 0, 0),
    // What can fail comes first, and must see all rows.
    ("id + 1 > 0 AND id > 4096", 5000, 903),
    ("id > 4096 OR symbol IS NULL", 5000, 1489),
    ("id <> 7", 5000, 4999),
];

fn read(query: &str) -> String {
    let workspace = Workspace::copy_of(&root().join("tests/cases/parquet-input"));
    workspace.write("query.sql", query.as_bytes());
    let outcome = workspace.run(&["run", "query.sql"]);
    assert_eq!(outcome.exit, Some(0), "{}", outcome.transcript());
    outcome.transcript().replace(',', "")
}

#[test]
fn row_groups_that_cannot_match_are_not_read() {
    for (filter, rows_in, rows_out) in FILTERS {
        let transcript = read(&format!("SELECT id FROM 'file://trades.parquet' WHERE {filter};"));
        let row = |rows: u64| if rows == 1 { "row" } else { "rows" };
        let expected = format!("{rows_in} {} in {rows_out} {} out", row(rows_in), row(rows_out));
        let last = transcript.lines().last();
        assert!(transcript.contains(&expected), "{filter}: {last:?}");
    }
}

/// Rows that are filtered out move event time on, so that all are read.
#[test]
fn a_window_sees_the_time_of_all_rows() {
    let transcript = read("SELECT COUNT(*) AS n FROM 'file://trades.parquet' WHERE id > 4096 WINDOW TUMBLING(at, 1d);");
    assert!(transcript.contains("5000 rows in 2 rows out"), "{transcript}");
}
