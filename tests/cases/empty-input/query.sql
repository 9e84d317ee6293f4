-- An empty file has no rows, declared or not.
CREATE STREAM declared (id BIGINT) WITH (path = 'empty.csv');
CREATE STREAM total AS SELECT COUNT(*) AS n FROM declared GROUP BY id EMIT FINAL;
CREATE STREAM all_rows AS SELECT * FROM declared;
