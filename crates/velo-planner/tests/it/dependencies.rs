#[test]
fn statements_come_behind_what_they_read() {
    assert_plans!([
        "CREATE STREAM c AS SELECT id FROM b; CREATE STREAM b AS SELECT id FROM a; CREATE STREAM a AS SELECT id FROM orders",
        "CREATE STREAM big AS SELECT * FROM orders WHERE amount > 100; \
         SELECT customer_id, COUNT(*) AS n FROM big GROUP BY customer_id; SELECT _event_time, id FROM BIG",
    ]);
}

#[test]
fn circles_are_refused_with_their_path() {
    assert_plans!([
        "CREATE STREAM a AS SELECT id FROM b; CREATE STREAM b AS SELECT id FROM c; CREATE STREAM c AS SELECT id FROM a",
        "CREATE STREAM a AS SELECT id FROM a",
        "CREATE VIEW v AS SELECT id FROM w; CREATE VIEW w AS SELECT id FROM v; SELECT id FROM v",
        "CREATE STREAM a AS SELECT id FROM orders; CREATE STREAM A AS SELECT id FROM orders",
    ]);
}

#[test]
fn changelogs_are_filtered_and_grouped_again() {
    assert_plans!([
        "CREATE STREAM totals AS SELECT id, COUNT(*) AS n FROM orders GROUP BY id; SELECT n, id FROM totals LIMIT 3",
        "CREATE STREAM totals AS SELECT id, COUNT(*) AS n FROM orders GROUP BY id; SELECT id FROM totals WHERE n > 1",
        "CREATE STREAM totals AS SELECT id, COUNT(*) AS n FROM orders GROUP BY id; SELECT n, COUNT(*) FROM totals GROUP BY n",
        "CREATE TABLE totals AS SELECT id, COUNT(*) AS n FROM orders GROUP BY id; SELECT id FROM totals",
        "CREATE STREAM per_minute AS SELECT id, COUNT(*) AS n FROM orders GROUP BY id WINDOW TUMBLING(1m); \
         SELECT id, MAX(n) AS most FROM per_minute GROUP BY id WINDOW TUMBLING(1h)",
    ]);
}
