//! `UNION`, `EXCEPT` and `INTERSECT`.

#[test]
fn operands_get_the_columns_that_they_have_in_common() {
    assert_plans!([
        "SELECT id, price FROM orders UNION ALL SELECT 1, 2 UNION ALL SELECT id, NULL FROM orders",
        "SELECT name FROM orders UNION SELECT 'a' ORDER BY name LIMIT 2",
        "SELECT id FROM orders EXCEPT SELECT 1 INTERSECT SELECT id FROM orders",
        "SELECT n FROM (SELECT id AS n, name FROM orders UNION ALL SELECT 2, 'b') WHERE n > 1 AND name = 'b'",
        "SELECT COUNT(*) AS n FROM (SELECT id FROM orders UNION ALL SELECT id FROM orders) WINDOW TUMBLING(1m)",
        "CREATE STREAM s (id INT) WITH (path = 'a.csv', watch = 'true'); SELECT id FROM s EXCEPT SELECT id FROM orders",
        "CREATE STREAM c AS SELECT name, COUNT(*) AS n FROM orders GROUP BY name; SELECT n FROM c UNION SELECT 1",
        "CREATE STREAM c AS SELECT name, COUNT(*) AS n FROM orders GROUP BY name; SELECT name, n FROM c UNION ALL SELECT 'a', 1",
    ]);
}

#[test]
fn operands_that_do_not_fit() {
    assert_plans!([
        "SELECT id FROM orders UNION ALL SELECT id, name FROM orders",
        "SELECT id FROM orders UNION SELECT TRUE",
        "SELECT id FROM orders INTERSECT ALL SELECT 1",
        "SELECT id FROM orders UNION ALL SELECT nope FROM orders",
    ]);
}
