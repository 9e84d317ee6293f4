CREATE STREAM s AS SELECT a FROM t

CREATE TABLE t2 AS SELECT a, COUNT(*) AS n FROM t GROUP BY a

CREATE OR REPLACE STREAM s AS SELECT 1

CREATE STREAM IF NOT EXISTS s AS SELECT 1

CREATE TABLE t2 (a, b) AS SELECT x, y FROM t

CREATE TABLE t2 (a INT PRIMARY KEY, b STRING) AS SELECT x, y FROM t

CREATE STREAM s AS SELECT a FROM t EMIT CHANGES WITH ('s.type' = 'kafka_sink')

CREATE STREAM s AS SELECT a FROM t WITH ('s.type' = 'kafka_sink') EMIT CHANGES

CREATE STREAM s AS SELECT a FROM t WHERE a > 1 WITH (
  't.type' = 'kafka_source',
  "t.topic" = "in",
  s.topic = out,
  'auto.offset.reset' = earliest,
  'batch.size' = 100,
  'spill.to.disk' = true,
  s.items[0] = a-b,
  x = -1,
  timeout = 5s,
)

CREATE TABLE t WITH (kafka_topic = 'x', value_format = 'JSON') AS SELECT a FROM s WITH ('retention' = '7d')

CREATE STREAM s (id INT, name STRING NOT NULL, at TIMESTAMP) WITH ('s.type' = 'file_source', 's.path' = 'a.csv')

CREATE STREAM s (id INT PRIMARY KEY NOT NULL, k STRING KEY, h MAP<STRING, BYTES> HEADERS, x BYTES HEADER('trace'))

CREATE TABLE t (a INT, b INT, PRIMARY KEY (a, b))

CREATE TABLE t (order INT, from STRING, "Mixed Case" BOOL, key INT, primary INT)

CREATE SOURCE TABLE t (id INT PRIMARY KEY) WITH (kafka_topic = 't')

CREATE STREAM s WITH (kafka_topic = 's', value_format = 'AVRO')

CREATE STREAM s (a TINYINT, b SMALLINT, c INTEGER, d BIGINT, e FLOAT, f REAL, g DOUBLE PRECISION, h DECIMAL, i DECIMAL(10), j NUMERIC(38, 9), k VARCHAR(20), l TEXT, m CHAR(1), n BYTES, o VARBINARY, p DATE, q TIME, r TIMESTAMP(3), s INTERVAL, t JSON, u BOOLEAN, v BOOL, w INT)

CREATE STREAM s (a ARRAY<INT>, b MAP<STRING, ARRAY<DOUBLE>>, c STRUCT<x INT, y STRUCT<z STRING>>)

CREATE VIEW v AS SELECT a FROM t

CREATE OR REPLACE VIEW v (x, y) AS SELECT a, b FROM t

CREATE STREAM s AS WITH a AS (SELECT 1) SELECT * FROM a

CREATE STREAM s AS SELECT a FROM t UNION ALL SELECT b FROM u WITH ('x' = 'y')

CREATE STREAM s AS (SELECT a FROM t)

DROP STREAM s

DROP TABLE IF EXISTS db.t DELETE TOPIC

DROP VIEW v

DROP QUERY q
