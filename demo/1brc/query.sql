-- Per weather station: the lowest, the mean and the highest temperature, each with one decimal.
CREATE STREAM measurements (
    station     STRING,
    temperature DECIMAL(3, 1)
) WITH (
    path = 'measurements.csv',
    format = 'csv_no_header',
    delimiter = ';'
);

SELECT
    station,
    MIN(temperature) AS min,
    ROUND(AVG(temperature), 1) AS mean,
    MAX(temperature) AS max
FROM measurements
GROUP BY station
EMIT FINAL;
