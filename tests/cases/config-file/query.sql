-- A source and a sink configured in YAML: one file extends another, and what the SQL says wins. By hand.
CREATE STREAM picked AS
SELECT id, name FROM people WHERE id > 1
WITH ('people.config_file' = 'people.yaml', 'people.delimiter' = '|', 'picked.config_file' = 'picked.yaml');
