-- Three statements, each over the changes of the one before. Folded by key; expected by DuckDB.
CREATE STREAM orders (id BIGINT, customer STRING, amount BIGINT) WITH (path = 'orders.jsonl');

CREATE STREAM totals AS SELECT customer, COUNT(*) AS n, SUM(amount) AS total FROM orders GROUP BY customer;

CREATE STREAM spread AS SELECT n, COUNT(*) AS customers, SUM(total) AS total FROM totals WHERE total > 0 GROUP BY n;

CREATE STREAM summary AS
SELECT customers, COUNT(*) AS counts, MAX(total) AS most FROM spread GROUP BY customers
WITH ('summary.path' = 'summary.envelope.jsonl');
