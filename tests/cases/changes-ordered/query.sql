-- ORDER BY at the end of the input is about the rows that stand then. Expected by DuckDB.
CREATE STREAM orders (id BIGINT, customer STRING, amount BIGINT) WITH (path = 'orders.jsonl');

CREATE STREAM totals AS SELECT customer, SUM(amount) AS total, COUNT(*) AS n FROM orders GROUP BY customer;

SELECT customer, total FROM totals WHERE n > 4 ORDER BY total DESC, customer LIMIT 3;
