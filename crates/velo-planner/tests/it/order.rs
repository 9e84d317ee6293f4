//! ORDER BY.

#[test]
fn order_by_names_numbers_and_computes() {
    assert_plans!([
        "SELECT id, price FROM orders ORDER BY price DESC NULLS FIRST, 1 LIMIT 3 OFFSET 2",
        "SELECT id AS n FROM orders ORDER BY n, price * 2",
        "SELECT -id AS id FROM orders ORDER BY id + 0",
        "SELECT name FROM orders GROUP BY name ORDER BY COUNT(*) DESC",
        "SELECT DISTINCT name FROM orders ORDER BY UPPER(name)",
        "SELECT name, COUNT(*) AS n FROM orders GROUP BY name WINDOW TUMBLING(1m) ORDER BY n DESC",
        "SELECT n FROM (SELECT name, COUNT(*) AS n FROM orders GROUP BY name) ORDER BY n",
        "VALUES (1, 'a'), (2, 'b') ORDER BY column1 DESC",
        "SELECT n FROM (SELECT COUNT(*) AS n FROM orders)",
    ]);
}

#[test]
fn orders_that_make_no_sense() {
    assert_plans!([
        "SELECT id FROM orders ORDER BY 2",
        "SELECT id FROM orders ORDER BY 'id'",
        "SELECT id FROM orders ORDER BY -1",
        "SELECT id FROM orders ORDER BY MAP{'a': id}",
        "SELECT id FROM orders ORDER BY COUNT(*)",
        "SELECT name FROM orders GROUP BY name ORDER BY id",
        "SELECT DISTINCT name FROM orders ORDER BY id",
        "SELECT name, COUNT(*) AS n FROM orders GROUP BY name ORDER BY n EMIT CHANGES",
        "CREATE STREAM c AS SELECT name, COUNT(*) AS n FROM orders GROUP BY name; SELECT n FROM c ORDER BY n",
        "CREATE STREAM s (id INT) WITH (path = 'a.csv', watch = 'true'); SELECT id FROM s ORDER BY id",
        "SELECT id FROM orders ORDER BY idd",
    ]);
}
