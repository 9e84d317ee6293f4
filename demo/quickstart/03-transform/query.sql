-- Computes columns. Declared types make prices exact decimals; a later item may use the name of an earlier one.
CREATE STREAM orders (id BIGINT, customer STRING, quantity INT, price DECIMAL(10, 2))
WITH (path = 'orders.csv');

SELECT
    id,
    UPPER(customer) AS customer,
    quantity * price AS total,
    CASE WHEN total >= 100 THEN 'large' ELSE 'small' END AS size
FROM orders;
