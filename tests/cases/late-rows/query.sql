-- A row whose window is closed is late; within the bound it is not. By hand: with a bound of 2 s the watermark is at
-- 9000 after the third row, which closes [0, 5000) with 1 + 2; the row at 4000 behind it is late, that at 8000 is not.
CREATE STREAM events (at BIGINT, v BIGINT) WITH (
    path = 'events.csv', 'event.time.field' = 'at', 'watermark.max_out_of_orderness' = '2s'
);
SELECT TUMBLE_START() AS start, TUMBLE_END() AS "end", SUM(v) AS total FROM events WINDOW TUMBLING(5s);
