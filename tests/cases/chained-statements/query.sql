-- Statements read each other whatever their order in the file; views and CTEs are inlined. By hand.
CREATE STREAM doubled_large AS SELECT id, twice FROM doubled WHERE twice > 10;
CREATE STREAM doubled AS SELECT id, v * 2 AS twice FROM recent;
CREATE VIEW recent AS SELECT id, v FROM events WHERE id > 1;
CREATE STREAM events (id BIGINT, v BIGINT) WITH (path = 'events.csv');

CREATE STREAM counted AS
WITH large AS (SELECT id, v FROM events WHERE v >= 5)
SELECT v % 2 AS odd, COUNT(*) AS n FROM (SELECT * FROM large) AS sub GROUP BY odd EMIT FINAL;
