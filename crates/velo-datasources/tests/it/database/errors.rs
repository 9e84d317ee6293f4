use std::net::TcpListener;
use std::time::Duration;

use velo_datasources::{
    DatabaseConnection, DatabaseSource, DatabaseSourceConfig, PostgresConnection, SourceError, TableDataSource,
};
use velo_testservices::Database;

use super::{all_columns, configured, connect, postgres, postgres_config, query, table};

const PASSWORD: &str = "hunter2";

/// What connecting fails with and whether that may pass. No form of the error shows a password.
async fn failure(config: &DatabaseSourceConfig) -> (String, bool) {
    let error = DatabaseSource::connect(config, None).await.err().unwrap();
    told(&error)
}

fn told(error: &SourceError) -> (String, bool) {
    for text in [error.to_string(), format!("{error:?}"), format!("{error:#?}")] {
        assert!(!text.contains(PASSWORD), "a password is shown: {text}");
    }
    (error.to_string(), error.is_transient())
}

/// The same without what differs from run to run.
fn stable(text: &str, database: &Database) -> String {
    let place = PostgresConnection::parse(&database.url()).unwrap();
    text.replace(&place.location(), "postgres://host:port/db")
        .replace(database.name(), "db")
}

#[tokio::test]
async fn what_a_server_refuses_stays_refused() {
    let Some(database) = postgres() else { return };
    database.sql("CREATE TABLE t (id int)");
    let with_url = |url: &str, rows| {
        let server = PostgresConnection::parse(url).unwrap();
        DatabaseSourceConfig::new(DatabaseConnection::Postgres(server), rows)
    };
    let url = database.url();
    let missing_column = DatabaseSourceConfig {
        incremental_column: Some("changed".to_owned()),
        ..postgres_config(&database, table("t"))
    };
    let cases = [
        with_url(&database.url_with_password("hunter2-wrong"), table("t")),
        with_url(&url.replace("postgres:hunter2-of-the-server@", "postgres@"), table("t")),
        with_url(
            &url.replace("postgres:hunter2-of-the-server@", "nobody:hunter2@"),
            table("t"),
        ),
        with_url(&format!("{url}_missing"), table("t")),
        postgres_config(&database, table("T")),
        postgres_config(&database, table("nowhere.t")),
        postgres_config(&database, query("SELECT missing FROM t")),
        postgres_config(&database, query("SELEC 1")),
        postgres_config(&database, query("SELECT 1 AS a, 2 AS a")),
        missing_column,
    ];
    let mut lines = Vec::new();
    for config in &cases {
        let (text, is_transient) = failure(config).await;
        assert!(!is_transient, "{text}");
        lines.push(stable(&text, &database));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn what_is_not_there_may_come() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    let config = |host: &str| {
        let url = format!("postgres://ann:{PASSWORD}@{host}/shop");
        DatabaseSourceConfig {
            connect_timeout: Duration::from_millis(300),
            ..configured(&[("connection.url", url.as_str()), ("table", "t")])
        }
    };
    // It accepts connections and never answers.
    let (text, is_transient) = failure(&config(&format!("127.0.0.1:{port}"))).await;
    assert_eq!(
        text,
        format!("cannot reach postgres://127.0.0.1:{port}/shop: no answer within 300ms (`connect.timeout`)")
    );
    assert!(is_transient);
    drop(free);
    let (text, is_transient) = failure(&config(&format!("127.0.0.1:{port}"))).await;
    assert!(text.contains("Connection refused"), "{text}");
    assert!(is_transient);
    let (text, is_transient) = failure(&config("no-such-host.invalid")).await;
    assert!(
        text.starts_with("cannot reach postgres://no-such-host.invalid:5432/shop: "),
        "{text}"
    );
    assert!(is_transient);
}

#[tokio::test]
async fn a_full_server_and_a_slow_one_may_recover() {
    let Some(database) = postgres() else { return };
    let slow = DatabaseSourceConfig {
        statement_timeout: Some(Duration::from_millis(100)),
        ..postgres_config(&database, query("SELECT pg_sleep(30)::text AS slept"))
    };
    let source = connect(&slow).await;
    let mut load = source.bulk_load(&all_columns(&source, 10)).await.unwrap();
    let (text, is_transient) = told(&load.partitions[0].next_batch().await.unwrap_err());
    assert!(
        text.contains("statement timeout; `statement.timeout` sets how long"),
        "{text}"
    );
    assert!(is_transient);

    let name = database.sql("SELECT current_database()");
    database.sql(&format!("CREATE TABLE t (id int); CREATE ROLE limited LOGIN PASSWORD 'hunter2' CONNECTION LIMIT 0; GRANT SELECT ON t TO limited; GRANT CONNECT ON DATABASE {name} TO limited"));
    let url = database
        .url()
        .replace("postgres:hunter2-of-the-server@", "limited:hunter2@");
    let (text, is_transient) = failure(&configured(&[("connection.url", url.as_str()), ("table", "t")])).await;
    assert!(text.contains("too many connections for role \"limited\""), "{text}");
    assert!(is_transient);
}

#[tokio::test]
async fn a_server_that_goes_away_is_told_as_such() {
    let Some(database) = postgres() else { return };
    database.sql("CREATE TABLE t AS SELECT n AS id FROM generate_series(1, 100000) AS n");
    let config = DatabaseSourceConfig {
        fetch_size: 100,
        ..postgres_config(&database, table("t"))
    };
    let source = connect(&config).await;
    let mut load = source.bulk_load(&all_columns(&source, 100)).await.unwrap();
    load.partitions[0].next_batch().await.unwrap();
    database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'velostream' AND datname = current_database()");
    let error = loop {
        match load.partitions[0].next_batch().await {
            Ok(velo_datasources::NextBatch::Batch(_)) => {}
            Ok(other) => panic!("{other:?}"),
            Err(error) => break error,
        }
    };
    let (text, is_transient) = told(&error);
    assert!(matches!(error, SourceError::Connection { .. }), "{text}");
    assert!(is_transient, "{text}");
}

#[tokio::test]
async fn a_missing_privilege_is_told_with_the_grant() {
    let Some(database) = postgres() else { return };
    database.sql("CREATE TABLE t (id int); CREATE ROLE reader LOGIN PASSWORD 'hunter2'");
    let url = database
        .url()
        .replace("postgres:hunter2-of-the-server@", "reader:hunter2@");
    let source = connect(&configured(&[("connection.url", url.as_str()), ("table", "t")])).await;
    let error = source.bulk_load(&all_columns(&source, 10)).await.err().unwrap();
    let (text, is_transient) = told(&error);
    assert!(
        text.ends_with("permission denied for table t; it takes a GRANT SELECT for this user"),
        "{text}"
    );
    assert!(!is_transient);
}
