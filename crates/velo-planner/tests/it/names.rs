#[test]
fn columns_are_found_by_name_and_case() {
    assert_plans!([
        "SELECT id, ID AS other, orders.amount FROM orders",
        "SELECT o.id FROM orders AS o",
        "SELECT o.* FROM orders o",
        "SELECT \"id\" FROM orders",
        "SELECT address.city, address->city AS again, o.address.city AS third FROM orders o",
        "SELECT tags[1] AS first_tag FROM orders",
        "SELECT a, b FROM (SELECT id AS a, amount AS b FROM orders) t",
        "SELECT x FROM (SELECT id, name FROM orders) AS t(x, y)",
        "WITH big AS (SELECT * FROM orders WHERE amount > 100) SELECT id FROM big",
        "WITH a AS (SELECT id FROM orders), b AS (SELECT id + 1 AS n FROM a) SELECT n FROM b",
        "CREATE VIEW cheap AS SELECT id, amount FROM orders WHERE amount < 10; SELECT id FROM cheap",
    ]);
}

#[test]
fn unknown_names_are_reported_with_what_there_is() {
    assert_plans!([
        "SELECT amout FROM orders",
        "SELECT x.id FROM orders o",
        "SELECT \"ID\" FROM orders",
        "SELECT zzz FROM orders",
        "SELECT id FROM ordres",
        "SELECT id FROM nothing_like_it",
        "SELECT address.town FROM orders",
        "SELECT id.x FROM orders",
        "SELECT nope.* FROM orders",
        "SELECT UPER(name) FROM orders",
        "SELECT FROBNICATE(name) FROM orders",
        "SELECT id FROM orders WHERE custmer_id = 1 AND nam = 'x'",
    ]);
}

#[test]
fn system_columns_are_there_in_every_clause() {
    assert_plans!([
        "SELECT _key, _TIMESTAMP, ROWTIME AS t FROM orders WHERE _offset > 5 AND _partition = 0",
        "SELECT _event_time, id FROM orders",
        "SELECT id, CAST(ms AS TIMESTAMP) AS _event_time FROM orders",
        "CREATE STREAM s AS SELECT id, ms AS _event_time FROM orders; SELECT COUNT(*) AS n FROM s WINDOW TUMBLING(5s)",
        "SELECT _event_time FROM timeless WITH ('timeless.path' = 't.csv')",
        "SELECT id, FIRST_VALUE(name) AS f FROM timeless GROUP BY id WITH ('timeless.path' = 't.csv')",
        "SELECT COUNT(*) AS n FROM timeless WINDOW TUMBLING(ms, 5s) \
         WITH ('timeless.path' = 't.csv', 'watermark.max_out_of_orderness' = '3s')",
        "SELECT _topic, COUNT(*) AS n FROM orders GROUP BY _topic HAVING COUNT(*) > 1",
        "SELECT HEADER('trace') AS trace FROM orders",
        "SELECT _window_start FROM orders",
        "SELECT TUMBLE_START() FROM orders",
        "SELECT id AS _offset FROM orders",
    ]);
}

#[test]
fn output_names_are_unique() {
    assert_plans!([
        "SELECT id, id FROM orders",
        "SELECT *, id FROM orders",
        "SELECT id, amount AS id FROM orders",
        "SELECT id + 1, COALESCE(name, 'x') FROM orders",
    ]);
}

#[test]
fn what_is_unknown_does_not_hide_the_rest() {
    assert_plans!([
        "SELECT a, b + 1 AS c, UPPER(d) AS e FROM missing WHERE f > 1 WITH ('missing.path' = 'missing.csv')",
        "SELECT a, FROB(b) AS c FROM missing GROUP BY z WITH ('missing.path' = 'missing.csv')",
        "CREATE STREAM s AS SELECT id FROM orders WHERE; SELECT id FROM s; SELECT idd FROM orders",
    ]);
}
