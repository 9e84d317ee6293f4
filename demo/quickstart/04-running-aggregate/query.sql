-- Groups without a window are updated with every row: each row that comes in puts out the new values of its group.
CREATE STREAM orders (customer STRING, amount DECIMAL(10, 2))
WITH (path = 'orders.jsonl');

SELECT customer, COUNT(*) AS orders, SUM(amount) AS spent
FROM orders
GROUP BY customer
EMIT CHANGES;
