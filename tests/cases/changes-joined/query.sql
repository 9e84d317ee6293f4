-- A look-up completes running totals, and takes back what it has completed. Folded by key; expected by DuckDB.
CREATE STREAM orders (id BIGINT, customer STRING, amount BIGINT) WITH (path = 'orders.jsonl');
CREATE TABLE names (customer STRING PRIMARY KEY, name STRING) WITH (path = 'names.jsonl');

CREATE STREAM totals AS SELECT customer, SUM(amount) AS total FROM orders GROUP BY customer;

CREATE STREAM named AS
SELECT t.customer PRIMARY KEY, n.name, t.total FROM totals t LEFT JOIN names n ON t.customer = n.customer WHERE t.total > 10
WITH ('named.path' = 'named.envelope.jsonl');
