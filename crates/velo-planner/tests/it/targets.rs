#[test]
fn columns_of_the_target() {
    assert_plans!([
        "CREATE STREAM s (a, b) AS SELECT id, name FROM orders",
        "CREATE STREAM s (a DOUBLE, b STRING) AS SELECT id, name FROM orders",
        "CREATE STREAM y (a DOUBLE, b STRING) WITH (path = 'y.csv'); INSERT INTO y (b) SELECT name FROM orders",
        "CREATE STREAM y (a DOUBLE, b STRING) WITH (path = 'y.csv'); INSERT INTO y VALUES (1, 'x'), (2.5, NULL)",
        "SELECT 1 AS one",
        "SELECT id PRIMARY KEY, name FROM orders",
        "VALUES (1, 'a'), (2, 'b')",
        "SELECT DISTINCT name FROM orders LIMIT 5 OFFSET 1",
    ]);
}

#[test]
fn targets_that_do_not_fit() {
    assert_plans!([
        "CREATE STREAM s (a, b, c) AS SELECT id, name FROM orders",
        "CREATE STREAM s (a BOOLEAN) AS SELECT ts FROM orders",
        "CREATE STREAM y (a DOUBLE) WITH (path = 'y.csv'); INSERT INTO y (aa) SELECT id FROM orders",
        "CREATE STREAM y (a DOUBLE) WITH (path = 'y.csv'); INSERT INTO y SELECT id, name FROM orders",
        "CREATE STREAM s AS SELECT id FROM orders; INSERT INTO s SELECT id FROM orders",
        "CREATE STREAM s (a BIGINT NOT NULL) AS SELECT id FROM orders",
        "CREATE STREAM y (a DOUBLE) WITH (path = 'y.csv'); INSERT INTO y (a, a) SELECT id, ms FROM orders",
        "SELECT id AS a, name AS A FROM orders",
        "CREATE TABLE t (a INT PRIMARY KEY) WITH (path = 't.csv'); SELECT a FROM t",
        "CREATE STREAM t (a INT, PRIMARY KEY (b)) WITH (path = 't.csv'); SELECT a FROM t",
        "CREATE VIEW v AS SELECT id FROM orders EMIT CHANGES WITH ('error.policy' = 'fail'); SELECT id FROM v",
        "VALUES (1, 'a'), (2)",
        "VALUES (1), ('a')",
        "CREATE STREAM s (a INT, a INT) WITH (path = 's.csv'); SELECT a FROM s",
    ]);
}

/// Fields of STRUCTs go by name; one that is missing is an error here, unless a CAST says that it is to be NULL.
#[test]
fn structs_of_the_target() {
    assert_plans!([
        "CREATE STREAM y (p STRUCT<b STRING, a BIGINT>) WITH (path = 'y.jsonl'); INSERT INTO y SELECT STRUCT(a := id, b := name) FROM orders",
        "CREATE STREAM y (p STRUCT<b STRING, c BIGINT>) WITH (path = 'y.jsonl'); INSERT INTO y SELECT STRUCT(b := name) FROM orders",
        "CREATE STREAM y (p ARRAY<STRUCT<q STRUCT<a BIGINT, z BIGINT>>>) WITH (path = 'y.jsonl'); INSERT INTO y SELECT ARRAY[STRUCT(q := STRUCT(a := id))] FROM orders",
        "CREATE STREAM y (p STRUCT<b STRING, c BIGINT>) WITH (path = 'y.jsonl'); INSERT INTO y SELECT CAST(STRUCT(b := name) AS STRUCT<b STRING, c BIGINT>) FROM orders",
        "CREATE STREAM y (p STRUCT<c BIGINT>) WITH (path = 'y.jsonl'); INSERT INTO y SELECT STRUCT(b := name) FROM orders",
    ]);
}
