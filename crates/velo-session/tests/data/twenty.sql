-- @app: Größenübersicht
-- @allow: V0999

CREATE STREAM orders (id BIGINT, customer STRING, price DECIMAL(10, 2), at TIMESTAMP, größe DOUBLE)
WITH (path = 'twenty.csv', 'event.time.field' = 'att', 'batch.sise' = 10);

-- A line that is far longer than any terminal is wide, with the mistake at its end.
SELECT id, customer, price, at, CASE WHEN price > 100 THEN 'very expensive' WHEN price > 10 THEN 'expensive' ELSE 'cheap' END AS class, UPPER(custmer) AS shouted FROM orders WHERE price > 0.5 AND customer <> 'nobody at all';

	SELECT	idd,	größ
	FROM	orders
	WHERE	größe > 'viel';

SELECT 'naïve 日本語 text 🎉' AS t, pric FROM orders;
SELECT id, FROM orders;
SELECT customer, COUNT(*) AS n FROM ordes GROUP BY customer;
SELECT customer, price, COUNT(*) AS n FROM orders GROUP BY customer;
SELECT SQUARE_ROOT(id) AS r, UPPER(customer, id) AS u FROM orders;
SELECT customer + 1 AS x, price || NOT id AS y FROM orders;
SELECT COUNT(*) AS n FROM orders WINDOW TUMBLING(5 minuts);
SELECT customer,
       SUM(price) AS total,
       AVG(prize) AS mean
FROM orders
GROUP BY customer
HAVING total > 'lots'
EMIT EVERY 5s;
SELECT id FROM orders WHERE at > 1714550400000 LIMIT 5 WHERE id > 1;
CREATE STREAM copy AS SELECT * FROM orders WITH (path = 'copy.jsonl', 'copy.fromat' = 'jsonl');
CREATE STREAM copy AS SELECT DATE '2024-13-01' AS d FROM orders;
SELECT id FROM orders WHERE customer = 'ada;
SELECT COUNT(*) AS n FROM orders WITH ('max.groups' = 'many');
