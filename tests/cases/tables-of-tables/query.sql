-- Tables are made of tables: the last row of each key counts, groups are made of what is left, and a stream joins the
-- result. Written in an order in which nothing can be loaded. Expected from DuckDB 2.0, with the last row of each key by
-- its number in the file.
CREATE STREAM sold AS
SELECT s.sku, s.count * p.price AS value, t.products AS in_category
FROM sales s JOIN priced p ON s.sku = p.sku JOIN categories t ON p.category = t.category;
CREATE TABLE categories AS
SELECT p.category, COUNT(*) AS products, MAX(p.price) AS highest FROM priced p GROUP BY p.category HAVING COUNT(*) > 1;
CREATE TABLE priced AS SELECT sku, category, price FROM products WHERE price > 2;
CREATE TABLE products (sku BIGINT PRIMARY KEY, category STRING, price DECIMAL(6, 2), updated BIGINT) WITH (path = 'products.csv');
CREATE STREAM sales (sku BIGINT, count BIGINT) WITH (path = 'sales.jsonl');
-- All of a table is a group.
CREATE STREAM summary AS SELECT COUNT(*) AS categories, SUM(products) AS products, MAX(highest) AS highest FROM categories;
