-- A stream looks tables up: keys of one and of several columns, several matches, none, NULL keys, conditions besides, no
-- condition, USING, chains. Expected from DuckDB 2.0.
CREATE TABLE customers (id BIGINT PRIMARY KEY, name STRING, region STRING, discount DECIMAL(4, 2)) WITH (path = 'customers.csv');
CREATE TABLE rates (region STRING, tier BIGINT, rate DECIMAL(4, 2), from_amount BIGINT) WITH (path = 'rates.csv');
CREATE STREAM orders (order_id BIGINT, customer BIGINT, tier BIGINT, amount BIGINT, time TIMESTAMP)
  WITH (path = 'orders.jsonl', 'event.time.field' = 'time');

CREATE STREAM inner_join AS
SELECT o.order_id, c.name, amount FROM orders o JOIN customers c ON o.customer = c.id;
CREATE STREAM left_join AS
SELECT o.order_id, c.name, c.discount FROM orders o LEFT JOIN customers c ON c.id = o.customer AND c.region <> 'north';
CREATE STREAM several_keys AS
SELECT o.order_id, c.region, r.rate FROM orders o
JOIN customers c ON o.customer = c.id
LEFT JOIN rates r ON c.region = r.region AND r.tier = o.tier AND o.amount >= r.from_amount
WHERE o.amount > 20;
CREATE STREAM every_pair AS
SELECT o.order_id, r.rate FROM orders o JOIN rates r ON true WHERE o.order_id < 3;
CREATE STREAM unmatched AS
SELECT o.order_id, o.tier FROM orders o LEFT JOIN rates r USING (tier) WHERE r.rate IS NULL;
CREATE STREAM computed_keys AS
SELECT o.order_id, c.id FROM orders o JOIN customers c ON o.customer + 1 = c.id * 2;
CREATE STREAM per_region AS
SELECT c.region, COUNT(*) AS orders, SUM(o.amount) AS amount, TUMBLE_START() AS minute
FROM orders o LEFT JOIN customers c ON o.customer = c.id GROUP BY c.region WINDOW TUMBLING(1m);
