-- Records at 1000, 2000, 6000 and 7000 ms fall into two windows of five seconds, so that two results come out.
-- By hand: [0, 5000): (10 + 20) / 2 = 15; [5000, 10000): (30 + 50) / 2 = 40.
CREATE STREAM orders (customer_id BIGINT, amount BIGINT) WITH (path = 'orders.envelope.jsonl');

CREATE STREAM averages AS
SELECT customer_id, AVG(amount) FROM orders GROUP BY customer_id WINDOW TUMBLING(5s)
WITH ('averages.path' = 'averages.envelope.jsonl');

SELECT _window_start, _window_end, customer_id, AVG(amount) AS average
FROM orders GROUP BY customer_id WINDOW TUMBLING(5s);
