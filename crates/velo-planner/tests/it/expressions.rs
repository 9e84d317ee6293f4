#[test]
fn types_are_brought_together() {
    assert_plans!([
        "SELECT amount * 2 AS a, amount + 0.5 AS b, amount / 3 AS c, id / 2 AS d, id DIV 2 AS e FROM orders",
        "SELECT price * 1.5 AS a, price + id AS b FROM orders",
        "SELECT id FROM orders WHERE amount > 100 AND price > 0.7 AND id IN (1, 2, 3)",
        "SELECT id FROM orders WHERE amount > '10.5' AND id = '7'",
        "SELECT id FROM orders WHERE ts > '2026-01-01' AND ts < TIMESTAMP '2026-02-01 00:00:00'",
        "SELECT id FROM orders WHERE ts BETWEEN '2026-01-01' AND '2026-02-01'",
        "SELECT CASE WHEN ok THEN id ELSE amount END AS x FROM orders",
        "SELECT CASE id WHEN 1 THEN 'one' WHEN 2 THEN 'two' END AS x FROM orders",
        "SELECT COALESCE(amount, 0) AS a, NULLIF(name, '') AS b FROM orders",
        "SELECT id FROM orders WHERE NOT id = 1",
        "SELECT id FROM orders WHERE name LIKE 'a.b+%' AND name NOT LIKE 'x!%' ESCAPE '!'",
        "SELECT id FROM orders WHERE name LIKE 'back\\slash%'",
        "SELECT id FROM orders WHERE price IN (0, 1, 2, 3, 4) AND id NOT IN (1, NULLIF(ms, 2))",
        "SELECT CASE price WHEN 0 THEN 'none' END AS x, MAP{'a': id}['a'] AS y FROM orders",
        "SELECT 'a' || name || id AS x FROM orders",
        "SELECT ts + INTERVAL '1 day' AS a, ts - ts AS b FROM orders",
        "SELECT -id AS a, - 0.50 AS b, -9223372036854775808 AS c FROM orders",
        "SELECT CAST(name AS DECIMAL(10, 2)) AS a, TRY_CAST(name AS INT) AS b, amount::STRING AS c FROM orders",
        "SELECT EXTRACT(HOUR FROM ts) AS h, DATEDIFF(day, ts, ts) AS d FROM orders",
        "SELECT id FROM orders WHERE ok IS NOT TRUE AND name IS NULL",
        "SELECT NULL AS n FROM orders",
        "SELECT MAP{'a': id, 'b': 2} AS m, STRUCT(x := id, y := name) AS s, ARRAY[1, id] AS a FROM orders",
        "SELECT POSITION('b' IN name) AS p, INSTR(name, 'b') AS i FROM orders",
        "SELECT NOW() AS a, CURRENT_TIMESTAMP AS b, CURRENT_DATE AS c, UNIX_TIMESTAMP() AS d FROM orders",
        "SELECT id FROM orders WHERE ts - ts > INTERVAL '1 hour'",
    ]);
}

#[test]
fn constants_are_computed_once() {
    assert_plans!([
        "SELECT 1 + 2 * 3 AS a, 0.1 + 0.2 = 0.3 AS b, 175.23 / 175.00 AS c, 7 / 2 AS d, 7 DIV 2 AS e, 1 / 0 AS f FROM orders",
        "SELECT UPPER('abc') AS a, CAST('2026-01-31' AS DATE) AS b FROM orders",
        "SELECT 9223372036854775807 + 1 AS a FROM orders",
        "SELECT CAST('abc' AS INT) AS a FROM orders",
        "SELECT DATE '2026-02-30' AS a FROM orders",
        "SELECT TIMESTAMP 'noon' AS a FROM orders",
        "SELECT INTERVAL '1.5' MONTH AS a FROM orders",
    ]);
}

#[test]
fn types_that_do_not_fit_are_reported() {
    assert_plans!([
        "SELECT name + 1 AS a FROM orders",
        "SELECT id FROM orders WHERE name = 1",
        "SELECT id FROM orders WHERE id = 'seven'",
        "SELECT id FROM orders WHERE id",
        "SELECT id FROM orders WHERE id AND ok",
        "SELECT -name AS a FROM orders",
        "SELECT id FROM orders WHERE id LIKE '1%'",
        "SELECT CASE WHEN ok THEN id ELSE name END AS a FROM orders",
        "SELECT CAST(address AS BIGINT) AS a FROM orders",
        "SELECT id[1] AS a FROM orders",
        "SELECT UPPER() AS a, SUBSTRING(name, 1, 2, 3, 4) AS b FROM orders",
        "SELECT ts + 1 AS a FROM orders",
        "SELECT id FROM orders WHERE ts > 'noon'",
        "SELECT id FROM orders WHERE name LIKE name ESCAPE '!'",
        "SELECT CAST(id AS DECIMAL(2, 5)) AS a, CAST(id AS DECIMAL(99)) AS b FROM orders",
        "SELECT id FROM orders WHERE ts > 1700000000000",
    ]);
}

