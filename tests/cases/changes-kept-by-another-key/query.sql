-- A table keeps the rows of a changing stream by a key of its own: those that moved on to another key are gone from their old
-- one. Expected by DuckDB; every count and total is that of one customer.
CREATE STREAM orders (id BIGINT, customer STRING, amount BIGINT) WITH (path = 'orders.jsonl');

CREATE STREAM totals AS SELECT customer, SUM(amount) AS total FROM orders GROUP BY customer;

CREATE TABLE by_total AS SELECT total PRIMARY KEY, customer FROM totals WHERE total > 0;

SELECT total, customer FROM by_total;
