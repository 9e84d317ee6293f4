//! Files of envelopes in the place of topics: programs for Kafka run without a broker.

use crate::support::Workspace;

/// A program over a topic, the records that stand for it, and the rows; by hand.
const CASES: [(&str, &str, &str, &str); 8] = [
    (
        "delimited values, keys as Kafka writes them",
        "CREATE STREAM x (id STRING KEY, a INT, b STRING) WITH (kafka_topic='t', value_format='DELIMITED'); SELECT * FROM x;",
        "{\"key\":\"k1\",\"value\":\"1,x\"}\n{\"key\":\"k2\",\"value\":\"2,\\\"y, z\\\"\"}\n",
        "{\"id\":\"k1\",\"a\":1,\"b\":\"x\"}\n{\"id\":\"k2\",\"a\":2,\"b\":\"y, z\"}\n",
    ),
    (
        "only some of the fields",
        "CREATE STREAM x (id STRING KEY, a INT, b STRING) WITH (kafka_topic='t', value_format='DELIMITED'); SELECT b FROM x WHERE a > 1;",
        "{\"key\":\"k1\",\"value\":\"1,x\"}\n{\"key\":\"k2\",\"value\":\"2,y\"}\n",
        "{\"b\":\"y\"}\n",
    ),
    (
        "another delimiter, and keys of several columns",
        "CREATE STREAM x (p STRING KEY, q INT KEY, a INT, b INT) WITH (kafka_topic='t', format='DELIMITED', \
         key_format='DELIMITED', value_delimiter='|', key_delimiter=';'); SELECT * FROM x;",
        "{\"key\":\"k;7\",\"value\":\"1|2\"}\n",
        "{\"p\":\"k\",\"q\":7,\"a\":1,\"b\":2}\n",
    ),
    (
        "a value of Kafka's serializers",
        "CREATE STREAM x (id BIGINT KEY, v BIGINT) WITH (kafka_topic='t', value_format='KAFKA', key_format='KAFKA'); SELECT * FROM x;",
        "{\"key\":{\"base64\":\"AAAAAAAAACo=\"},\"value\":{\"base64\":\"AAAAAg==\"}}\n{\"key\":43,\"value\":3}\n",
        "{\"id\":42,\"v\":2}\n{\"id\":43,\"v\":3}\n",
    ),
    (
        "a value that is no object",
        "CREATE STREAM x (v ARRAY<INT>) WITH (kafka_topic='t', value_format='JSON', wrap_single_value=false); SELECT * FROM x;",
        "{\"value\":[1,2]}\n{\"value\":[]}\n",
        "{\"v\":[1,2]}\n{\"v\":[]}\n",
    ),
    (
        "a key of several columns as JSON",
        "CREATE STREAM x (p STRING KEY, q INT KEY, a INT) WITH (kafka_topic='t', value_format='JSON', key_format='JSON'); SELECT * FROM x;",
        "{\"key\":{\"p\":\"k\",\"q\":7},\"value\":{\"a\":1,\"p\":\"not this\"}}\n",
        "{\"p\":\"k\",\"q\":7,\"a\":1}\n",
    ),
    (
        "a key with a type that only JSON has",
        "CREATE STREAM x (id DECIMAL(5, 2) KEY, a INT) WITH (kafka_topic='t', value_format='JSON'); SELECT * FROM x;",
        "{\"key\":1.25,\"value\":{\"a\":1}}\n",
        "{\"id\":1.25,\"a\":1}\n",
    ),
    (
        "a table by its key",
        "CREATE TABLE x (id STRING PRIMARY KEY, a INT) WITH (kafka_topic='t', value_format='DELIMITED'); SELECT id, a FROM x;",
        "{\"key\":\"k1\",\"value\":\"1\"}\n{\"key\":\"k1\",\"value\":\"2\"}\n",
        "{\"id\":\"k1\",\"a\":2}\n",
    ),
];

