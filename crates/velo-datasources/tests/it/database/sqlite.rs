use std::path::PathBuf;

use rusqlite::Connection;
use tempfile::TempDir;
use velo_data::{SqlType, unreadable_reason};
use velo_datasources::{
    DatabaseSource, DatabaseSourceConfig, NextBatch, ReadRequest, SizeEstimate, SourceError, TableDataSource,
};

use super::{all_columns, connect, connect_declared, load, query, read, sqlite_config, table};
use crate::support::schema;

/// A file that statements have been run in, and a connection to it.
fn database(sql: &str) -> (TempDir, PathBuf, Connection) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("shop.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(sql).unwrap();
    (directory, path, connection)
}

fn types(source: &DatabaseSource) -> String {
    let schema = source.schema();
    let columns = (0..schema.user_columns()).map(|index| {
        let name = schema.user_fields()[index].name();
        format!("{name} {}", schema.sql_type(index).unwrap())
    });
    columns.collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn values_have_the_types_that_columns_are_created_with() {
    let (_directory, path, _connection) = database(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, small SMALLINT, name VARCHAR(20), price DECIMAL(10,2), ratio REAL, ok BOOLEAN, \
            day DATE, at DATETIME, clock TIME, raw BLOB, any_number NUMERIC);
         INSERT INTO t VALUES (1, -5, 'Zoë', 12.5, 0.1, 1, '2024-02-29', '2024-02-29 12:34:56.789', '23:59:59', x'00ff', 7);
         INSERT INTO t VALUES (9223372036854775807, 32767, '', '99999999.99', -2, 0, '1969-12-31', '2024-02-29T12:34:56+02:00', '00:00', x'', 0.125);
         INSERT INTO t (id) VALUES (3);",
    );
    let source = connect(&sqlite_config(&path, query("SELECT * FROM t ORDER BY rowid DESC"))).await;
    insta::assert_snapshot!(types(&source));
    let loaded = load(&source).await;
    assert_eq!(loaded.rejections(), Vec::<String>::new());
    insta::assert_snapshot!(loaded.rows().await);
}

#[tokio::test]
async fn values_of_another_storage_class_are_errors_of_their_rows() {
    let cases = [
        ("INTEGER", "'many'", "the TEXT `many` is no BIGINT"),
        ("INTEGER", "1.5", "the REAL 1.5 is no BIGINT"),
        ("TEXT", "x'00'", "a BLOB of 1 bytes is no STRING"),
        ("STRING", "42", "the INTEGER 42 is no STRING"),
        ("REAL", "'x'", "the TEXT `x` is no DOUBLE"),
        ("BLOB", "'x'", "the TEXT `x` is no BYTES"),
        ("BOOLEAN", "2", "the INTEGER 2 is no BOOLEAN, which is 0 or 1"),
        ("DATE", "'2024-02-30'", "the TEXT `2024-02-30` is no DATE"),
        ("DATETIME", "1700000000", "the INTEGER 1700000000 is no TIMESTAMP"),
        ("DECIMAL(5,2)", "1234", "the INTEGER 1234 is no DECIMAL(5, 2)"),
        ("DECIMAL(5,2)", "0.125", "the REAL 0.125 is no DECIMAL(5, 2)"),
        (
            "DECIMAL(5,2)",
            "0.1 + 0.2",
            "the REAL 0.30000000000000004 is no DECIMAL(5, 2)",
        ),
        ("DECIMAL(5,2)", "'ten'", "the TEXT `ten` is no DECIMAL(5, 2)"),
    ];
    for (created, literal, expected) in cases {
        let (_directory, path, _connection) = database(&format!(
            "CREATE TABLE t (n INTEGER, v {created}); INSERT INTO t VALUES (1, NULL), (2, {literal}), (3, NULL)"
        ));
        let source = connect(&sqlite_config(&path, table("t"))).await;
        let loaded = load(&source).await;
        let place = source.location();
        assert_eq!(
            loaded.rejections(),
            [format!("{place}@1: column `v`: {expected}")],
            "{created}"
        );
        assert_eq!(loaded.rows().await, "{\"n\":1,\"v\":null}\n{\"n\":3,\"v\":null}\n");
    }
}

