-- A record without a timestamp goes on like any other: an envelope written along the way asks for no event time. By hand.
CREATE STREAM kept AS
SELECT id FROM orders
WITH ('orders.path' = 'orders.envelope.jsonl', 'kept.path' = 'kept.envelope.jsonl');

SELECT id FROM kept;
