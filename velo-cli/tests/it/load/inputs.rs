//! What counts as a change of what a table reads, and what does not.

use std::fs;

use super::support::{load, rows, workspace};

#[test]
fn a_declared_table_without_a_key_is_a_table_that_from_can_read() {
    let workspace = workspace(
        "CREATE TABLE heap (k STRING, x BIGINT) WITH (path = 'heap.csv');
         CREATE TABLE sums AS SELECT k, SUM(x) AS x FROM heap GROUP BY k;
         CREATE TABLE large AS SELECT k, x FROM heap WHERE x > 2;",
    );
    workspace.write("heap.csv", b"k,x\na,1\na,1\nb,5\n");
    load(&workspace, &["--select", "heap"]).expect_all();
    assert_eq!(rows(&workspace, "heap"), ["a|1", "a|1", "b|5"]);
    let loaded = load(&workspace, &[]).expect_all();
    assert_eq!(loaded.outcome("heap"), "unchanged");
    assert_eq!(rows(&workspace, "sums"), ["a|2", "b|5"]);
    assert_eq!(rows(&workspace, "large"), ["b|5"]);
    let waves = &loaded.result()["waves"];
    assert_eq!(
        waves[0]["tables"],
        serde_json::json!(["heap"]),
        "the others wait for it"
    );
    workspace.write("heap.csv", b"k,x\na,1\na,1\nb,5\nb,6\n");
    load(&workspace, &[]).expect_all();
    assert_eq!(rows(&workspace, "sums"), ["a|2", "b|11"]);
    assert_eq!(rows(&workspace, "large"), ["b|5", "b|6"]);
}

#[test]
fn a_stream_reads_a_declared_table_without_a_key_when_it_is_loaded() {
    let workspace = workspace("");
    workspace.write("heap.csv", b"k,x\na,1\nb,5\n");
    workspace.write(
        "run.sql",
        b"CREATE TABLE heap (k STRING, x BIGINT) WITH (path = 'heap.csv');
          SELECT h.k, g.x FROM heap h JOIN heap g ON h.k = g.k WHERE h.x > 1;",
    );
    let run = workspace.run(&["run", "run.sql"]);
    assert_eq!(run.exit, Some(0), "{}", run.stderr);
    assert_eq!(run.stdout, "{\"k\":\"b\",\"x\":5}\n");
}

#[test]
fn a_table_that_others_read_is_written_to_its_own_sink_too() {
    let workspace = workspace("");
    workspace.write("sales.csv", b"k,x\na,1\nb,5\na,2\n");
    workspace.write(
        "run.sql",
        b"CREATE STREAM sales (k STRING, x BIGINT) WITH (path = 'sales.csv');
          CREATE TABLE sums AS SELECT k, SUM(x) AS x FROM sales GROUP BY k WITH ('sums.path' = 'sums.csv');
          CREATE STREAM large AS SELECT k FROM sums WHERE x > 3 WITH ('large.path' = 'large.csv');",
    );
    let run = workspace.run(&["run", "run.sql"]);
    assert_eq!(run.exit, Some(0), "{}", run.stderr);
    assert_eq!(workspace.read("sums.csv"), "k,x\na,3\nb,5\n");
    assert_eq!(workspace.read("large.csv"), "k\nb\n");
    let deploy = workspace.run(&["deploy", "run.sql"]);
    assert_eq!(deploy.exit, Some(1), "{}", deploy.stderr);
    let refused = "`sums` is a table, and `deploy` does not write the rows of tables to sinks yet";
    assert!(deploy.stderr.contains(refused), "{}", deploy.stderr);
}

#[test]
fn a_file_without_a_byte_is_as_it_was() {
    let workspace = workspace(
        "CREATE STREAM lines (k STRING, x BIGINT) WITH (path = 'empty.csv');
         CREATE STREAM files (k STRING, x BIGINT) WITH (path = 'files/*.csv');
         CREATE TABLE sums AS SELECT k, SUM(x) AS x FROM lines GROUP BY k;
         CREATE TABLE sums_of_files AS SELECT k, SUM(x) AS x FROM files GROUP BY k;
         CREATE TABLE both AS SELECT s.k, s.x FROM sums_of_files s LEFT JOIN sums t ON s.k = t.k;",
    );
    workspace.write("empty.csv", b"");
    workspace.write("files/1.csv", b"k,x\na,1\n");
    workspace.write("files/2.csv", b"");
    load(&workspace, &[]).expect_all();
    let again = load(&workspace, &[]).expect_all();
    for table in ["sums", "sums_of_files", "both"] {
        assert_eq!(again.outcome(table), "unchanged", "{table}");
    }
    workspace.write("empty.csv", b"k,x\nb,2\n");
    workspace.write("files/2.csv", b"k,x\na,2\n");
    load(&workspace, &[]).expect_all();
    assert_eq!(rows(&workspace, "sums"), ["b|2"]);
    assert_eq!(rows(&workspace, "both"), ["a|3"]);
}

