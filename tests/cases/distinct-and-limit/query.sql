-- DISTINCT keeps the first of equal rows, NULLs being equal; LIMIT ends the statement. By hand.
CREATE STREAM visits (user STRING, page STRING) WITH (path = 'visits.jsonl');
CREATE STREAM pages AS SELECT DISTINCT page FROM visits;
CREATE STREAM second AS SELECT user, page FROM visits LIMIT 2 OFFSET 1;
