-- Negative zero, lists that are no constants, escapes, maps and percentiles. Values from DuckDB 2.0.
CREATE STREAM t (id BIGINT, f DOUBLE, j BIGINT, b BOOLEAN, s STRING) WITH (path = 't.jsonl');

-- All rows are one group on purpose.
-- @allow: V0904
SELECT
    COUNT(*) FILTER (WHERE f IN (0, 1, 2, 3)) AS listed,
    COUNT(*) FILTER (WHERE 1 IN (NULL, CASE WHEN b THEN 1 ELSE j END)) AS computed,
    COUNT(*) FILTER (WHERE CASE f WHEN 0 THEN TRUE END) AS zeros,
    COUNT(*) FILTER (WHERE s LIKE '!%%' ESCAPE '!') AS percents,
    COUNT(*) FILTER (WHERE s LIKE 'a\b') AS backslashes,
    SUM(MAP{'a': j}['a']) AS mapped,
    PERCENTILE_CONT(j, 0.25) AS quarter,
    PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY f) AS half
FROM t
GROUP BY TRUE
EMIT FINAL;
