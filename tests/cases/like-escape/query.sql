-- LIKE takes its escape character from ESCAPE alone, also where the pattern is a column, and a pattern that ends with it is an
-- error: of the row where the pattern is a column. DuckDB 2.0.
CREATE STREAM texts (id BIGINT, t STRING, p STRING) WITH (path = 'texts.csv');
SELECT id, t LIKE p AS plain, t LIKE p ESCAPE '!' AS escaped, t LIKE 'a!%' ESCAPE '!' AS constant_ FROM texts;
