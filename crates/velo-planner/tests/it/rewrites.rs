#[test]
fn conditions_move_to_the_scan_and_unread_columns_are_left_out() {
    assert_plans!([
        "SELECT * FROM orders WHERE id > 5",
        "SELECT total FROM (SELECT amount * 2 AS total, name AS n FROM orders) t WHERE n = 'x' AND total > 10",
        "SELECT id FROM (SELECT DISTINCT id, name FROM orders) t WHERE id > 3",
        "SELECT id FROM (SELECT id, name FROM orders LIMIT 10) t WHERE id > 3",
        "SELECT id, n FROM (SELECT id, COUNT(*) AS n FROM orders GROUP BY id) t WHERE id = 7 AND n > 2 EMIT FINAL",
        "SELECT COUNT(*) AS n FROM orders GROUP BY ok",
        "SELECT id FROM (SELECT id, RANDOM() AS r FROM orders) t WHERE r > 0.5",
        "SELECT name FROM orders WHERE TRUE AND (id = 1 OR id = 2)",
        "SELECT 1 AS one FROM orders",
    ]);
}
