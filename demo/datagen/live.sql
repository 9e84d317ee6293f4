-- Ten readings a second, for as long as the program is deployed.
CREATE STREAM readings (
    sensor      STRING,
    temperature DOUBLE,
    measured_at TIMESTAMP
) WITH (
    type = 'datagen_source',
    'rows.per.second' = 10,
    'fields.sensor.values' = 'cellar, kitchen, roof',
    'fields.temperature.min' = '-5',
    'fields.temperature.max' = '35',
    'fields.temperature.null.rate' = '0.05',
    'event.time.field' = 'measured_at'
);

CREATE STREAM warm AS
SELECT TUMBLE_START() AS from_time, sensor, COUNT(temperature) AS readings, MAX(temperature) AS highest
FROM readings
GROUP BY sensor
WINDOW TUMBLING(5s)
WITH ('warm.type' = 'stdout_sink');
