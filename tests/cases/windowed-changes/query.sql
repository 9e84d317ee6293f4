-- A window that emits changes puts out its new values with every row, and nothing more when it is due. By hand.
CREATE STREAM events (at BIGINT, k STRING, v BIGINT) WITH (path = 'events.jsonl', 'event.time.field' = 'at');
SELECT _window_start, k, SUM(v) AS total FROM events GROUP BY k WINDOW TUMBLING(10s) EMIT CHANGES;
