-- Exact constants beside a column of 32-bit floats are rounded to such floats. DuckDB 2.0, over the same file.
-- @name: floats
SELECT id, f = 0.1 AS equal_, f <> 0.1 AS different, f IN (0.1, 7) AS in_, f BETWEEN 0.1 AND 0.1 AS between_,
       f > 0.1 AS greater, f = 16777217 AS whole, f = 1e-1 AS double_, d = 0.1 AS of_double, CASE f WHEN 0.1 THEN 'x' END AS case_
FROM 'file://floats.parquet';
-- @name: filtered
SELECT id AS filtered FROM 'file://floats.parquet' WHERE f = 0.1;