#[test]
fn what_comes_through_a_stream_is_added_as_through_a_view() {
    let workspace = workspace(
        "CREATE STREAM lines (id BIGINT, x BIGINT) WITH (path = 'lines.csv');
         CREATE STREAM positive AS SELECT x, id FROM lines WHERE x > 0;
         CREATE STREAM doubled AS SELECT id, x * 2 AS x FROM positive;
         CREATE VIEW seen AS SELECT x, id FROM lines WHERE x > 0;
         CREATE TABLE by_stream AS SELECT id PRIMARY KEY, x FROM doubled;
         CREATE TABLE by_view AS SELECT id PRIMARY KEY, x FROM seen;
         CREATE STREAM counted AS SELECT id, COUNT(*) AS n FROM lines GROUP BY id;
         CREATE TABLE by_groups AS SELECT id PRIMARY KEY, n FROM counted;",
    );
    workspace.write("lines.csv", b"id,x\n1,1\n2,-1\n");
    load(&workspace, &[]).expect_all();
    workspace.write("lines.csv", b"id,x\n1,1\n2,-1\n2,3\n1,-5\n");
    let loaded = load(&workspace, &[]).expect_all();
    assert_eq!(loaded.outcome("by_view"), "incremental 2");
    assert_eq!(loaded.outcome("by_stream"), "incremental 2");
    assert_eq!(rows(&workspace, "by_view"), ["1|1", "2|3"]);
    assert_eq!(rows(&workspace, "by_stream"), ["1|2", "2|6"]);
    assert_eq!(rows(&workspace, "by_groups"), ["1|2", "2|2"], "groups are made anew");
}

#[test]
fn a_file_under_another_name_is_no_change() {
    let workspace = workspace(
        "CREATE STREAM files (id BIGINT, x BIGINT) WITH (path = 'files/*.csv');
         CREATE TABLE lines AS SELECT id PRIMARY KEY, x FROM files;
         CREATE TABLE sums AS SELECT x, COUNT(*) AS n FROM files GROUP BY x;
         CREATE TABLE of_both AS SELECT l.id, s.n FROM lines l LEFT JOIN sums s ON l.x = s.x;",
    );
    workspace.write("files/1.csv", b"id,x\n1,1\n");
    workspace.write("files/2.csv", b"id,x\n2,1\n");
    load(&workspace, &[]).expect_all();
    fs::rename(workspace.path("files/1.csv"), workspace.path("files/3.csv")).unwrap();
    let renamed = load(&workspace, &[]).expect_all();
    for table in ["lines", "sums", "of_both"] {
        assert_eq!(renamed.outcome(table), "unchanged", "{table}");
    }
    workspace.write("files/4.csv", b"id,x\n");
    let grown = load(&workspace, &[]).expect_all();
    assert_eq!(grown.outcome("lines"), "unchanged");
    assert_eq!(grown.outcome("of_both"), "unchanged", "the file has no rows");
    assert_eq!(rows(&workspace, "of_both"), ["1|2", "2|2"]);
}

/// `@depends_on` says in which order tables are loaded. Nothing is read of what it names.
#[test]
fn a_table_does_not_change_with_what_it_only_depends_on() {
    let workspace = workspace(
        "CREATE TABLE \"First, one\" AS SELECT id PRIMARY KEY FROM a WITH ('a.path' = 'a.csv');
         -- @depends_on: \"First, one\"
         CREATE TABLE second AS SELECT id PRIMARY KEY FROM b WITH ('b.path' = 'b.csv');",
    );
    workspace.write("a.csv", b"id\n1\n");
    workspace.write("b.csv", b"id\n2\n");
    load(&workspace, &["--select", "second"]).expect_all();
    let loaded = load(&workspace, &[]).expect_all();
    assert_eq!(loaded.outcome("second"), "unchanged");
    assert_eq!(loaded.result()["waves"][1]["tables"], serde_json::json!(["second"]));
    workspace.write("a.csv", b"id\n1\n3\n");
    let loaded = load(&workspace, &[]).expect_all();
    assert_eq!(loaded.outcome("First, one"), "incremental 1");
    assert_eq!(loaded.outcome("second"), "unchanged");
}
