-- Orders that are made up, the same ones each time: every five minutes, for every currency, how many there were and for how much.
CREATE STREAM orders (
    id        BIGINT NOT NULL,
    customer  BIGINT,
    currency  STRING,
    amount    DECIMAL(10, 2),
    placed_at TIMESTAMP
) WITH (
    type = 'datagen_source',
    'number.of.rows' = 1000,
    seed = 1,
    'fields.id.kind' = 'sequence',
    'fields.customer.min' = 1,
    'fields.customer.max' = 50,
    'fields.currency.values' = 'EUR, GBP, USD',
    'fields.amount.min' = '1.00',
    'fields.amount.max' = '500.00',
    'fields.placed_at.start' = '2024-01-01T00:00:05Z',
    'fields.placed_at.interval' = '1s',
    'fields.placed_at.max_out_of_orderness' = '5s',
    'event.time.field' = 'placed_at',
    'watermark.max_out_of_orderness' = '5s'
);

CREATE STREAM turnover AS
SELECT
    TUMBLE_START() AS from_time,
    currency,
    COUNT(*) AS orders, MIN(customer) AS first_customer, SUM(amount) AS amount
FROM orders
GROUP BY currency
WINDOW TUMBLING(5m);
