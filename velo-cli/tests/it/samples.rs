//! Columns that nobody declares: what samples must see, and what becomes of programs whose columns are unknown.

use std::fmt::Write as _;

use velo_testservices::{Answer, HttpServer};

use crate::support::Workspace;

/// Writes files of one row each, by name and the select list of the row; the name tells the format.
fn write_rows(workspace: &Workspace, files: &[(&str, &str)]) {
    for (name, row) in files {
        let program = format!("CREATE STREAM f AS SELECT {row} WITH ('f.path' = '{name}');");
        workspace.write("write.sql", program.as_bytes());
        let outcome = workspace.run(&["run", "write.sql"]);
        assert_eq!(outcome.exit, Some(0), "{}", outcome.transcript());
    }
}

fn run(workspace: &Workspace, program: &str) -> String {
    workspace.write("p.sql", program.as_bytes());
    workspace.run(&["run", "p.sql"]).transcript()
}

/// What DuckDB 1.4 gives for `SELECT … FROM read_parquet('*.parquet', union_by_name = true)`, DECIMALs apart: it makes
/// them DOUBLE.
#[test]
fn typed_files_have_the_columns_of_all() {
    for format in ["parquet", "avro"] {
        let workspace = Workspace::with(&[]);
        let name = |number: u32| format!("{number}.{format}");
        write_rows(
            &workspace,
            &[
                (
                    &name(1),
                    "1 AS a, CAST(7 AS TINYINT) AS n, CAST(1.5 AS DECIMAL(3, 1)) AS d",
                ),
                (
                    &name(2),
                    "2 AS a, 'x' AS b, 70000 AS n, CAST(123.25 AS DECIMAL(5, 2)) AS d",
                ),
                (&name(3), "3 AS \"A\", DATE '2024-01-05' AS day"),
            ],
        );
        let program = format!("SELECT a, b, n, d, day FROM t WITH ('t.path' = '*.{format}');");
        let transcript = run(&workspace, &program);
        let expected = "\
{\"a\":1,\"b\":null,\"n\":7,\"d\":1.50,\"day\":null}
{\"a\":2,\"b\":\"x\",\"n\":70000,\"d\":123.25,\"day\":null}
{\"a\":3,\"b\":null,\"n\":null,\"d\":null,\"day\":\"2024-01-05\"}
";
        assert!(transcript.contains(expected), "{transcript}");
        let sum = run(
            &workspace,
            &format!("SELECT SUM(a) AS s FROM t GROUP BY 1 = 1 EMIT FINAL WITH ('t.path' = '*.{format}');"),
        );
        assert!(sum.contains("{\"s\":6}"), "{sum}");
        let unknown = run(
            &workspace,
            &format!("SELECT a, no_such FROM t WITH ('t.path' = '*.{format}');"),
        );
        assert!(
            unknown.starts_with("exit: 1") && unknown.contains("there is no column `no_such`"),
            "{unknown}"
        );
    }
}

#[test]
fn typed_files_that_do_not_go_together_are_named() {
    let workspace = Workspace::with(&[]);
    write_rows(
        &workspace,
        &[
            ("1.parquet", "1 AS a, 1 AS c"),
            ("2.parquet", "2 AS b"),
            ("3.parquet", "3 AS b, 'x' AS a"),
        ],
    );
    insta::assert_snapshot!(run(&workspace, "SELECT a FROM t WITH ('t.path' = '*.parquet');"));
}

/// A record of 2 MiB is longer than what a sample looks at otherwise.
#[test]
fn a_sample_has_a_whole_record() {
    let long = "x".repeat(5 << 20);
    let json = format!("{{\"id\":1,\"text\":\"{long}\"}}\n{{\"id\":2,\"text\":\"y\"}}\n");
    let csv = format!("id,text\n1,\"{long}\n\"\n2,y\n");
    let array = format!("[{{\"id\":1,\"text\":\"{long}\"}},{{\"id\":2,\"text\":\"y\"}}]");
    for (name, content) in [("t.jsonl", json), ("t.csv", csv), ("array.json", array)] {
        let workspace = Workspace::with(&[(name, content.as_str())]);
        let from = format!(
            "WITH ('t.path' = '{name}'{})",
            if name == "array.json" {
                ", 't.format' = 'json'"
            } else {
                ""
            }
        );
        let transcript = run(
            &workspace,
            &format!("SELECT id + 1 AS next, LENGTH(text) AS l FROM t {from};"),
        );
        assert!(transcript.contains("{\"next\":3,\"l\":1}"), "{name}: {transcript}");
        let transcript = run(&workspace, &format!("SELECT nope FROM t {from};"));
        assert!(transcript.starts_with("exit: 1"), "{name}: {transcript}");
    }
}

/// No command runs a statement over columns that nobody knows; `validate` says which it does not know.
#[test]
fn unknown_columns_never_run() {
    let server = HttpServer::start();
    server.on("/nothing", |_| Answer::ok("application/json", "[]"));
    let url = server.url("/nothing");
    let files = [
        ("empty.jsonl", ""),
        ("members.jsonl", "{}\n{}\n"),
        ("broken.jsonl", "a,b\n1,2\n"),
    ];
    let paths = [
        ("empty", "empty.jsonl"),
        ("members", "members.jsonl"),
        ("broken", "broken.jsonl"),
        ("web", url.as_str()),
    ];
    let mut all = String::new();
    for (name, path) in paths {
        let workspace = Workspace::with(&files);
        let program = format!(
            "CREATE STREAM s AS SELECT nope FROM t WITH ('t.path' = '{path}', 's.path' = 'out.jsonl');\n\
             CREATE TABLE k AS SELECT nope PRIMARY KEY FROM t WITH ('t.path' = '{path}');\n"
        );
        workspace.write("p.sql", program.as_bytes());
        for command in ["validate", "run", "load", "deploy"] {
            let transcript = without_durations(&workspace.run(&[command, "p.sql"]).transcript());
            let transcript = transcript.replace(&server.address(), "server");
            let _ = writeln!(all, "# {command}, {name}\n{transcript}");
        }
        assert!(!workspace.path("out.jsonl").exists(), "{name}");
    }
    insta::assert_snapshot!(all);
}

/// A transcript without the lines of a load that say how long it took.
fn without_durations(transcript: &str) -> String {
    let lines = transcript.lines().filter(|line| !line.contains(" loaded"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// Small inputs are looked at whole: 1,001 records without `b`, then one with it.
#[test]
fn a_member_of_the_last_record_is_a_column() {
    let mut lines = String::new();
    for number in 0..=1000 {
        let _ = writeln!(lines, "{{\"a\":{number},\"p\":{{\"x\":1}}}}");
    }
    lines.push_str("{\"a\":1001,\"b\":7,\"p\":{\"x\":1,\"y\":2}}\n");
    let workspace = Workspace::with(&[("t.jsonl", lines.as_str())]);
    let transcript = run(
        &workspace,
        "SELECT a, b, p->y AS y FROM t WHERE a > 999 WITH ('t.path' = 't.jsonl');",
    );
    let expected = "{\"a\":1000,\"b\":null,\"y\":null}\n{\"a\":1001,\"b\":7,\"y\":2}\n";
    assert!(transcript.contains(expected), "{transcript}");
}

/// 2,200 records of 2 kB, which are more than a sample looks at, then some of another shape.
fn drifting() -> Workspace {
    let mut lines = String::new();
    let pad = "x".repeat(2000);
    for number in 0..2200 {
        let _ = writeln!(lines, "{{\"a\":{number},\"p\":{{\"x\":1}},\"pad\":\"{pad}\"}}");
    }
    lines.push_str("{\"a\":1,\"b\":7,\"p\":{\"x\":1,\"y\":2}}\n{\"a\":2,\"b\":null}\n{\"a\":3,\"b\":{\"c\":1}}\n");
    Workspace::with(&[("t.jsonl", lines.as_str())])
}

#[test]
fn what_a_sample_did_not_show_is_told() {
    let workspace = drifting();
    let mut all = String::new();
    let mut tell = |what: &str, command: &str, program: &str| {
        workspace.write("p.sql", program.as_bytes());
        let transcript = without_durations(&workspace.run(&[command, "p.sql"]).transcript());
        // Which stream is first is not said.
        let (mut rows, rest): (Vec<&str>, Vec<&str>) = transcript.lines().partition(|line| line.starts_with('{'));
        rows.sort_unstable();
        let lines = [rows, rest].concat().join("\n");
        let _ = writeln!(all, "# {what}\n{lines}\n");
    };
    let source = "CREATE STREAM t WITH (path = 't.jsonl');";
    let query = "SELECT p->x AS x FROM t WHERE a > 2198";
    tell(
        "warn, ignore",
        "run",
        &format!("{source} CREATE STREAM s AS {query}; CREATE STREAM i AS {query} WITH ('schema.drift' = 'ignore');"),
    );
    tell(
        "fail",
        "run",
        &format!("{source} CREATE STREAM s AS {query} WITH ('schema.drift' = 'fail');"),
    );
    tell(
        "load",
        "load",
        "CREATE TABLE k AS SELECT a PRIMARY KEY, p FROM t WITH ('t.path' = 't.jsonl');",
    );
    workspace.write("t.jsonl", b"{\"a\":1}\n");
    tell(
        "evolve",
        "run",
        &format!("{source} CREATE STREAM s AS SELECT a FROM t WITH ('schema.drift' = 'evolve');"),
    );
    insta::assert_snapshot!(all);
}

/// One of 201 files, which the sample passes over, has a column of its own.
#[test]
fn columns_of_files_that_no_sample_saw_are_told() {
    let workspace = Workspace::with(&[]);
    for number in 0..=200 {
        let content = if number == 1 { "id,extra\n1,a\n2,b\n" } else { "id\n1\n" };
        workspace.write(&format!("csv/{number:03}.csv"), content.as_bytes());
    }
    write_rows(
        &workspace,
        &[("one.parquet", "1 AS id"), ("two.parquet", "1 AS id, 'x' AS extra")],
    );
    for number in 0..=200 {
        let from = if number == 1 { "two.parquet" } else { "one.parquet" };
        let bytes = std::fs::read(workspace.path(from)).unwrap();
        workspace.write(&format!("parquet/{number:03}.parquet"), &bytes);
    }
    for (format, values) in [("csv", "2 values"), ("parquet", "1 value")] {
        let program =
            format!("SELECT COUNT(*) AS n FROM t GROUP BY 1 = 1 EMIT FINAL WITH ('t.path' = '{format}/*.{format}');");
        let transcript = run(&workspace, &program);
        let expected = format!("`extra`: {values}, the first in {format}/001.{format}");
        assert!(transcript.contains(&expected), "{transcript}");
    }
}

#[test]
fn files_whose_headers_differ_in_case_have_one_set_of_columns() {
    let files = [("1.csv", "Id,Name\n1,a\n"), ("2.csv", "id,NAME\n2,b\n")];
    let workspace = Workspace::with(&files);
    let transcript = run(&workspace, "SELECT id, name FROM t WITH ('t.path' = '*.csv');");
    assert!(
        transcript.contains("{\"Id\":1,\"Name\":\"a\"}\n{\"Id\":2,\"Name\":\"b\"}\n"),
        "{transcript}"
    );
}

/// As in PostgreSQL, `"id"` and `"Id"` are two columns; without quotes a name means either.
#[test]
fn quoted_names_that_differ_in_case_are_two_columns() {
    let workspace = Workspace::with(&[("t.jsonl", "{\"id\":1,\"Id\":2}\n")]);
    let mut all = String::new();
    for select in [
        "SELECT \"id\", \"Id\" FROM t",
        "SELECT * FROM t",
        "SELECT ID FROM t",
        "SELECT 1 AS \"a\", 2 AS \"A\" FROM t",
        "SELECT 1 AS a, 2 AS A FROM t",
        "SELECT \"id\" + \"Id\" AS s, t.\"Id\" AS i FROM t",
        "CREATE STREAM d (\"id\" INT, \"Id\" INT) WITH (path = 't.jsonl'); SELECT \"Id\" FROM d",
        "CREATE STREAM d (id INT, Id INT) WITH (path = 't.jsonl'); SELECT Id FROM d",
        "CREATE TABLE k AS SELECT \"id\", \"Id\" AS \"ID\" FROM t; SELECT \"id\", \"ID\" FROM k",
        "SELECT * FROM t JOIN t AS u ON t.\"id\" = u.\"id\"",
    ] {
        let program = if select.starts_with("CREATE STREAM") {
            format!("{select};")
        } else {
            format!("{select} WITH ('t.path' = 't.jsonl');")
                .replace("FROM t; SELECT", "FROM t WITH ('t.path' = 't.jsonl'); SELECT")
                .replace("FROM k WITH ('t.path' = 't.jsonl')", "FROM k")
        };
        let _ = writeln!(all, "# {select}\n{}", run(&workspace, &program));
    }
    insta::assert_snapshot!(all);
}
