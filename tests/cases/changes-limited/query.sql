-- LIMIT counts rows that stand, not changes: groups that HAVING deletes make room for others. Four customers end above 0, and
-- many more changes come before. Folded by key; expected by DuckDB.
CREATE STREAM orders (id BIGINT, customer STRING, amount BIGINT) WITH (path = 'orders.jsonl');

CREATE STREAM totals AS SELECT customer, SUM(amount) AS total FROM orders GROUP BY customer HAVING SUM(amount) > 0;

CREATE STREAM few AS SELECT customer, total FROM totals LIMIT 4
WITH ('few.path' = 'few.envelope.jsonl');
