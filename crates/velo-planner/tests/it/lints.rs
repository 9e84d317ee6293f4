//! What programs are warned of, and near misses that they are not warned of.

use crate::support::warnings;

/// A topic, which never ends, and a file, which does.
const TRADES: &str = "CREATE STREAM trades (symbol STRING, price DECIMAL(10, 2), fee DOUBLE, trader BIGINT, at TIMESTAMP, \
                      text_time STRING) WITH (topic = 'trades', 'event.time.field' = 'at');\n";

/// Each query with what it is warned of, which is nothing where that is expected.
fn lints(queries: &[&str]) -> String {
    let linted = |query: &&str| format!("{query}\n{}\n", warnings(&format!("{TRADES}{query}")));
    queries.iter().map(linted).collect()
}

macro_rules! assert_lints {
    ([$($sql:expr),* $(,)?]) => {
        insta::with_settings!({ omit_expression => true }, {
            insta::assert_snapshot!(lints(&[$($sql),*]));
        });
    };
}

macro_rules! assert_no_lints {
    ([$($sql:expr),* $(,)?]) => {
        for sql in [$($sql),*] {
            assert_eq!(warnings(&format!("{TRADES}{sql}")), "", "{sql}");
        }
    };
}

#[test]
fn state_that_grows_without_bound() {
    assert_lints!([
        "SELECT symbol, COUNT(*) AS n FROM trades GROUP BY symbol",
        "SELECT symbol, trader, SUM(price) AS s, MAX(fee) AS m FROM trades WHERE fee > 0.1 GROUP BY symbol, trader",
        "SELECT DISTINCT symbol, trader FROM trades",
        "CREATE STREAM a AS SELECT trader FROM trades; SELECT trader, COUNT(*) AS n FROM a GROUP BY trader",
        "SELECT symbol, COUNT(DISTINCT trader) AS d, ARRAY_AGG(price) AS p, MEDIAN(price) AS m FROM trades GROUP BY symbol \
         WITH ('max.groups' = 1000)",
    ]);
    assert_no_lints!([
        "SELECT name, COUNT(DISTINCT id) AS n FROM orders GROUP BY name",
        "SELECT DISTINCT name FROM orders",
        "SELECT symbol, COUNT(DISTINCT trader) AS n FROM trades GROUP BY symbol WINDOW TUMBLING(1h)",
        "SELECT symbol, MIN(DISTINCT price) AS n FROM trades GROUP BY symbol WITH ('max.groups' = 1000)",
        "SELECT symbol, COUNT(*) AS n FROM trades GROUP BY symbol WITH ('state.ttl' = '1h')",
        "SELECT symbol, COUNT(*) AS n FROM (SELECT symbol FROM trades LIMIT 100) t GROUP BY symbol",
    ]);
}

#[test]
fn groups_that_keep_one_worker_busy() {
    assert_lints!([
        "SELECT COUNT(*) AS n FROM orders GROUP BY 'all'",
        "SELECT COUNT(*) AS n FROM trades WINDOW TUMBLING(1m)",
        "SELECT 1 AS one, COUNT(*) AS n FROM trades GROUP BY one WINDOW TUMBLING(1m)",
    ]);
    assert_no_lints!([
        "SELECT COUNT(*) AS n FROM orders WINDOW TUMBLING(ts, 1m)",
        "SELECT symbol, COUNT(*) AS n FROM trades WINDOW TUMBLING(1m)",
        "SELECT UPPER(symbol) AS s, COUNT(*) AS n FROM trades GROUP BY s, 'x' WINDOW TUMBLING(1m)",
    ]);
}

