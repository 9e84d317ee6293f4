-- System columns stand in every clause, in any case; a file's records are numbered from 0.
CREATE STREAM orders (customer STRING, amount BIGINT) WITH (path = 'orders.envelope.jsonl');

CREATE STREAM selected AS SELECT _OFFSET AS nth, _Timestamp, amount FROM orders WHERE _timestamp >= 2000 AND _offset < 3;
CREATE STREAM grouped AS
SELECT _key, COUNT(*) AS n FROM orders GROUP BY _key HAVING MAX(_timestamp) > 2000 EMIT FINAL;
CREATE STREAM windowed AS
SELECT _window_start, _window_end, SUM(amount) AS amount FROM orders WINDOW TUMBLING(2s) HAVING _window_start > 0;
