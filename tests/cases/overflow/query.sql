-- Overflow fails the row, or the group, and never wraps. By hand: 9223372036854775807 is the largest BIGINT.
-- Row 2 of `sums` overflows; group `big` of `totals` does, while 9223372036854775807 + 1 - 1 of `round_trip` fits,
-- since sums have 128 bits on the way.
CREATE STREAM numbers (k STRING, v BIGINT, step BIGINT) WITH (path = 'numbers.csv');

CREATE STREAM sums AS SELECT k, v + step AS v FROM numbers;
CREATE STREAM totals AS SELECT k, SUM(v) AS total FROM numbers GROUP BY k EMIT FINAL;
