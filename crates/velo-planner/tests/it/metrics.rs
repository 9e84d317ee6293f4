#[test]
fn metrics_that_fit() {
    assert_plans!([
        "-- @metric: orders_total\n-- @metric_labels: name, id\n-- @metric_condition: id > 5 AND name IS NOT NULL\n\
         -- @metric: order:latency_seconds\n-- @metric_type: Histogram\n-- @metric_help: \"how long\"\n\
         -- @metric_field: n\n-- @metric_buckets: [0.1, 0.5, 1]\n-- @metric_sample_rate: 0.25\n\
         CREATE STREAM s AS SELECT id, name, ms AS n FROM orders",
        // Nothing is known of the columns, so that any name may be one.
        "-- @metric: a\n-- @metric_labels: x\n-- @metric_condition: y > 1\n\
         SELECT * FROM missing WITH ('missing.path' = 'm.csv')",
    ]);
}

#[test]
fn metric_mistakes() {
    assert_plans!([
        "-- @metric_type: counter\nSELECT id FROM orders",
        "-- @metric: 9orders-total\nSELECT id FROM orders",
        "-- @metric:\nSELECT id FROM orders",
        "-- @metric: a\n-- @metric_type: guage\nSELECT id FROM orders",
        "-- @metric: a\n-- @metric_type: gauge\nSELECT id FROM orders",
        "-- @metric: a\n-- @metric_type: counter\n-- @metric_type: gauge\nSELECT id FROM orders",
        "-- @metric: a\n-- @metric_labels: nmae, id, __id\nSELECT id, name FROM orders",
        "-- @metric: a\n-- @metric_labels: id, nmae\nSELECT id, name FROM orders",
        "-- @metric: a\n-- @metric_labels: id, id\nSELECT id FROM orders",
        "-- @metric: a\n-- @metric_type: gauge\n-- @metric_field: price\nSELECT id FROM orders",
        "-- @metric: a\n-- @metric_type: gauge\n-- @metric_field: name\nSELECT name FROM orders",
        "-- @metric: a\n-- @metric_condition: id + 1\nSELECT id FROM orders",
        "-- @metric: a\n-- @metric_condition: price > 1\nSELECT id FROM orders",
        "-- @metric: a\n-- @metric_condition: id > AND\nSELECT id FROM orders",
        "-- @metric: a\n-- @metric_condition: COUNT(*) > 1\nSELECT id FROM orders",
        "-- @metric: a\n-- @metric_condition:\nSELECT id FROM orders",
        "-- @metric: a\n-- @metric_type: histogram\n-- @metric_field: id\n-- @metric_buckets: 1, 5, 5\nSELECT id FROM orders",
        "-- @metric: a\n-- @metric_type: histogram\n-- @metric_field: id\n-- @metric_buckets: [1, many]\nSELECT id FROM orders",
        "-- @metric: a\n-- @metric_buckets: 1, 5\nSELECT id FROM orders",
        "-- @metric: a\n-- @metric_sample_rate: 1.5\nSELECT id FROM orders",
        "-- @metric: a\nSELECT id FROM orders;\n-- @metric: a\nSELECT name FROM orders",
    ]);
}

#[test]
fn annotations_that_stand_once() {
    assert_plans!([
        "-- @name: a\n-- @name: b\nSELECT id FROM orders",
        "-- @name: a\nSELECT id FROM orders;\n-- @name: A\nSELECT name FROM orders",
        "CREATE STREAM s AS SELECT id FROM orders;\n-- @name: s\nSELECT name FROM orders",
        "-- @tag: a\n-- @tag: b\nSELECT id FROM orders",
    ]);
}
