//! Which modes of changes the statements of a program produce and take.

#[test]
fn sinks_and_tables_by_the_key_of_the_changes_replace_rows() {
    assert_plans!([
        "SELECT name, COUNT(*) AS n FROM orders GROUP BY name",
        "CREATE STREAM counts AS SELECT name, COUNT(*) AS n FROM orders GROUP BY name; SELECT n + 1 AS m FROM counts",
        "CREATE STREAM counts AS SELECT name, COUNT(*) AS n FROM orders GROUP BY name; \
         CREATE TABLE known AS SELECT n, name FROM counts",
        "CREATE STREAM counts AS SELECT name, COUNT(*) AS n FROM orders GROUP BY name; \
         CREATE TABLE by_count AS SELECT n PRIMARY KEY, name FROM counts",
        "CREATE STREAM counts AS SELECT name, COUNT(*) AS n FROM orders GROUP BY name; \
         CREATE TABLE keyless AS SELECT n FROM counts",
    ]);
}

#[test]
fn whoever_has_to_know_old_values_is_told() {
    assert_plans!([
        "CREATE STREAM counts AS SELECT name, COUNT(*) AS n FROM orders GROUP BY name; \
         CREATE STREAM many AS SELECT name, n FROM counts WHERE n > 2 WITH ('many.path' = 'many.envelope.jsonl')",
        "SELECT n, COUNT(*) AS names FROM (SELECT name, COUNT(*) AS n FROM orders GROUP BY name) GROUP BY n",
        "CREATE STREAM counts AS SELECT name, COUNT(*) AS n FROM orders GROUP BY name; SELECT DISTINCT n FROM counts",
        "CREATE STREAM counts AS SELECT name, COUNT(*) AS n FROM orders GROUP BY name; SELECT n FROM counts LIMIT 2",
        "CREATE STREAM counts AS SELECT name, COUNT(*) AS n FROM orders GROUP BY name; \
         SELECT name, n FROM counts ORDER BY n LIMIT 2",
        "CREATE TABLE t (id BIGINT PRIMARY KEY, name STRING) WITH (path = 't.jsonl'); \
         CREATE STREAM counts AS SELECT customer_id, COUNT(*) AS n FROM orders GROUP BY customer_id; \
         SELECT t.name, c.n FROM counts c JOIN t ON c.customer_id = t.id",
        "CREATE STREAM counts AS SELECT name, COUNT(*) AS n FROM orders GROUP BY name; \
         SELECT name FROM counts WHERE n > 2 AND RANDOM() < 0.5",
    ]);
}

#[test]
fn a_statement_gives_what_the_most_demanding_of_its_readers_asks_for() {
    assert_plans!([
        "CREATE STREAM counts AS SELECT name, COUNT(*) AS n FROM orders GROUP BY name; \
         CREATE STREAM plain AS SELECT n, name FROM counts; \
         CREATE STREAM grouped AS SELECT n, COUNT(*) AS names FROM counts GROUP BY n",
        "CREATE STREAM counts AS SELECT name, COUNT(*) AS n FROM orders GROUP BY name; \
         CREATE STREAM through AS SELECT n FROM counts; \
         CREATE STREAM distinct_counts AS SELECT DISTINCT n FROM through",
    ]);
}

#[test]
fn windows_that_end_and_final_groups_do_not_change() {
    assert_plans!([
        "CREATE STREAM counts AS SELECT name, COUNT(*) AS n FROM orders GROUP BY name EMIT FINAL; \
         SELECT n, COUNT(*) AS names FROM counts WHERE n > 1 GROUP BY n LIMIT 3",
        "CREATE STREAM late AS SELECT name, COUNT(*) AS n FROM orders GROUP BY name WINDOW TUMBLING(ts, 1m) \
         WITH ('allowed.lateness' = '10s', 'late.path' = 'late.envelope.jsonl'); \
         SELECT n, COUNT(*) AS names FROM late GROUP BY n",
    ]);
}
