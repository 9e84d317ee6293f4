-- Several INSERTs feed one sink; its columns and types are the declared ones.
CREATE STREAM orders (id BIGINT, amount DECIMAL(10, 2), country STRING) WITH (path = 'orders.csv');
CREATE STREAM flagged (id BIGINT, reason STRING) WITH (path = 'flagged.csv');
INSERT INTO flagged SELECT id, 'large' FROM orders WHERE amount > 100;
INSERT INTO flagged (reason, id) SELECT 'abroad', id FROM orders WHERE country <> 'DE';
