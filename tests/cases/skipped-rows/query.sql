-- By default a row that cannot be used is left out: line 2 is no JSON, line 3 has a text where a number belongs.
CREATE STREAM orders (id BIGINT, amount BIGINT) WITH (path = 'orders.jsonl');
SELECT id, amount FROM orders;
