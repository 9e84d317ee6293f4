-- Aggregates pass over NULL, COUNT(*) does not. DuckDB 2.0 gives the same values.
CREATE STREAM samples (k STRING, v BIGINT, d DECIMAL(6, 2)) WITH (path = 'samples.csv');

SELECT
    k,
    COUNT(*) AS rows, COUNT(v) AS present, COUNT(DISTINCT v) AS different,
    SUM(v) AS sum, AVG(v) AS mean, MIN(v) AS least, MAX(v) AS most,
    STDDEV_POP(v) AS deviation, SUM(d) AS exact
FROM samples
GROUP BY k
EMIT FINAL;