#[test]
fn windows_that_go_by_the_time_of_records() {
    assert_lints!([
        "SELECT id, COUNT(*) AS n FROM orders GROUP BY id WINDOW TUMBLING(1m)",
        "CREATE STREAM a AS SELECT id FROM orders WHERE id > 1; \
         SELECT id, COUNT(*) AS n FROM a GROUP BY id WINDOW TUMBLING(1m)",
    ]);
    assert_no_lints!([
        "SELECT id, COUNT(*) AS n FROM orders GROUP BY id WINDOW TUMBLING(ts, 1m)",
        "SELECT id, COUNT(*) AS n FROM orders GROUP BY id WINDOW TUMBLING(_timestamp, 1m)",
        "SELECT id, COUNT(*) AS n FROM orders GROUP BY id WINDOW TUMBLING(1m) WITH ('event.time.field' = 'ts')",
        "SELECT id, COUNT(*) AS n FROM missing GROUP BY id WINDOW TUMBLING(1m) \
         WITH ('missing.path' = 'x.csv', 'event.time.field' = 'ts')",
        "CREATE STREAM a AS SELECT id, ts AS _event_time FROM orders; \
         SELECT id, COUNT(*) AS n FROM a GROUP BY id WINDOW TUMBLING(1m)",
    ]);
}

#[test]
fn hidden_conversions() {
    assert_lints!([
        "SELECT price * fee AS p FROM trades",
        "SELECT price > fee AS p FROM trades",
        "SELECT price * 1e-2 AS p FROM trades",
        "SELECT price BETWEEN 1 AND fee AS p FROM trades",
        "SELECT symbol FROM trades WHERE text_time > at",
    ]);
    assert_no_lints!([
        "SELECT price * 0.01 AS p, price * trader AS q FROM trades",
        "SELECT CAST(price AS DOUBLE) * fee AS p FROM trades",
        "SELECT fee > 0.5 AS p, fee * 0.1 AS q FROM trades",
        "SELECT symbol FROM trades WHERE at > '2026-01-01'",
        "SELECT symbol FROM trades WHERE CAST(text_time AS TIMESTAMP) > at",
    ]);
}

#[test]
fn streams_joined_without_a_bound() {
    assert_lints!([
        "SELECT t.symbol FROM trades t JOIN trades u ON t.trader = u.trader",
        "SELECT t.symbol FROM trades t, trades u WHERE t.trader = u.trader",
        "WITH big AS (SELECT symbol FROM trades WHERE price > 10) \
         SELECT t.symbol FROM trades t LEFT JOIN big b ON t.symbol = b.symbol WHERE t.at BETWEEN t.at - INTERVAL '5' MINUTE AND t.at",
    ]);
    assert_no_lints!([
        "SELECT t.symbol FROM trades t JOIN trades u WITHIN 5m ON t.trader = u.trader",
        "SELECT t.symbol FROM trades t JOIN trades u ON t.trader = u.trader AND u.at BETWEEN t.at - INTERVAL '5' MINUTE AND t.at",
        "SELECT t.symbol FROM trades t JOIN trades u ON t.trader = u.trader WITH ('state.ttl' = '1h')",
        "SELECT t.symbol FROM trades t JOIN orders o ON t.trader = o.id",
        "CREATE TABLE k AS SELECT symbol, COUNT(*) AS n FROM trades GROUP BY symbol WITH ('max.groups' = 10); \
         SELECT t.symbol FROM trades t LEFT JOIN k ON t.symbol = k.symbol",
    ]);
}

