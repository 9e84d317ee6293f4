-- `envelope = 'debezium'` writes each change with the row before and after it. Folded as a multiset; expected by DuckDB.
CREATE STREAM orders (id BIGINT, customer STRING, amount BIGINT) WITH (path = 'orders.jsonl');

CREATE STREAM counts AS SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer;

CREATE STREAM parity (parity BIGINT, n BIGINT) WITH ('parity.path' = 'parity.envelope.jsonl', 'parity.envelope' = 'debezium');

INSERT INTO parity SELECT n % 2 AS parity, n FROM counts WHERE n > 2;
