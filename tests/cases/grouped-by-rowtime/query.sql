-- Rows grouped by their time keep it as that of the record, beside the key. By hand.
CREATE STREAM events (v BIGINT) WITH (path = 'events.envelope.jsonl');

CREATE STREAM grouped AS SELECT ROWTIME AS at, SUM(v) AS total FROM events GROUP BY ROWTIME EMIT FINAL
WITH ('grouped.path' = 'grouped.envelope.jsonl');

SELECT ROWTIME, SUM(v) AS total FROM events GROUP BY ROWTIME EMIT FINAL;
