-- A row whose record key is NULL is an error of that row, also in one part of the key. What a stream is grouped by may
-- be NULL, which then is a group as in DuckDB; the rows of a table are found by that key, which must be there.
CREATE STREAM orders (id BIGINT, country STRING, amount BIGINT) WITH (path = 'orders.csv');
CREATE STREAM keyed (id BIGINT KEY, amount BIGINT) WITH (path = 'keyed_input.csv');

CREATE STREAM marked AS SELECT id AS number PRIMARY KEY, country PRIMARY KEY, amount FROM orders
WITH ('marked.path' = 'marked.csv');
CREATE STREAM declared AS SELECT * FROM keyed WITH ('declared.path' = 'declared.csv');
CREATE STREAM grouped AS SELECT country, SUM(amount) AS total FROM orders GROUP BY country EMIT FINAL
WITH ('grouped.path' = 'grouped.csv');
CREATE TABLE totals AS SELECT country, SUM(amount) AS total FROM orders GROUP BY country EMIT FINAL
WITH ('totals.path' = 'totals.csv');
