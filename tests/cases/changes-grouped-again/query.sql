-- How many customers have placed how many orders: a customer leaves one group when it enters the next, and a group without
-- customers is deleted. The changes are folded by key; expected by DuckDB.
CREATE STREAM orders (id BIGINT, customer STRING, amount BIGINT) WITH (path = 'orders.jsonl');

CREATE STREAM spread AS
SELECT n, COUNT(*) AS customers, MIN(customer) AS first
FROM (SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer) AS counts
GROUP BY n
WITH ('spread.path' = 'spread.envelope.jsonl');
