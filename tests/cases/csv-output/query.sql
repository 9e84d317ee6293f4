-- Written CSV has a header, quotes only what needs them, and keeps NULL (nothing) apart from empty text (quotes).
CREATE STREAM people (id BIGINT, name STRING, born DATE, height DECIMAL(4, 2)) WITH (path = 'people.jsonl');
INSERT INTO tidy SELECT * FROM people WITH ('tidy.path' = 'tidy.csv');
INSERT INTO bare SELECT id, name FROM people WITH ('bare.path' = 'bare.csv', 'bare.has_headers' = false, 'bare.delimiter' = ';');
