-- TO_CHAR takes the patterns of PostgreSQL 15, which gave the expected texts.
CREATE STREAM times (id BIGINT, ts TIMESTAMP, p STRING) WITH (path = 'times.jsonl');
SELECT id, TO_CHAR(ts, p) AS text, TO_CHAR(ts, 'YYYY-MM-DD') AS day FROM times;
