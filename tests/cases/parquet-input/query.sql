-- DuckDB 2.0 wrote the file, in three row groups, and gives the same rows for both queries. A column is read as its
-- type in the file, or as a wider one that is declared.
CREATE STREAM trades (
    id BIGINT, symbol STRING, price DECIMAL(12, 3), at TIMESTAMP, parts ARRAY<BIGINT>, pair STRUCT<a BIGINT>
) WITH (path = 'trades.parquet');

CREATE STREAM around_the_second_row_group AS
SELECT id, symbol, price, at, parts[1] AS first, pair.a AS a
FROM trades
WHERE id BETWEEN 4090 AND 4096 AND price > 5115.00;

CREATE STREAM late_trades AS
SELECT symbol, COUNT(*) AS n, SUM(price) AS total, MAX(at) AS last
FROM 'file://trades.parquet'
WHERE at >= TIMESTAMP '2024-01-04 10:00:00'
GROUP BY symbol
EMIT FINAL;
