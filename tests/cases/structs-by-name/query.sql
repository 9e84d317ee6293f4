-- STRUCTs go by the names of their fields, whatever their order: in CAST, where a missing field becomes NULL, in INSERT, and
-- in comparisons. DuckDB 2.0.
CREATE STREAM places (id BIGINT, p STRUCT<lat DOUBLE, lon DOUBLE>, route ARRAY<STRUCT<lat DOUBLE, lon DOUBLE>>,
                      named MAP<STRING, STRUCT<lat DOUBLE, lon DOUBLE>>)
WITH (path = 'places.jsonl');
CREATE STREAM swapped (id BIGINT, p STRUCT<lon DOUBLE, lat DOUBLE>, route ARRAY<STRUCT<lon DOUBLE, lat DOUBLE>>)
WITH ('swapped.path' = 'swapped.jsonl', 'swapped.type' = 'file_sink');
INSERT INTO swapped SELECT id, p, route FROM places;
-- @name: casts
SELECT id,
       CAST(p AS STRUCT<lon DOUBLE, lat DOUBLE>) AS swapped,
       CAST(p AS STRUCT<lon DOUBLE, alt DOUBLE, LAT DECIMAL(4, 1)>) AS with_missing,
       CAST(route AS ARRAY<STRUCT<lon DOUBLE, lat DOUBLE>>) AS in_array,
       CAST(named AS MAP<STRING, STRUCT<lon DOUBLE, lat DOUBLE>>) AS in_map,
       CAST(STRUCT(place := p) AS STRUCT<name STRING, place STRUCT<lon DOUBLE, lat DOUBLE>>) AS nested,
       p = CAST(p AS STRUCT<lon DOUBLE, lat DOUBLE>) AS equal_,
       COALESCE(p, CAST(p AS STRUCT<lon DOUBLE, lat DOUBLE>)) AS coalesced
FROM places;
