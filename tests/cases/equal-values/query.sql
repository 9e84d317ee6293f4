-- Values that are equal make one group, are one DISTINCT value and are found in arrays, however they are written.
-- Counts, bounds and truth values by DuckDB 2.0; DuckDB shows a group by its first value, here it is the longest units.
CREATE STREAM waits (id BIGINT, wait INTERVAL, x DOUBLE) WITH (path = 'waits.csv');

CREATE STREAM groups AS SELECT wait, COUNT(*) AS rows FROM waits GROUP BY wait EMIT FINAL;
CREATE STREAM changes AS SELECT wait, COUNT(*) AS rows FROM waits WHERE id < 3 GROUP BY wait EMIT CHANGES;
-- @allow: V0904
CREATE STREAM bounds AS
SELECT 'all' AS k, MIN(wait) AS least, MAX(wait) AS greatest, COUNT(DISTINCT wait) AS different FROM waits GROUP BY 'all' EMIT FINAL;
CREATE STREAM first_rows AS SELECT DISTINCT wait = INTERVAL '1' MONTH AS is_month, wait < INTERVAL '2' DAY AS is_short FROM waits;
CREATE STREAM compared AS
SELECT id, NULLIF(wait, INTERVAL '24' HOUR) IS NULL AS is_day,
  ARRAY[x] = ARRAY[CAST(0 AS DOUBLE)] AS is_zero,
  ARRAY_CONTAINS(ARRAY[x], CAST(0 AS DOUBLE)) AS has_zero,
  ARRAY_POSITION(ARRAY[CAST(1 AS DOUBLE), x], CAST(0 AS DOUBLE)) AS zero_at,
  ARRAY_REMOVE(ARRAY[x, CAST(1 AS DOUBLE)], CAST(0 AS DOUBLE)) AS others,
  ARRAY_DISTINCT(ARRAY[CAST(0 AS DOUBLE), x]) AS different,
  ARRAY[wait] = ARRAY[INTERVAL '24' HOUR] AS holds_day
FROM waits WHERE id IN (1, 2, 3, 5, 6);
CREATE STREAM by_array AS SELECT ARRAY[x] AS xs, COUNT(*) AS rows FROM waits GROUP BY ARRAY[x] EMIT FINAL;
