-- What comes out together, in the order of its keys, makes nothing of it late: groups at the end of the input, the rows of a
-- table, windows whose rows get another time. The values are those of DuckDB's GROUP BY over the same rows.
CREATE STREAM events (at TIMESTAMP, k STRING, v INT) WITH (path = 'events.csv', 'event.time.field' = 'at');

CREATE STREAM groups AS SELECT k, SUM(v) AS total, MIN(at) AS first_at FROM events GROUP BY k EMIT FINAL;
CREATE TABLE totals AS SELECT k, SUM(v) AS total, MIN(at) AS first_at FROM events GROUP BY k;
CREATE STREAM shifted AS
SELECT k, SUM(v) AS total, MIN(at) - INTERVAL '1' HOUR AS _event_time FROM events WINDOW TUMBLING(2m);

CREATE STREAM by_event_time AS SELECT _window_start AS start, SUM(total) AS total FROM groups WINDOW TUMBLING(1m);
CREATE STREAM by_column AS SELECT _window_start AS start, SUM(total) AS total FROM groups WINDOW TUMBLING(first_at, 1m);
CREATE STREAM by_field AS SELECT _window_start AS start, SUM(total) AS total FROM groups WINDOW TUMBLING(1m)
WITH ('event.time.field' = 'first_at');
CREATE STREAM of_table AS SELECT _window_start AS start, SUM(total) AS total FROM totals WINDOW TUMBLING(first_at, 1m);
CREATE STREAM of_shifted AS SELECT _window_start AS start, SUM(total) AS total FROM shifted WINDOW TUMBLING(1m);
