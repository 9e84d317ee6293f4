#[test]
fn properties_find_their_owner() {
    assert_plans!([
        "CREATE STREAM s AS SELECT id FROM x WITH ('x.type' = 'file_source', 'x.path' = 'x.csv', 'out.type' = 'file_sink', 'out.path' = 'o.csv')",
        "CREATE STREAM s AS SELECT id FROM x WITH ('x.path' = 'x.csv', 'path' = 'o.csv', format = csv)",
        "CREATE STREAM x (id INT, at BIGINT) WITH (path = 'x.csv', 'event.time.field' = 'at', 'watermark.max_out_of_orderness' = '5s'); \
         SELECT id, COUNT(*) AS n FROM x GROUP BY id WINDOW TUMBLING(10s)",
        "SELECT id FROM x WITH ('x.path' = 'x.csv', 'sinks' = 'a, b', 'a.path' = 'a.csv', 'b.path' = 'b.csv')",
        "SELECT id FROM 'file://data/x.csv'",
        "CREATE STREAM x (id INT) WITH (path = 'x.csv'); CREATE STREAM y (a BIGINT) WITH (path = 'y.csv'); \
         INSERT INTO y SELECT id FROM x; INSERT INTO y SELECT id + 1 FROM x",
    ]);
}

#[test]
fn a_source_has_its_properties_wherever_its_list_stands() {
    assert_plans!([
        "SELECT id FROM x WITH (path = 'x.csv')",
        "SELECT id FROM x WITH (path = 'x.csv') LIMIT 1",
        "SELECT id FROM x WITH ('x.path' = 'x.csv') LIMIT 1",
        "SELECT id FROM x WITH ('X.path' = 'x.csv') WHERE id > 1 WITH ('batch.size' = '5')",
        "SELECT id FROM x WITH (path = 'x.csv') EMIT CHANGES",
        "SELECT id FROM x WITH (path = 'x.csv') EMIT CHANGES WITH ('batch.size' = '5')",
        "SELECT id FROM x WITH (path = 'x.csv') INTO y WITH ('y.path' = 'y.csv')",
        "SELECT id FROM event WITH (path = 'x.csv', 'event.time.field' = 'id') LIMIT 1",
        "CREATE STREAM s AS SELECT id FROM x WITH (path = 'x.csv') WHERE id > 1 WITH (path = 'y.csv')",
        "CREATE STREAM s AS SELECT id FROM x WITH (path = 'x.csv')",
    ]);
}

#[test]
fn property_mistakes() {
    assert_plans!([
        "SELECT id FROM x WITH ('x.path' = 'x.csv', 'x.formt' = 'csv')",
        "SELECT id FROM x WITH ('x.path' = 'x.csv', 'eror.policy' = 'skip')",
        "SELECT id FROM x WITH ('x.path' = 'x.csv', 'error.policy' = 'skpi')",
        "SELECT id FROM x WITH ('x.path' = 'x.csv', 'batch.size' = '0', 'x.delimiter' = ';;', 'x.has_headers' = 'maybe')",
        "SELECT id FROM x WITH ('x.path' = 'x.csv', 'x.path' = 'y.csv')",
        "SELECT id FROM x WITH ('x.type' = 'fiel_source', 'x.path' = 'x.csv')",
        "SELECT id FROM x WITH ('x.type' = 'kafka_source', 'x.topic' = 't', 'x.fetch.min.bytes' = '1')",
        "SELECT id FROM x WITH ('x.path' = 'x.csv', 'state.ttl' = '1h', 'x.max_records' = '-1')",
        "SELECT id FROM x WITH ('x.path' = 'x.csv', 'allowed.lateness' = '5s')",
        "SELECT id FROM x WITH ('x.path' = 'x.csv', 'event.time.field' = 'tss')",
        "SELECT id FROM x WITH ('x.path' = 'x.csv', 'error.policy' = 'dead_letter')",
        "SELECT COUNT(*) AS n FROM x WINDOW TUMBLING(1m) WITH ('x.path' = 'x.csv', 'allowed.lateness' = '5s')",
        "SELECT COUNT(*) AS n FROM x WINDOW TUMBLING(1m) WITH ('x.path' = 'x.csv', 'late.data.strategy' = 'update_previous')",
        "SELECT COUNT(*) AS n FROM x WINDOW TUMBLING(1m) WITH ('x.path' = 'x.csv', 'late.data.strategy' = 'dead_letter')",
        "SELECT id FROM x WITH ('x.path' = 'a.csv'); SELECT id FROM x WITH ('x.path' = 'b.csv'); SELECT id FROM x",
        "SELECT id, COUNT(*) AS n FROM orders GROUP BY id HAVING COUNT(*) < 3",
        "SELECT id FROM 's3://bucket/x.csv'",
        "SELECT id FROM orders WITH ('table.missing.defaults.name' = 'none', 'datasource.consumer_config.fetch.min.bytes' = 1)",
        "CREATE STREAM x (id INT) WITH (path = 'x.csv', 'error.policy' = 'fail'); \
         SELECT id FROM x WITH ('skip_lines' = '1', 'format' = 'csv')",
        "CREATE STREAM s AS SELECT id FROM orders WITH ('format' = 'csv', 'append' = 'true')",
        "-- @metrik: x\n-- @metric: orders_total\n-- @job_mode: transactional\nSELECT id FROM orders",
    ]);
}

#[test]
fn configuration_files_stand_below_sql() {
    assert_plans!([
        "SELECT at, price FROM x WITH ('x.config_file' = 'x.yaml')",
        "SELECT COUNT(*) AS n FROM x WINDOW TUMBLING(5s) WITH ('x.config_file' = 'x.yaml', 'x.path' = 'y.csv')",
        "SELECT id FROM x WITH ('x.config_file' = 'wrong.yaml')",
        "SELECT id FROM x WITH ('x.config_file' = 'missing.yaml')",
    ]);
}
