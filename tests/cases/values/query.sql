-- INSERT … VALUES needs no source.
INSERT INTO out (id, name) VALUES (1, 'ada'), (1 + 1, UPPER('grace'))
WITH ('out.path' = 'out.jsonl');
