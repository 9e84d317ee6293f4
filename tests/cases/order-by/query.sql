-- The expected rows are DuckDB 2.0.1's over the same file; those of `windows` by hand: each window is ordered by itself.
CREATE STREAM sales (id BIGINT, region STRING, amount BIGINT, price DOUBLE, seen TIMESTAMP)
    WITH (path = 'sales.csv', 'event.time.field' = 'seen');
CREATE STREAM ascending AS SELECT id, amount FROM sales ORDER BY amount, id
    WITH ('ascending.path' = 'ascending.jsonl');
CREATE STREAM descending AS SELECT id, amount FROM sales ORDER BY amount DESC, id DESC
    WITH ('descending.path' = 'descending.jsonl');
CREATE STREAM nulls_first AS SELECT id, amount FROM sales ORDER BY amount DESC NULLS FIRST, id LIMIT 4 OFFSET 1
    WITH ('nulls_first.path' = 'nulls_first.jsonl');
CREATE STREAM by_text AS SELECT region, id FROM sales ORDER BY region NULLS FIRST, 2 DESC
    WITH ('by_text.path' = 'by_text.jsonl');
CREATE STREAM totals AS SELECT region, SUM(amount) AS total, COUNT(*) AS sales FROM sales GROUP BY region ORDER BY total DESC, region
    WITH ('totals.path' = 'totals.jsonl');
CREATE STREAM hidden_aggregate AS SELECT region FROM sales GROUP BY region ORDER BY COUNT(*) DESC, region
    WITH ('hidden_aggregate.path' = 'hidden_aggregate.jsonl');
CREATE STREAM hidden_expression AS SELECT id FROM sales ORDER BY price * amount DESC, id
    WITH ('hidden_expression.path' = 'hidden_expression.jsonl');
CREATE STREAM alias AS SELECT -id AS id FROM sales ORDER BY id
    WITH ('alias.path' = 'alias.jsonl');
CREATE STREAM column_in_expression AS SELECT -id AS id FROM sales ORDER BY id + 0
    WITH ('column_in_expression.path' = 'column_in_expression.jsonl');
CREATE STREAM alias_in_expression AS SELECT -id AS negative FROM sales ORDER BY negative + 1
    WITH ('alias_in_expression.path' = 'alias_in_expression.jsonl');
CREATE STREAM distinct_regions AS SELECT DISTINCT region FROM sales ORDER BY region DESC
    WITH ('distinct_regions.path' = 'distinct_regions.jsonl');
CREATE STREAM subquery AS SELECT region, sales FROM (SELECT region, COUNT(*) AS sales FROM sales GROUP BY region) ORDER BY sales DESC, region
    WITH ('subquery.path' = 'subquery.jsonl');
CREATE STREAM first_of_subquery AS SELECT SUM(amount) AS total, COUNT(*) AS sales FROM (SELECT amount FROM sales ORDER BY price DESC, id LIMIT 3) GROUP BY amount > 0 ORDER BY total
    WITH ('first_of_subquery.path' = 'first_of_subquery.jsonl');
CREATE STREAM windows AS SELECT region, SUM(amount) AS total FROM sales GROUP BY region WINDOW TUMBLING(1h) ORDER BY total DESC
    WITH ('windows.path' = 'windows.jsonl');
