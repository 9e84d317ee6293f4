-- fastavro wrote the file, in several blocks packed with snappy. Expected values by hand from what it was given.
SELECT id, status, amount, at, tags['k'] AS k FROM 'file://orders.avro' WHERE id >= 2;
