-- A column that holds the event time is read as 'event.time.format' says; without a word, numbers are milliseconds
-- since 1970, unless they are plausible as seconds, so that of `unsaid` that row is left out.
CREATE STREAM seconds (id BIGINT, ts TIMESTAMP)
WITH (path = 'seconds.csv', 'event.time.field' = 'ts', 'event.time.format' = 'epoch_seconds');
CREATE STREAM german (id BIGINT, ts TIMESTAMP)
WITH (path = 'german.csv', 'event.time.field' = 'ts', 'event.time.format' = '%d.%m.%Y %H:%M');
CREATE STREAM days (id BIGINT, day BIGINT)
WITH (path = 'days.jsonl', 'event.time.field' = 'day', 'event.time.format' = 'yyyyMMdd');
CREATE STREAM unsaid (id BIGINT, ts BIGINT)
WITH (path = 'unsaid.jsonl', 'event.time.field' = 'ts');
CREATE STREAM texts (id BIGINT, ts TIMESTAMP)
WITH (path = 'texts.csv');
-- @name: a
SELECT 'seconds' AS source, id, ts, _event_time FROM seconds;
-- @name: b
SELECT 'german' AS source, id, ts, _event_time FROM german;
-- @name: c
SELECT 'days' AS source, id, day, _event_time FROM days;
-- @name: d
SELECT 'unsaid' AS source, id, ts, _event_time FROM unsaid;
-- @name: e
SELECT 'texts' AS source, id, ts FROM texts;
