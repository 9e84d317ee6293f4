-- Expected values by hand, from the rules of docs/sql/README.md; where DuckDB 2.0 gives the same it is noted.
CREATE STREAM one (
    p DECIMAL(10, 2), q DECIMAL(10, 2), i BIGINT, j BIGINT, zero BIGINT, d DOUBLE, n BIGINT, s STRING
) WITH (path = 'one.jsonl');

SELECT
    175.23 / 175.00 AS quotient_of_literals,  -- 1.0013142857…, at max(2, 2) + 6 = 8 digits
    p / q AS quotient_of_columns,
    -0.50 AS negative,
    0.1 + 0.2 = 0.3 AS exact_sum,             -- DuckDB: true
    d + 0.2e0 = 0.3e0 AS binary_sum,          -- DuckDB: false
    i / j AS seven_halves,                    -- DuckDB: 3.5
    i DIV j AS whole_halves,
    i % j AS remainder,                       -- DuckDB: 1
    p / zero AS by_zero,
    i % zero AS modulo_zero,
    i / zero IS NULL AS by_zero_is_null,
    FLOOR(p / 0.05) * 0.05 AS tick            -- 175.23 / 0.05 = 3504.6; 3504 * 0.05 = 175.20
FROM one;
