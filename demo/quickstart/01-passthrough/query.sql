-- Reads a CSV file and passes every row on. Types come from a look at the file: user_id and duration_ms are numbers.
SELECT * FROM clicks
WITH ('clicks.path' = 'clicks.csv');
