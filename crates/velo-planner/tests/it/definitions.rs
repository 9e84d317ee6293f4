#[test]
fn names_defined_again() {
    assert_plans!([
        "CREATE STREAM s AS SELECT id FROM orders; CREATE STREAM s AS SELECT name FROM orders",
        "CREATE STREAM s AS SELECT id FROM orders; CREATE OR REPLACE STREAM s AS SELECT name FROM orders",
        "CREATE STREAM s AS SELECT id FROM orders; CREATE STREAM IF NOT EXISTS s AS SELECT name FROM orders",
        "CREATE STREAM y (a BIGINT) WITH (path = 'a.csv'); CREATE OR REPLACE STREAM y (a STRING) WITH (path = 'b.csv'); \
         SELECT a FROM y",
        "CREATE STREAM y (a BIGINT) WITH (path = 'a.csv'); CREATE STREAM IF NOT EXISTS y (a STRING) WITH (path = 'b.csv'); \
         SELECT a FROM y",
        "CREATE VIEW v AS SELECT nope FROM orders; CREATE OR REPLACE VIEW v AS SELECT id FROM orders; SELECT id FROM v",
        "CREATE OR REPLACE STREAM s AS SELECT id FROM orders",
    ]);
}

#[test]
fn what_nothing_reads_is_checked() {
    assert_plans!([
        "CREATE VIEW v AS SELECT nope FROM orders; SELECT id FROM orders",
        "CREATE VIEW v AS SELECT id FROM nothing; SELECT id FROM orders",
        "CREATE VIEW v (a, b) AS SELECT id FROM orders; SELECT id FROM orders",
        "CREATE VIEW v AS SELECT id FROM w; CREATE VIEW w AS SELECT id FROM v; SELECT id FROM orders",
        "CREATE VIEW v AS SELECT id FROM orders; SELECT name FROM orders",
        "WITH c AS (SELECT nope FROM orders) SELECT id FROM orders",
        "WITH a AS (SELECT id FROM orders), b AS (SELECT id, nope FROM a) SELECT id FROM orders",
        "WITH a AS (SELECT id FROM orders), b AS (SELECT id FROM a) SELECT id FROM b",
    ]);
}

#[test]
fn statements_that_share_a_sink_agree() {
    assert_plans!([
        "INSERT INTO t (a) SELECT id FROM orders WITH ('t.path' = 't.jsonl'); INSERT INTO t (b) SELECT id FROM orders",
        "INSERT INTO t SELECT id FROM orders WITH ('t.path' = 't.jsonl'); INSERT INTO t SELECT name AS id FROM orders",
        "INSERT INTO t SELECT id PRIMARY KEY, ms FROM orders WITH ('t.path' = 't.jsonl'); \
         INSERT INTO t SELECT id, ms FROM orders",
        "INSERT INTO t SELECT id FROM orders WITH ('t.path' = 't.jsonl'); INSERT INTO t SELECT ms AS id FROM orders",
    ]);
}

#[test]
fn final_results_need_an_end() {
    let kafka = "CREATE STREAM k (id BIGINT, at TIMESTAMP) WITH (topic = 't', 'event.time.field' = 'at');\n";
    let programs = [
        "SELECT id, COUNT(*) AS n FROM k GROUP BY id EMIT FINAL",
        "CREATE STREAM s AS SELECT id FROM k; SELECT id, COUNT(*) AS n FROM s GROUP BY id EMIT FINAL",
        "CREATE STREAM s AS SELECT id FROM k LIMIT 5; SELECT id, COUNT(*) AS n FROM s GROUP BY id EMIT FINAL",
        "SELECT id, COUNT(*) AS n FROM k WINDOW TUMBLING(1m) GROUP BY id EMIT FINAL",
        "SELECT id, COUNT(*) AS n FROM orders GROUP BY id EMIT FINAL",
    ];
    let programs = programs.map(|sql| format!("{kafka}{sql}"));
    let programs: Vec<&str> = programs.iter().map(String::as_str).collect();
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!(crate::support::plan_all(&programs));
    });
}
