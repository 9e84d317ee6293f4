#[test]
fn grouped_queries() {
    assert_plans!([
        "SELECT customer_id, SUM(amount) AS total FROM orders GROUP BY customer_id",
        "SELECT customer_id, SUM(amount) AS total FROM orders GROUP BY customer_id EMIT FINAL",
        "SELECT SUM(amount) * 2 AS twice, UPPER(name) AS n FROM orders o GROUP BY upper(o.name)",
        "SELECT name AS n, COUNT(*) AS c FROM orders GROUP BY n",
        "SELECT name, COUNT(*) AS c FROM orders GROUP BY 1",
        "SELECT COUNT(*), COUNT(*) AS again, COUNT(name), COUNT(DISTINCT name) FROM orders GROUP BY id",
        "SELECT id, SUM(amount) FILTER (WHERE ok) AS s FROM orders GROUP BY id",
        "SELECT customer_id, AVG(amount) FROM orders GROUP BY customer_id WINDOW TUMBLING(5s)",
        "SELECT customer_id, _window_start, TUMBLE_END() AS e, COUNT(*) AS n FROM orders WINDOW TUMBLING(ts, 1m)",
        "SELECT COUNT(*) AS n FROM orders WINDOW TUMBLING(1d, OFFSET 6h)",
        "SELECT id, COUNT(*) AS n FROM orders GROUP BY id, TUMBLE(ms, INTERVAL '1' HOUR) EMIT CHANGES",
        "SELECT COUNT(*) AS n FROM (SELECT ms + 1 AS later FROM orders) t WINDOW TUMBLING(later, 1m)",
        "SELECT id, COUNT(*) AS n FROM orders GROUP BY id WINDOW TUMBLING (SIZE 30 SECONDS, GRACE PERIOD 5 SECONDS) \
         WITH ('s.type' = 'file_sink', 's.path' = 'o.envelope.jsonl')",
        "SELECT FIRST_VALUE(amount) AS f FROM orders GROUP BY id",
        "SELECT id, _window_start AS w, COUNT(*) AS n FROM orders GROUP BY id, w, TUMBLE_END() WINDOW TUMBLING(10s)",
        "SELECT _event_time, COUNT(*) AS n FROM orders GROUP BY _event_time EMIT FINAL",
        "SELECT SUM(id) AS s, s * 2 AS d FROM orders WINDOW TUMBLING(1h)",
        "SELECT TUMBLE_START(ts, INTERVAL '5' SECONDS) AS a, COUNT(*) AS n FROM orders WINDOW TUMBLING(5s)",
        "SELECT STRING_AGG(name) AS a, LISTAGG(name, ';') AS b, COLLECT_SET(id) AS c FROM orders GROUP BY ok",
        "SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY price) AS p FROM orders GROUP BY id",
        "SELECT id, n FROM (SELECT id, COUNT(*) AS n FROM orders GROUP BY id) t WHERE id = 7 AND n > 2 EMIT FINAL",
        "SELECT MAX(n) AS m FROM (SELECT id, COUNT(*) AS n FROM orders WINDOW TUMBLING(1m)) t GROUP BY id EMIT CHANGES",
    ]);
}

#[test]
fn having_takes_any_condition_over_groups() {
    assert_plans!([
        "SELECT id FROM orders GROUP BY id HAVING SUM(amount) / SUM(price) > 0.7",
        "SELECT id, SUM(amount) AS total FROM orders GROUP BY id HAVING total > 100",
        "SELECT id FROM orders GROUP BY id HAVING CASE WHEN SUM(ms) > 100 THEN 1 ELSE 0 END = 1",
        "SELECT id FROM orders GROUP BY id HAVING COUNT(*) * AVG(amount) > 100",
        "SELECT id FROM orders GROUP BY id HAVING (SUM(amount) + SUM(ms)) * 2 > 1000",
        "SELECT id FROM orders GROUP BY id \
         HAVING SUM(CASE WHEN ok THEN 1 ELSE 0 END) > SUM(CASE WHEN ok THEN 0 ELSE 1 END)",
    ]);
}

#[test]
fn grouping_mistakes() {
    assert_plans!([
        "SELECT xxxx, COUNT(*) FROM orders GROUP BY xxxx",
        "SELECT AVG(price) FROM orders",
        "SELECT name, SUM(amount) FROM orders GROUP BY id",
        "SELECT *, COUNT(*) FROM orders GROUP BY id",
        "SELECT id FROM orders WHERE SUM(amount) > 1",
        "SELECT SUM(SUM(amount)) FROM orders GROUP BY id",
        "SELECT id, COUNT(*) FROM orders GROUP BY COUNT(*)",
        "SELECT id FROM orders HAVING id > 1",
        "SELECT id FROM orders EMIT FINAL",
        "SELECT id FROM orders GROUP BY id HAVING name = 'x'",
        "SELECT id FROM orders GROUP BY id HAVING SUM(amount)",
        "SELECT id FROM orders GROUP BY 7",
        "SELECT SUM(name) FROM orders GROUP BY id",
        "SELECT COUNT(*) FROM orders GROUP BY id, TUMBLE(ts, 1m) WINDOW TUMBLING(5m)",
        "SELECT COUNT(*) FROM orders WINDOW TUMBLING(0s)",
        "SELECT COUNT(*) FROM orders WINDOW TUMBLING(name, 5s) WHERE 1 = 1",
        "SELECT COUNT(*) FROM orders WINDOW TUMBLING(ok, 5s)",
        "SELECT COUNT(*) FROM timeless WINDOW TUMBLING(5s) WITH ('timeless.path' = 't.csv')",
        "SELECT LAG(id) FROM orders",
        "SELECT UPPER(DISTINCT name) FROM orders",
    ]);
}
