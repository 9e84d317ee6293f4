-- Under EMIT CHANGES a group that stops passing HAVING is deleted, and says so where the output can.
-- By hand: total of `a` 5 (no), 15 (yes), 15 - 20 = -5 (delete); of `b` 30 (yes).
CREATE STREAM moves (account STRING, amount BIGINT) WITH (path = 'moves.envelope.jsonl');

CREATE STREAM rich AS
SELECT account, SUM(amount) AS total FROM moves GROUP BY account HAVING total > 10 EMIT CHANGES
WITH ('rich.path' = 'rich.envelope.jsonl');
