-- Every minute, for every customer who spent more than 20: how much, and in how many orders.
CREATE STREAM orders (
    ordered_at TIMESTAMP,
    customer   STRING,
    amount     DECIMAL(10, 2)
) WITH (
    path = 'orders.csv',
    'event.time.field' = 'ordered_at',
    'watermark.max_out_of_orderness' = '10s'
);

CREATE STREAM big_spenders AS
SELECT
    TUMBLE_START() AS minute,
    customer,
    COUNT(*) AS orders, SUM(amount) AS spent
FROM orders
GROUP BY customer
WINDOW TUMBLING(1m)
HAVING spent > 20;
