SELECT * FROM orders o

SELECT * FROM orders AS "O"

SELECT * FROM db.orders

SELECT * FROM (SELECT a FROM t) AS s

SELECT * FROM (SELECT a FROM t) s (b)

SELECT * FROM ((SELECT a FROM t) UNION ALL (SELECT b FROM u)) s

SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v (id, name)

SELECT * FROM 'kafka://broker:9092/topic' k

SELECT * FROM 'file:///data/*.csv' WITH ('format' = 'csv', has_headers = true) AS f WHERE a > 1

SELECT * FROM orders WITH ('orders.path' = 'o.csv') WHERE a > 1

SELECT * FROM orders o WITH (format = json) JOIN x ON o.a = x.a

SELECT * FROM orders WITH ('orders.path' = 'o.csv')

SELECT * FROM (SELECT * FROM orders WITH ('orders.path' = 'o.csv')) AS o

SELECT * FROM UNNEST(ARRAY[1, 2]) AS u (x)

SELECT * FROM t CROSS JOIN UNNEST(t.xs) x

SELECT * FROM EXPLODE(xs)

SELECT * FROM TUMBLE(orders, ts, INTERVAL '5' MINUTE)

SELECT * FROM HOP(orders, o.ts, 1m, 5m) AS h

SELECT * FROM SESSION(orders, ts, 30s)

SELECT * FROM CUMULATE(orders, ts, 1m, 1h, OFFSET 10m)

SELECT * FROM a JOIN b ON a.id = b.id

SELECT * FROM a INNER JOIN b USING (id, "Day")

SELECT * FROM a LEFT OUTER JOIN b ON a.id = b.id AND a.x > 1 RIGHT JOIN c ON true FULL OUTER JOIN d ON d.y IS NULL

SELECT * FROM a CROSS JOIN b

SELECT * FROM a, b, c WHERE a.x = b.x

SELECT * FROM (a JOIN b ON a.x = b.x) LEFT JOIN c ON c.y = a.y

SELECT * FROM a JOIN b WITHIN 5m ON a.id = b.id

SELECT * FROM a JOIN b ON a.id = b.id WITHIN INTERVAL '5' MINUTES

SELECT * FROM a JOIN b WITHIN (1m, 10 SECONDS) GRACE PERIOD 1 HOUR ON a.id = b.id

SELECT * FROM a JOIN b WITHIN 90 ON a.id = b.id

SELECT * FROM orders o JOIN products FOR SYSTEM_TIME AS OF o.ts AS p ON o.pid = p.id

SELECT * FROM orders o LEFT JOIN products p FOR SYSTEM_TIME AS OF o.ts ON o.pid = p.id

SELECT left.a, right.b FROM left LEFT JOIN right ON left.id = right.id

SELECT * FROM a x JOIN b y ON x.i = y.i JOIN (SELECT 1 AS i) z USING (i)
