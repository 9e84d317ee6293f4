-- The expected rows are DuckDB 2.0.1's over the same files; those of `windows` are its counts by minute of both inputs.
CREATE STREAM web (id BIGINT, customer STRING, amount BIGINT, at TIMESTAMP)
    WITH (path = 'web.jsonl', 'event.time.field' = 'at');
CREATE STREAM shop (number INT, client STRING, price DOUBLE, seen TIMESTAMP)
    WITH (path = 'shop.csv', 'event.time.field' = 'seen');
CREATE STREAM every_row AS SELECT customer, amount FROM web UNION ALL SELECT client, price FROM shop UNION ALL SELECT customer, -1 FROM web WHERE id < 3
    WITH ('every_row.path' = 'every_row.jsonl');
CREATE STREAM distinct_rows AS SELECT customer, amount FROM web UNION SELECT client, price FROM shop
    WITH ('distinct_rows.path' = 'distinct_rows.jsonl');
CREATE STREAM web_only AS SELECT customer, amount FROM web EXCEPT SELECT client, price FROM shop
    WITH ('web_only.path' = 'web_only.jsonl');
CREATE STREAM in_both AS SELECT customer, amount FROM web INTERSECT SELECT client, price FROM shop
    WITH ('in_both.path' = 'in_both.jsonl');
CREATE STREAM precedence AS SELECT customer FROM web UNION SELECT 'zoe' INTERSECT SELECT client FROM shop
    WITH ('precedence.path' = 'precedence.jsonl');
CREATE STREAM ordered AS SELECT id, customer FROM web UNION ALL SELECT number, client FROM shop ORDER BY customer NULLS FIRST, id DESC LIMIT 4
    WITH ('ordered.path' = 'ordered.jsonl');
CREATE STREAM grouped AS SELECT customer, COUNT(*) AS n, SUM(amount) AS total
    FROM (SELECT customer, amount FROM web UNION ALL SELECT client, price FROM shop) AS both
    WHERE customer IS NOT NULL GROUP BY customer EMIT FINAL
    WITH ('grouped.path' = 'grouped.jsonl');
CREATE STREAM both AS SELECT customer, at FROM web UNION ALL SELECT client, seen FROM shop;
CREATE STREAM windows AS SELECT _window_start AS start, COUNT(*) AS n FROM both WINDOW TUMBLING(1m)
    WITH ('windows.path' = 'windows.jsonl');
CREATE STREAM with_values AS SELECT client FROM shop WHERE number = 9 UNION ALL VALUES ('x'), (NULL)
    WITH ('with_values.path' = 'with_values.jsonl');
