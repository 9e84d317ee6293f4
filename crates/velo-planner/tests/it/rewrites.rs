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

#[test]
fn dead_letters_carry_the_record_to_where_rows_can_fail() {
    assert_plans!([
        "SELECT id + 1 AS n FROM orders WHERE id / 2 > 1 WITH ('dead.letter.queue.path' = 'dead.jsonl')",
        "SELECT id, SUM(ms * 2) AS s FROM (SELECT id, ms + 1 AS ms FROM orders) t GROUP BY id \
         WITH ('dead.letter.queue.path' = 'dead.jsonl')",
        "SELECT _record FROM orders",
    ]);
}