#[tokio::test]
async fn columns_without_a_type_have_that_of_their_values() {
    let (_directory, path, _connection) =
        database("CREATE TABLE t (a, b MONEY, c); INSERT INTO t VALUES (1, 1.5, 'x'), (2, 2, 'y')");
    let rows = query("SELECT a, b, c, a + 1 AS next, count(*) OVER () AS n, NULL AS empty FROM t");
    let source = connect(&sqlite_config(&path, rows)).await;
    assert_eq!(
        types(&source),
        "a BIGINT, b DOUBLE, c STRING, next BIGINT, n BIGINT, empty STRING"
    );
    assert_eq!(
        load(&source).await.rows().await,
        "{\"a\":1,\"b\":1.5,\"c\":\"x\",\"next\":2,\"n\":2,\"empty\":null}\n{\"a\":2,\"b\":2.0,\"c\":\"y\",\"next\":3,\"n\":2,\"empty\":null}\n"
    );
}

#[tokio::test]
async fn columns_that_nobody_uses_need_no_type() {
    let (_directory, path, _connection) =
        database("CREATE TABLE t (id INTEGER, v); INSERT INTO t VALUES (1, 2), (2, 'x')");
    let source = connect(&sqlite_config(&path, table("t"))).await;
    assert_eq!(types(&source), "id BIGINT, v NULL");
    let reason = "column `v` of table t has the type INTEGER and TEXT, which SQL here has no type for; \
                  use `query` and cast it there: SELECT …, CAST(v AS text) AS v";
    assert_eq!(unreadable_reason(&source.schema().user_fields()[1]), Some(reason));
    assert_eq!(unreadable_reason(&source.schema().user_fields()[0]), None);

    let all = all_columns(&source, 1000);
    let id = ReadRequest {
        columns: vec![0],
        ..all.clone()
    };
    let loaded = read(source.bulk_load(&id).await.unwrap()).await;
    assert_eq!(loaded.rows().await, "{\"id\":1}\n{\"id\":2}\n");
    let error = source.bulk_load(&all).await.err().unwrap().to_string();
    assert!(error.contains(reason), "{error}");

    let declared = schema(&[("v", SqlType::Interval)]);
    let error = connect_declared(&sqlite_config(&path, table("t")), &declared)
        .await
        .err()
        .unwrap();
    assert!(
        error
            .to_string()
            .contains("column `v` of table t has the type INTEGER and TEXT"),
        "{error}"
    );
}

#[tokio::test]
async fn declared_types_are_checked_value_by_value() {
    let (_directory, path, _connection) = database(
        "CREATE TABLE t (at TEXT, price TEXT, ok INTEGER); \
         INSERT INTO t VALUES ('2024-01-01 00:00:00', '12.50', 1), ('yesterday', '1', 0), ('2024-01-02', '1.5', 7)",
    );
    let price = SqlType::Decimal {
        precision: 10,
        scale: 2,
    };
    let declared = schema(&[
        ("price", price.clone()),
        ("AT", SqlType::Timestamp),
        ("ok", SqlType::Boolean),
    ]);
    let source = connect_declared(&sqlite_config(&path, table("t")), &declared)
        .await
        .unwrap();
    let loaded = load(&source).await;
    assert_eq!(
        loaded.rows().await,
        "{\"price\":12.50,\"AT\":\"2024-01-01T00:00:00Z\",\"ok\":true}\n"
    );
    let place = source.location();
    let expected = [
        format!("{place}@1: column `at`: the TEXT `yesterday` is no TIMESTAMP"),
        format!("{place}@2: column `ok`: the INTEGER 7 is no BOOLEAN, which is 0 or 1"),
    ];
    assert_eq!(loaded.rejections(), expected);

    let total = query("SELECT sum(price) AS total FROM t");
    let declared = schema(&[("total", price)]);
    let source = connect_declared(&sqlite_config(&path, total), &declared).await.unwrap();
    assert_eq!(load(&source).await.rows().await, "{\"total\":15.00}\n");
    let declared = schema(&[("ok", SqlType::String), ("missing", SqlType::String)]);
    let error = connect_declared(&sqlite_config(&path, table("t")), &declared)
        .await
        .err()
        .unwrap();
    insta::assert_snapshot!(error.to_string().rsplit_once("table t: ").unwrap().1);
}

