-- A source keeps the properties behind its name, with and without the name before the key, whatever follows. By hand.
SELECT id FROM ids WITH ('ids.path' = 'ids.csv') WHERE id > 1 LIMIT 2 WITH ('batch.size' = '5');