#[test]
fn the_declared_formats_decode_keys_and_values() {
    for (what, sql, records, rows) in CASES {
        let workspace = Workspace::with(&[("query.sql", sql), ("x.envelope.jsonl", records)]);
        let outcome = workspace.run(&["run", "query.sql", "--source", "x=x.envelope.jsonl"]);
        assert_eq!(outcome.exit, Some(0), "{what}: {}", outcome.transcript());
        assert_eq!(outcome.stdout, rows, "{what}: {}", outcome.transcript());
        // Declared as a file it is the same.
        let sql = sql.replace("kafka_topic='t'", "path='x.envelope.jsonl'");
        workspace.write("file.sql", sql.as_bytes());
        let outcome = workspace.run(&["run", "file.sql"]);
        assert_eq!(outcome.stdout, rows, "{what}: {}", outcome.transcript());
    }
}

/// As everywhere, a NULL in what makes the key of a row is an error of the row; where it makes none it is a NULL.
#[test]
fn a_record_without_a_key_has_none() {
    let declared = "CREATE STREAM x (id STRING KEY, a INT) WITH (kafka_topic='t', value_format='JSON'); ";
    let records = "{\"value\":{\"a\":1,\"id\":\"not this\"}}\n";
    let cases = [
        (
            "SELECT a, id IS NULL AS missing FROM x;",
            "{\"a\":1,\"missing\":true}\n",
        ),
        ("SELECT * FROM x;", ""),
    ];
    for (query, rows) in cases {
        let sql = format!("{declared}{query}");
        let workspace = Workspace::with(&[("query.sql", &sql), ("x.envelope.jsonl", records)]);
        let outcome = workspace.run(&["run", "query.sql", "--source", "x=x.envelope.jsonl"]);
        assert_eq!(outcome.stdout, rows, "{query}: {}", outcome.transcript());
        assert_eq!(
            outcome.stderr.contains("the key is NULL"),
            rows.is_empty(),
            "{query}: {}",
            outcome.transcript()
        );
    }
}

#[test]
fn what_does_not_go_together_is_told() {
    let cases = [
        (
            "CREATE STREAM x (a INT, b INT) WITH (path='x.envelope.jsonl', format='KAFKA'); SELECT * FROM x;",
            "the format KAFKA has room for one column of the value, not 2",
        ),
        (
            "CREATE STREAM x (a BOOLEAN) WITH (path='x.envelope.jsonl', format='KAFKA'); SELECT * FROM x;",
            "the value's column `a` is BOOLEAN",
        ),
        (
            "CREATE STREAM x (a INT, b INT) WITH (path='x.envelope.jsonl', format='JSON', wrap_single_value=false); SELECT * FROM x;",
            "`wrap_single_value` = false has room for one column of the value, not 2",
        ),
        (
            "CREATE STREAM x (a INT) WITH (path='x.envelope.jsonl', format='AVRO'); SELECT * FROM x;",
            "`AVRO` in envelopes is not supported yet",
        ),
        (
            "CREATE STREAM x (id INT KEY, a INT) WITH (path='x.envelope.jsonl', key_format='NONE', format='JSON'); SELECT * FROM x;",
            "`key.format` = NONE leaves nothing for the key's column `id`",
        ),
        (
            "SELECT * FROM x WITH ('x.path'='x.envelope.jsonl', 'x.format'='DELIMITED');",
            "its values do not name their columns: declare them",
        ),
    ];
    for (sql, message) in cases {
        let workspace = Workspace::with(&[("query.sql", sql), ("x.envelope.jsonl", "{\"value\":\"1\"}\n")]);
        let outcome = workspace.run(&["run", "query.sql"]);
        assert_eq!(outcome.exit, Some(1), "{sql}: {}", outcome.transcript());
        assert!(outcome.stderr.contains(message), "{sql}: {}", outcome.transcript());
    }
}
