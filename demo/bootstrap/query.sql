-- 14 tables in 4 waves, from a CSV file, a Parquet file, JSON lines, a SQLite database, the web, and objects; then a
-- stream of clicks that meets what they became. Nobody writes down the order: it follows from who reads whom.

-- What comes from outside.

CREATE TABLE countries (code STRING PRIMARY KEY, country STRING, region STRING, currency STRING)
WITH (path = 'data/countries.csv');

CREATE TABLE customers AS
SELECT id PRIMARY KEY, name, country, tier FROM crm
WITH ('crm.config_file' = 'config/customers.yaml');

CREATE TABLE products AS
SELECT sku PRIMARY KEY, category, supplier_id, price FROM assortment
WITH ('assortment.path' = 'data/products.parquet');

CREATE TABLE orders (id BIGINT PRIMARY KEY, ordered_at TIMESTAMP, customer_id BIGINT, sku STRING, quantity BIGINT)
WITH (config_file = 'config/orders.yaml');

CREATE TABLE returns (order_id BIGINT PRIMARY KEY, reason STRING)
WITH (path = 'data/returns.jsonl');

CREATE TABLE rates (currency STRING PRIMARY KEY, rate DECIMAL(10, 4))
WITH (config_file = 'config/rates.yaml');

CREATE TABLE suppliers (id BIGINT PRIMARY KEY, supplier STRING, lead_days BIGINT)
WITH (config_file = 'config/suppliers.yaml');

-- What belongs together.

CREATE TABLE country_rates AS
SELECT c.code PRIMARY KEY, c.region, r.rate
FROM countries c JOIN rates r ON c.currency = r.currency;

CREATE TABLE catalog AS
SELECT p.sku PRIMARY KEY, p.category, p.price, s.supplier, s.lead_days
FROM products p JOIN suppliers s ON p.supplier_id = s.id;

CREATE TABLE kept_orders AS
SELECT o.id PRIMARY KEY, o.customer_id, o.sku, o.quantity
FROM orders o LEFT JOIN returns r ON o.id = r.order_id
WHERE r.order_id IS NULL;

-- What is worth what.

CREATE TABLE markets AS
SELECT c.id PRIMARY KEY, c.name, c.tier, m.region, m.rate
FROM customers c JOIN country_rates m ON c.country = m.code;

CREATE TABLE sales AS
SELECT o.sku, COUNT(*) AS orders, SUM(o.quantity) AS sold, SUM(o.quantity * g.price) AS revenue
FROM kept_orders o JOIN catalog g ON o.sku = g.sku
GROUP BY o.sku;

-- What the clicks will meet.

CREATE TABLE spenders AS
SELECT o.customer_id, COUNT(*) AS orders, SUM(o.quantity * g.price * m.rate) AS spent
FROM kept_orders o JOIN catalog g ON o.sku = g.sku JOIN markets m ON o.customer_id = m.id
GROUP BY o.customer_id
HAVING COUNT(*) >= 5;

CREATE TABLE bestsellers AS
SELECT g.sku PRIMARY KEY, g.category, g.supplier, s.sold, s.revenue
FROM catalog g JOIN sales s ON g.sku = s.sku
WHERE s.sold > 125;

-- A click of somebody who has bought often, on something that sells well.
CREATE STREAM clicks (at TIMESTAMP, customer_id BIGINT, sku STRING)
WITH (path = 'data/clicks.jsonl', 'event.time.field' = 'at');

CREATE STREAM leads AS
SELECT k.at, m.name, m.region, s.spent, b.sku, b.supplier
FROM clicks k
JOIN markets m ON k.customer_id = m.id
JOIN spenders s ON k.customer_id = s.customer_id
LEFT JOIN bestsellers b ON k.sku = b.sku;
