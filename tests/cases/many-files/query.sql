-- Files of a pattern are partitions in the order of their names; headers are matched file by file. By hand.
SELECT id, name, _partition FROM people WITH ('people.path' = 'people-*.csv');
