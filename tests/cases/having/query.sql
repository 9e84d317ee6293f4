-- HAVING in all its forms. By hand, over the sums of each key:
--   k  SUM(a)  SUM(b)  a/b  (a+b)*2  SUM(x)  COUNT(*) * AVG(x)
--   1      10      10  1.0       40     110                110
--   2       1      10  0.1       22     100                100
--   3     350     500  0.7     1700      30                 30
CREATE STREAM facts (k BIGINT, a BIGINT, b BIGINT, x BIGINT) WITH (path = 'facts.csv');

CREATE STREAM ratio AS
SELECT k, SUM(a) AS a FROM facts GROUP BY k HAVING SUM(a)/SUM(b) > 0.7 EMIT FINAL;

CREATE STREAM alias AS
SELECT k, SUM(x) AS total FROM facts GROUP BY k HAVING total > 100 EMIT FINAL;

CREATE STREAM cases AS
SELECT k FROM facts GROUP BY k HAVING CASE WHEN SUM(x) > 100 THEN 1 ELSE 0 END = 1 EMIT FINAL;

CREATE STREAM product AS
SELECT k FROM facts GROUP BY k HAVING COUNT(*) * AVG(x) > 100 EMIT FINAL;

CREATE STREAM doubled AS
SELECT k FROM facts GROUP BY k HAVING (SUM(a) + SUM(b)) * 2 > 1000 EMIT FINAL;

-- Two conditional sums over the same column stay apart: of x above 55 and up to 55.
-- By hand: k=1: 60 and 50; k=2: 100 and NULL; k=3: NULL and 30.
CREATE STREAM conditional AS
SELECT k,
       SUM(CASE WHEN x > 55 THEN x END) AS large,
       SUM(CASE WHEN x <= 55 THEN x END) AS small
FROM facts GROUP BY k
HAVING SUM(CASE WHEN x > 55 THEN x END) > SUM(CASE WHEN x <= 55 THEN x END) EMIT FINAL;
