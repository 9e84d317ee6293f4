#[test]
fn properties_that_contradict_each_other() {
    assert_plans!([
        "SELECT id FROM orders WITH ('error.policy' = 'fail', 'failure_strategy' = 'LogAndContinue')",
        "SELECT id FROM orders WITH ('failure_strategy' = 'FailBatch', 'error.policy' = 'fail')",
        "CREATE STREAM x (id INT, at TIMESTAMP) WITH (path = 'x.csv', 'event.time.field' = 'at',\n\
         'watermark.strategy' = 'ascending',\n'watermark.max_out_of_orderness' = '5s');\nSELECT id FROM x",
        "CREATE STREAM x (id INT) WITH (path = 'x.csv', 'watermark.strategy' = 'ascending', \
         'watermark.max_out_of_orderness' = '0s'); SELECT id FROM x",
        "SELECT id FROM x WITH ('x.path' = 'x.csv', 'x.format' = 'csv_no_header', 'x.has_headers' = 'true')",
        "CREATE STREAM s AS SELECT id FROM orders WITH (path = 'o.csv', format = 'csv_no_header', has_headers = true)",
    ]);
}

#[test]
fn properties_under_the_wrong_name() {
    assert_plans!([
        "CREATE STREAM s AS SELECT id FROM orders WITH ('s.path' = 's.csv', 's.event.time.field' = 'ts')",
        "SELECT id FROM x WITH ('x.path' = 'x.csv', 'x.error.policy' = 'fail')",
        "CREATE STREAM s AS SELECT id FROM orders WITH ('s.error.policy' = 'fail', 's.path' = 's.csv')",
        "SELECT id FROM orders WITH ('other.type' = 'file_source', 'other.path' = 'x.csv')",
        "SELECT id FROM orders WITH ('max.groups' = '5')",
        "SELECT DISTINCT id FROM orders WITH ('max.groups' = '5')",
        "SELECT id FROM x WITH ('x.path' = 'x.csv', 'x.watermark.idle.timeout' = '5s')",
        "SELECT id FROM orders WITH ('partitions' = '3', 'path' = 'o.csv')",
        "SELECT id FROM x WITH ('x.type' = 'fiel_source', 'x.path' = 'x.csv', 'x.partitions' = '3')",
    ]);
}

/// A sample takes texts for dates before the format is asked, and a format that would read them otherwise must not be passed
/// over in silence.
#[test]
fn formats_of_event_time_that_come_too_late() {
    assert_plans!([
        "SELECT id FROM orders WITH ('orders.event.time.field' = 'ts', 'orders.event.time.format' = '%Y-%d-%m')",
        "SELECT id FROM orders WITH ('orders.event.time.field' = 'ts', 'orders.event.time.format' = 'yyyy-MM-dd HH:mm:ss')",
        "CREATE STREAM y (at DATE) WITH (path = 'y.csv', 'event.time.field' = 'at', 'event.time.format' = 'dd.MM.yyyy'); SELECT at FROM y",
        "CREATE STREAM y (at TIMESTAMP) WITH (path = 'y.csv', 'event.time.field' = 'at', 'event.time.format' = 'dd.MM.yyyy'); SELECT at FROM y",
    ]);
}

#[test]
fn time_of_other_statements_is_what_the_reader_says_or_what_they_bring() {
    assert_plans!([
        "CREATE STREAM g AS SELECT id, ts FROM orders; \
         SELECT id FROM g WITH ('watermark.max_out_of_orderness' = '3s', 'g.watermark.strategy' = 'ascending')",
        "CREATE STREAM g AS SELECT id, ts FROM orders; \
         SELECT COUNT(*) AS n FROM g WINDOW TUMBLING(ts, 1m) WITH ('watermark.max_out_of_orderness' = '3s')",
        "CREATE STREAM g AS SELECT id, MAX(ts) AS last FROM orders GROUP BY id EMIT FINAL; \
         SELECT COUNT(*) AS n FROM g WINDOW TUMBLING(1m) WITH ('g.event.time.field' = 'last')",
        "CREATE STREAM g AS SELECT id, MIN(ts) AS _event_time FROM orders WINDOW TUMBLING(ts, 1m); \
         SELECT COUNT(*) AS n FROM g WINDOW TUMBLING(1m)",
        "CREATE STREAM g AS SELECT id FROM orders; \
         SELECT COUNT(*) AS n FROM g WINDOW TUMBLING(1m) WITH ('event.time.field' = 'ts')",
    ]);
}
