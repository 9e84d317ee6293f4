-- gzip and zstd by name; two members of gzip are one text. By hand.
CREATE STREAM small AS
SELECT id FROM numbers WHERE id < 4
WITH ('numbers.path' = 'numbers.jsonl.gz', 'small.path' = 'small.csv.gz');

SELECT id FROM letters WITH ('letters.path' = 'letters.csv.zst');
