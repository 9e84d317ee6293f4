-- Of members with one name the last one counts, for columns and in paths alike, as in PostgreSQL's jsonb.
CREATE STREAM records (id BIGINT, a BIGINT, doc JSON) WITH (path = 'records.jsonl');
SELECT id, a, JSON_VALUE(doc, '$.x') AS x, JSON_VALUE(doc, '$.y.z') AS z, JSON_EXISTS(doc, '$.y.old') AS old FROM records;
