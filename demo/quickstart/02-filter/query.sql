-- Keeps the rows for which the condition is true. It is neither true nor false for the row without a duration.
SELECT user_id, page
FROM clicks
WHERE page LIKE '/product/%' AND duration_ms >= 3000
WITH ('clicks.path' = 'clicks.csv');
