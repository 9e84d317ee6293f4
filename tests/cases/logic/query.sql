-- Three-valued logic and patterns; DuckDB 2.0 gives the same for every column.
CREATE STREAM one (a BIGINT, n BIGINT, s STRING) WITH (path = 'one.jsonl');

SELECT
    a,
    n = n AS null_equals_null,
    n <> 1 AS null_differs,
    n IS DISTINCT FROM 1 AS is_distinct,
    n IS NOT DISTINCT FROM NULL AS not_distinct,
    NOT a = 1 AS not_equal,
    n IS NULL AND TRUE AS is_null,
    n = 1 OR TRUE AS or_true,
    n = 1 AND FALSE AS and_false,
    n IN (1, 2) AS null_in,
    a NOT IN (1, NULL) AS not_in_null,
    s LIKE 'a.c' AS dot_is_a_dot,
    s LIKE 'a+c' AS plus_is_a_plus,
    s LIKE 'a_c' AS underscore,
    s LIKE 'a%' AS percent,
    s ILIKE 'A_C' AS any_case
FROM one;
