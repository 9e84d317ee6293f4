-- Types come from the records: nested values, arrays, mixed numbers; members that a record lacks are NULL.
SELECT * FROM events WITH ('events.path' = 'events.jsonl');
