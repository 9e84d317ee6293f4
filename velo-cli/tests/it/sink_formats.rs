//! Every format that a sink writes reads back as the rows that were written.

use crate::support::Workspace;

/// Rows with most types; `{format}` is where they go.
const WRITE: &str = "
CREATE STREAM input (
    id BIGINT, flag BOOLEAN, x DOUBLE, price DECIMAL(12, 4), name STRING, day DATE, clock TIME, at TIMESTAMP,
    raw BYTES, parts ARRAY<BIGINT>, pair STRUCT<a BIGINT, b STRING>, tags MAP<STRING, DOUBLE>
) WITH (path = 'input.jsonl');
CREATE STREAM result AS SELECT * FROM input WHERE id < 4
WITH ('sinks' = 'output', 'output.path' = '{output}', 'output.format' = '{format}');
";

/// The same columns, read from what was written.
const READ: &str = "
CREATE STREAM output (
    id BIGINT, flag BOOLEAN, x DOUBLE, price DECIMAL(12, 4), name STRING, day DATE, clock TIME, at TIMESTAMP,
    raw BYTES, parts ARRAY<BIGINT>, pair STRUCT<a BIGINT, b STRING>, tags MAP<STRING, DOUBLE>
) WITH (path = '{output}', format = '{format}');
SELECT * FROM output;
";

const INPUT: &str = r#"{"id":1,"flag":true,"x":0.1,"price":12.3456,"name":"plain","day":"2024-02-29","clock":"01:02:03.004","at":"2024-01-02T03:04:05.678Z","raw":"AP8=","parts":[1,null,3],"pair":{"a":1,"b":"x"},"tags":{"k":1.5,"l":null}}
{"id":2,"flag":false,"x":-1e300,"price":-99999999.9999,"name":"quote \" comma , line \n end \u20ac","day":"0001-01-01","clock":"23:59:59.999","at":"1969-12-31T23:59:59.999Z","raw":"","parts":[],"pair":{"a":null,"b":null},"tags":{}}
{"id":3}
{"id":4,"name":"filtered"}
"#;

#[test]
fn every_format_reads_back_the_rows_that_were_written() {
    let outputs = [
        ("out.jsonl", "jsonlines"),
        ("out.json", "json"),
        ("out.jsonl.gz", "jsonlines"),
        ("out.csv", "csv"),
        ("out.csv.zst", "csv"),
        ("out.csv", "csv_no_header"),
        ("out.envelope.jsonl", "jsonlines"),
        ("out.parquet", "parquet"),
        ("out.avro", "avro"),
    ];
    let mut expected = None;
    for (output, format) in outputs {
        let fill = |program: &str| program.replace("{output}", output).replace("{format}", format);
        let workspace = Workspace::with(&[
            ("input.jsonl", INPUT),
            ("write.sql", &fill(WRITE)),
            ("read.sql", &fill(READ)),
        ]);
        let written = workspace.run(&["run", "write.sql"]);
        assert_eq!(written.exit, Some(0), "{output} {format}: {}", written.transcript());
        let read = workspace.run(&["run", "read.sql"]);
        assert_eq!(read.exit, Some(0), "{output} {format}: {}", read.transcript());
        let expected = expected.get_or_insert_with(|| read.stdout.clone());
        assert_eq!(expected.lines().count(), 3);
        assert_eq!(&read.stdout, expected, "{output} {format}");
    }
}

#[test]
fn columns_without_a_form_are_told_before_anything_runs() {
    let program = |path: &str| {
        format!(
            "CREATE STREAM input (id BIGINT, at TIMESTAMP) WITH (path = 'input.jsonl');
             CREATE STREAM s AS SELECT at - at AS took, id AS `a b` FROM input
             WITH ('sinks' = 'out', 'out.path' = '{path}');"
        )
    };
    let found: Vec<String> = ["out.parquet", "out.avro"]
        .iter()
        .map(|path| {
            let workspace = Workspace::with(&[("input.jsonl", INPUT), ("p.sql", &program(path))]);
            workspace.run(&["validate", "p.sql"]).transcript()
        })
        .collect();
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn files_that_cannot_be_read_are_told() {
    let cases = [
        ("a.parquet", "id\n1\n", "SELECT * FROM 'file://a.parquet';"),
        ("a.avro", "Obj", "SELECT * FROM 'file://a.avro';"),
        (
            "a.jsonl",
            "{}\n",
            "CREATE STREAM o AS SELECT 1 AS x FROM 'file://a.jsonl' WITH ('sinks' = 'p', 'p.path' = 'o.parquet', 'p.append' = true);",
        ),
        (
            "a.jsonl",
            "{}\n",
            "CREATE STREAM o AS SELECT 1 AS x FROM 'file://a.jsonl' WITH ('sinks' = 'p', 'p.type' = 'stdout_sink', 'p.format' = 'avro');",
        ),
    ];
    let found: Vec<String> = cases
        .iter()
        .map(|(name, content, program)| {
            let workspace = Workspace::with(&[(name, content), ("p.sql", program)]);
            workspace.run(&["run", "p.sql"]).transcript()
        })
        .collect();
    insta::assert_snapshot!(found.join("\n"));
}
