-- An array of objects in any layout; a malformed element costs itself. By hand.
CREATE STREAM doubled AS
SELECT id, price * 2 AS price FROM trades
WITH ('trades.path' = 'trades.json', 'trades.format' = 'json', 'doubled.path' = 'doubled.json', 'doubled.format' = 'json');
