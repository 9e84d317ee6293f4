use velo_data::SqlType;
use velo_formats::AvroSchema;

fn described(json: &str) -> String {
    let schema = match AvroSchema::parse(json) {
        Ok(schema) => schema,
        Err(error) => return error.to_string(),
    };
    match schema.columns() {
        Ok(columns) => {
            let columns = columns.user_fields().iter().map(|field| {
                let required = if field.is_nullable() { "" } else { " NOT NULL" };
                format!("{} {}{required}", field.name(), SqlType::of_field(field).unwrap())
            });
            columns.collect::<Vec<_>>().join(", ")
        }
        Err(errors) => errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    }
}

#[test]
fn columns_of_schemas() {
    let cases = [
        r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"b","type":["null","string"],"default":null}]}"#,
        // Named types, with and without namespaces, used again.
        r#"{"type":"record","name":"R","namespace":"x.y","fields":[
            {"name":"a","type":{"type":"record","name":"In","fields":[{"name":"k","type":"long"}]}},
            {"name":"b","type":"In"},{"name":"c","type":"x.y.In"},
            {"name":"d","type":{"type":"fixed","name":"z.F","size":8}},{"name":"e","type":["z.F","null"]}]}"#,
        // A logical type that does not go with its type says nothing.
        r#"{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"string","logicalType":"date"}},
            {"name":"b","type":{"type":"bytes","logicalType":"decimal","precision":100}},
            {"name":"c","type":{"type":"long","logicalType":"timestamp-nanos"}},
            {"name":"d","type":{"type":"fixed","name":"D","size":12,"logicalType":"duration"}},
            {"name":"e","type":{"type":{"type":"int"}}}]}"#,
    ];
    let found: Vec<String> = cases.iter().map(|json| described(json)).collect();
    insta::assert_snapshot!(found.join("\n"), @r"
    a BIGINT NOT NULL, b STRING
    a STRUCT<k BIGINT> NOT NULL, b STRUCT<k BIGINT> NOT NULL, c STRUCT<k BIGINT> NOT NULL, d BYTES NOT NULL, e BYTES
    a STRING NOT NULL, b BYTES NOT NULL, c TIMESTAMP NOT NULL, d INTERVAL NOT NULL, e BIGINT NOT NULL
    ");
}

#[test]
fn mistakes_are_told_with_their_place() {
    let record = |fields: &str| format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#);
    let cases = [
        "{".to_owned(),
        "7".to_owned(),
        r#""string""#.to_owned(),
        r#"{"name":"R"}"#.to_owned(),
        r#"{"type":"record","fields":[]}"#.to_owned(),
        r#"{"type":"record","name":"R"}"#.to_owned(),
        record(r#"{"type":"int"}"#),
        record(r#"{"name":"a"}"#),
        record(r#"{"name":"a","type":"strin"}"#),
        record(r#"{"name":"a","type":{"type":"array"}}"#),
        record(r#"{"name":"a","type":{"type":"map","values":{"type":"enum","name":"E"}}}"#),
        record(r#"{"name":"a","type":{"type":"fixed","name":"F"}}"#),
        record(r#"{"name":"a","type":"int"},{"name":"a","type":"int"}"#),
        record(r#"{"name":"a","type":["null","R"]}"#),
        record(
            r#"{"name":"a","type":["null","int","string"]},{"name":"b","type":{"type":"array","items":["int","string"]}}"#,
        ),
        format!("{}1{}", r#"{"type":"array","items":"#.repeat(300), "}".repeat(300)),
    ];
    let found: Vec<String> = cases.iter().map(|json| described(json)).collect();
    insta::assert_snapshot!(found.join("\n"));
}