#[test]
fn wildcards_into_sinks() {
    assert_lints!([
        "CREATE STREAM out AS SELECT * FROM trades WITH (path = 'out.jsonl')",
        "INSERT INTO out SELECT t.*, 1 AS one FROM trades t WITH ('out.path' = 'out.jsonl')",
        "CREATE STREAM out AS SELECT * FROM (SELECT * FROM trades) t WITH ('out.type' = 'kafka_sink', 'out.topic' = 'o')",
    ]);
    assert_no_lints!([
        "SELECT * FROM trades",
        "CREATE STREAM out AS SELECT * FROM trades",
        "CREATE STREAM out AS SELECT symbol FROM trades WITH (path = 'out.jsonl')",
        "CREATE STREAM out AS SELECT * FROM trades WITH (path = '-')",
        "CREATE STREAM out AS WITH few AS (SELECT symbol FROM trades) SELECT * FROM few WITH (path = 'out.jsonl')",
        "CREATE STREAM out (symbol STRING) WITH (path = 'out.jsonl'); INSERT INTO out SELECT * FROM (SELECT symbol FROM trades) t",
        "CREATE STREAM out (id BIGINT, ms BIGINT) WITH (path = 'out.jsonl'); \
         CREATE STREAM few (id BIGINT, ms BIGINT) WITH (path = 'few.jsonl'); INSERT INTO out SELECT * FROM few",
    ]);
}

#[test]
fn tables_without_a_key() {
    assert_lints!([
        "CREATE TABLE names AS SELECT id, name FROM orders",
        "CREATE TABLE counts AS SELECT COUNT(*) AS n FROM orders GROUP BY id",
        "CREATE TABLE names (id BIGINT, name STRING) WITH (path = 'names.csv')",
    ]);
    assert_no_lints!([
        "CREATE TABLE names AS SELECT id PRIMARY KEY, name FROM orders",
        "CREATE TABLE counts AS SELECT id, COUNT(*) AS n FROM orders GROUP BY id",
        "CREATE TABLE counts AS SELECT COUNT(*) AS n FROM orders WINDOW TUMBLING(ts, 1d)",
        "CREATE TABLE names AS SELECT symbol, trader FROM trades",
        "CREATE TABLE names (id BIGINT PRIMARY KEY, name STRING) WITH (path = 'names.csv')",
        "CREATE TABLE names (id BIGINT, name STRING) WITH (topic = 'names')",
        "CREATE STREAM names (id BIGINT, name STRING) WITH (path = 'names.csv')",
    ]);
}

#[test]
fn meanings_that_differ_in_ksqldb() {
    const DECLARED: &str =
        "CREATE STREAM clicks (id INT, at TIMESTAMP) WITH (kafka_topic = 'clicks', value_format = 'json');";
    let program = |query: &str| format!("{DECLARED} {query}");
    assert_lints!([
        &program("CREATE STREAM halves AS SELECT ID, ID / 2 AS HALF FROM clicks"),
        &program("CREATE STREAM named AS SELECT id AS MINE, at AS clicked FROM clicks"),
        &program("CREATE TABLE counts AS SELECT ID, COUNT(*) AS N FROM clicks WINDOW TUMBLING(at, 1m) GROUP BY ID"),
    ]);
    assert_no_lints!([
        "CREATE STREAM halves AS SELECT trader, trader / 2 AS half FROM trades",
        &program("CREATE STREAM halves AS SELECT ID, ID DIV 2 AS HALF, ID / 2.0 AS EXACT FROM clicks"),
        &program("CREATE STREAM named AS SELECT id AS `id` FROM clicks"),
        &program(
            "CREATE TABLE counts AS SELECT ID, COUNT(*) AS N FROM clicks WINDOW TUMBLING(at, 1m) GROUP BY ID EMIT CHANGES"
        ),
    ]);
}

/// What is loaded is changed where it is kept. Only what goes to a sink has to express that rows are gone.
#[test]
fn a_table_that_is_only_loaded_has_no_output_that_could_not_express_deletes() {
    let query = "SELECT id, SUM(amount) AS total FROM orders GROUP BY id HAVING SUM(amount) > 1";
    let told = |program: &str| warnings(program).contains("V0902");
    assert!(!told(&format!("CREATE TABLE large AS {query}")));
    assert!(!told(&format!("CREATE TABLE large AS {query}; SELECT id FROM large")));
    assert!(told(&format!("CREATE STREAM large AS {query}")));
    assert!(told(&format!(
        "CREATE TABLE large AS {query} WITH ('large.path' = 'large.csv')"
    )));
}
