-- DISTINCT over running counts: a count is there as long as any customer has it. Folded as a multiset; expected by DuckDB.
CREATE STREAM orders (id BIGINT, customer STRING, amount BIGINT) WITH (path = 'orders.jsonl');

CREATE STREAM counts AS SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer;

CREATE STREAM known AS SELECT DISTINCT n FROM counts
WITH ('known.path' = 'known.envelope.jsonl');
