-- WHERE over running totals: a group enters, leaves and enters again. Folded by key; expected by DuckDB.
CREATE STREAM orders (id BIGINT, customer STRING, amount BIGINT) WITH (path = 'orders.jsonl');

CREATE STREAM totals AS SELECT customer, SUM(amount) AS total FROM orders GROUP BY customer;

CREATE STREAM rich AS SELECT customer, total FROM totals WHERE total > 30
WITH ('rich.path' = 'rich.envelope.jsonl');
