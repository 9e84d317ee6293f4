-- A file of envelopes carries keys, times and headers in and out; a tombstone has no value.
CREATE STREAM orders (id BIGINT, amount DECIMAL(10, 2)) WITH (path = 'orders.envelope.jsonl');

CREATE STREAM kept AS
SELECT id, amount FROM orders WHERE amount > 1
WITH ('kept.path' = 'kept.envelope.jsonl');

SELECT _key, _timestamp, _partition, _offset, id FROM orders;