/// What is advised must work.
#[test]
fn structs_bytes_and_maps_that_do_not_fit() {
    assert_plans!([
        "SELECT CASE WHEN ok THEN STRUCT(a := id) ELSE STRUCT(a := id, b := name) END AS c FROM orders",
        "SELECT CASE WHEN ok THEN STRUCT(a := id) ELSE STRUCT(z := id) END AS c FROM orders",
        "SELECT STRUCT(a := id, b := name) = STRUCT(b := name, a := id) AS c FROM orders",
        "SELECT CAST(STRUCT(a := id) AS STRUCT<z BIGINT>) AS c FROM orders",
        "SELECT CAST(name AS BYTES) || name AS a, CAST(name AS BYTES) || CAST(name AS BYTES) AS b FROM orders",
        "SELECT CONCAT(CAST(name AS BYTES), name) AS a, UPPER(CAST(name AS BYTES)) AS b, CAST(name AS BYTES) LIKE 'a%' AS c FROM orders",
        "SELECT STRING_AGG(CAST(name AS BYTES)) AS a FROM orders GROUP BY id",
        "SELECT ARRAY_REMOVE(ARRAY[MAP{'a': 1}], MAP{'a': 1}) AS a, ARRAY_POSITION(ARRAY[MAP{'a': 1}], MAP{'a': 1}) AS b FROM orders",
        "SELECT ARRAY_DISTINCT(ARRAY[MAP{'a': 1}]) AS a, ARRAY_SORT(ARRAY[MAP{'a': 1}]) AS b, ARRAY_MAX(ARRAY[MAP{'a': 1}]) AS c FROM orders",
        "SELECT name LIKE 'a!' ESCAPE '!' AS a, name LIKE '%!' ESCAPE '!' AS b, name LIKE 'a!!' ESCAPE '!' AS c FROM orders",
        "SELECT TO_CHAR(ts, '%Y-%m-%d') AS a, TO_CHAR(ts, 'YYYY-MM-DDTHH24') AS b, TO_CHAR(ts, 'XYZ') AS c, TO_CHAR(id, '999') AS d FROM orders",
        "SELECT TO_CHAR(ts, 'YYYY-MM-DD') AS a, NANVL(1e0, 2e0) AS b, TO_LOCAL_TIME(ts) AS c FROM orders",
    ]);
}

#[test]
fn forms_that_look_like_functions() {
    assert_plans!([
        "SELECT AS_VALUE(id) AS copy, JOIN('-', name, id) AS joined FROM orders",
        "SELECT AS_VALUE(id, name) AS copy FROM orders",
        "SELECT UNNEST(tags) AS tag FROM orders",
        "SELECT id FROM orders WHERE name = ANY(tags)",
        "SELECT POSITION(UPPER(name) IN name) AS a, POSITION('x' || name IN name) AS b FROM orders",
        "ASSERT NULL VALUES t (id) KEY (1)",
    ]);
}

#[test]
fn constants_that_no_call_works_with() {
    assert_plans!([
        "SELECT DATE_TRUNC('dya', ts) AS a, DATE_TRUNC('fortnight', ts) AS b FROM orders",
        "SELECT DATEDIFF(dya, ts, ts) AS a, EXTRACT(yaer FROM ts) AS b, DATE_PART('foo', ts) AS c FROM orders",
        "SELECT REGEXP_LIKE(name, 'a(b') AS a, name ~ '[z-a]' AS b, REGEXP_REPLACE(name, '*', '') AS c FROM orders",
        "SELECT REGEXP_LIKE(name, 'a', 'q') AS a, REGEXP_LIKE(name, 'a', 'g') AS b, REGEXP_LIKE(name, 'a', 'i)b(?s') AS c FROM orders",
        "SELECT REGEXP_REPLACE(name, 'a', 'b', 'gk') AS a, REGEXP_REPLACE(name, 'a', 'b', 'igi') AS b, REGEXP_LIKE(name, 'a', '') AS c FROM orders",
        "SELECT REGEXP_REPLACE(name, 'a', 'b', 'gi') AS a, REGEXP_LIKE(name, 'a', 'ims') AS b, REGEXP_LIKE(name, 'a', name) AS c FROM orders",
        "SELECT DATE_FORMAT(ts, 'yyyy-QQ') AS a, PARSE_TIMESTAMP(name, '%Q') AS b FROM orders",
        "SELECT CONVERT_TZ(ts, 'UTC', 'Europe/Berln') AS a, CONVERT_TZ(ts, 'UTC', 'here') AS b FROM orders",
        "SELECT JSON_VALUE(name, '$.a[') AS a, ENCODE(name, 'base65') AS b FROM orders",
        "SELECT name, TOPK(id, 0) AS a, TOPK(id, ms) AS b FROM orders GROUP BY name",
        "SELECT PERCENTILE_CONT(95) WITHIN GROUP (ORDER BY id) AS a, PERCENTILE_DISC(id, -0.1) AS b, name FROM orders GROUP BY name",
        "SELECT STRING_AGG(name, name) AS a, id FROM orders GROUP BY id",
        // Unknown columns are no constants.
        "SELECT DATE_TRUNC(unit, ts) AS a FROM missing WITH ('missing.path' = 'm.csv')",
    ]);
}
