//! Columns that a schema file declares.

use crate::support::{Workspace, root};

const PROGRAM: &str = "SELECT id, name, at FROM orders
WITH ('orders.path' = 'orders.jsonl', 'orders.value.schema.file' = 'schemas/orders.avsc');";

const ROWS: &str = r#"{"id":1,"name":"a","at":1704164645678}
{"id":2,"at":1704164645678}
{"id":null,"name":"c","at":null}
"#;

fn run(schema: &str) -> String {
    let workspace = Workspace::with(&[
        ("orders.jsonl", ROWS),
        ("schemas/orders.avsc", schema),
        ("p.sql", PROGRAM),
    ]);
    workspace.run(&["run", "p.sql"]).transcript()
}

/// A field that may not be null is a NOT NULL column, of any format.
#[test]
fn a_schema_file_declares_columns() {
    insta::assert_snapshot!(run(r#"{"type":"record","name":"Order","fields":[
        {"name":"id","type":"long"},{"name":"name","type":["null","string"]},
        {"name":"at","type":["null",{"type":"long","logicalType":"timestamp-millis"}]}]}"#));
}

#[test]
fn mistakes_in_schema_files_are_told_with_their_place() {
    let cases = [
        "id BIGINT",
        r#"{"type":"enum","name":"E","symbols":[]}"#,
        r#"{"type":"record","name":"R","fields":[{"name":"id","type":["int","string"]},{"name":"name","type":{"type":"array","items":["int","string"]}}]}"#,
        r#"{"type":"record","name":"R","fields":[{"name":"id","type":"lon"}]}"#,
    ];
    let found: Vec<String> = cases.iter().map(|schema| run(schema)).collect();
    insta::assert_snapshot!(found.join("\n"));
}

/// `took` of the Parquet file is a duration, `v` of the Avro file a union of several types.
#[test]
fn only_columns_of_typed_files_that_are_used_need_a_type() {
    let fixtures = root().join("crates/velo-formats/tests/fixtures");
    let workspace = Workspace::with(&[]);
    for name in ["duration.parquet", "union.avro"] {
        workspace.write(name, &std::fs::read(fixtures.join(name)).unwrap());
    }
    for (name, column, rows) in [
        ("duration.parquet", "took", "id\n1\n"),
        ("union.avro", "v", "id\n1\n2\n"),
    ] {
        for pattern in [name, &name.replace('.', "*.")] {
            let from = format!("FROM s WITH ('s.path' = '{pattern}');");
            workspace.write("p.sql", format!("SELECT id {from}").as_bytes());
            let ran = workspace.run(&["run", "p.sql", "--format", "csv"]);
            assert_eq!(ran.stdout, rows, "{pattern}\n{}", ran.stderr);
            for items in ["*", column] {
                workspace.write("p.sql", format!("SELECT {items} {from}").as_bytes());
                let refused = workspace.run(&["run", "p.sql"]);
                assert_eq!(refused.exit, Some(1), "{pattern}\n{}", refused.stderr);
                let told = format!("`{column}`");
                assert!(
                    refused.stderr.contains("error[V0601]") && refused.stderr.contains(&told),
                    "{}",
                    refused.stderr
                );
            }
        }
    }
}