#[tokio::test]
async fn a_scan_sees_the_file_as_it_was_when_it_began() {
    let (_directory, path, connection) = database(
        "PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY); \
         WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20000) INSERT INTO t SELECT n FROM n",
    );
    let config = DatabaseSourceConfig {
        incremental_column: Some("id".to_owned()),
        ..sqlite_config(&path, table("t"))
    };
    let source = connect(&config).await;
    let counted = SizeEstimate {
        rows: Some(20_000),
        bytes: None,
    };
    assert_eq!(source.size_estimate().await.unwrap(), counted);
    let load = source.bulk_load(&all_columns(&source, 50)).await.unwrap();
    connection
        .execute_batch("DELETE FROM t; INSERT INTO t VALUES (99999)")
        .unwrap();
    let loaded = read(load).await;
    assert_eq!(loaded.row_count(), 20_000);
    assert_eq!(
        format!("{:?}", loaded.reached),
        r#"HighWater { column: "id", value: Some("20000") }"#
    );
}

#[tokio::test]
async fn a_scan_that_is_dropped_gives_the_file_back() {
    let (_directory, path, connection) = database(
        "CREATE TABLE t (id INTEGER PRIMARY KEY); \
         WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5000) INSERT INTO t SELECT n FROM n",
    );
    let source = connect(&sqlite_config(&path, table("t"))).await;
    let mut load = source.bulk_load(&all_columns(&source, 10)).await.unwrap();
    assert!(matches!(
        load.partitions[0].next_batch().await.unwrap(),
        NextBatch::Batch(_)
    ));
    let endless = query("WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT count(*) AS n FROM n");
    let declared = schema(&[("n", SqlType::BigInt)]);
    let endless = connect_declared(&sqlite_config(&path, endless), &declared)
        .await
        .unwrap();
    let waiting = endless.bulk_load(&all_columns(&endless, 10)).await.unwrap();
    drop((load, waiting));
    // A reader that still held its lock would keep this from being written.
    connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    connection.execute_batch("INSERT INTO t VALUES (0)").unwrap();
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_told() {
    let (directory, path, connection) = database("CREATE TABLE t (id INTEGER)");
    let text = directory.path().join("notes.db");
    std::fs::write(&text, "not a database, but long enough to look at: ".repeat(50)).unwrap();
    let failure =
        |config: DatabaseSourceConfig| async move { DatabaseSource::connect(&config, None).await.err().unwrap() };
    let shown = |error: &SourceError| {
        error
            .to_string()
            .replace(&directory.path().display().to_string(), "dir")
    };

    let missing = failure(sqlite_config(directory.path().join("none.db"), table("t"))).await;
    assert!(missing.is_not_there());
    let folder = failure(sqlite_config(directory.path(), table("t"))).await;
    let not_sqlite = failure(sqlite_config(&text, table("t"))).await;
    let no_table = failure(sqlite_config(&path, table("orders"))).await;
    let no_column = failure(sqlite_config(&path, query("SELECT missing FROM t"))).await;
    let no_sql = failure(sqlite_config(&path, query("SELEC 1"))).await;
    let no_increment = failure(DatabaseSourceConfig {
        incremental_column: Some("changed".to_owned()),
        ..sqlite_config(&path, table("t"))
    });
    let no_increment = no_increment.await;
    let all = [missing, folder, not_sqlite, no_table, no_column, no_sql, no_increment];
    assert!(all.iter().all(|error| !error.is_transient()));
    insta::assert_snapshot!(all.iter().map(shown).collect::<Vec<_>>().join("\n"));

    connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let locked = failure(DatabaseSourceConfig {
        connect_timeout: std::time::Duration::from_millis(50),
        ..sqlite_config(&path, table("t"))
    });
    let locked = locked.await;
    assert!(locked.is_transient(), "{locked}");
    assert!(locked.to_string().contains("holds it locked"), "{locked}");
}
