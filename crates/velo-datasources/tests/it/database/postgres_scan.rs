use std::time::{Duration, Instant};

use velo_data::SystemColumn;
use velo_datasources::{
    BulkSource, NextBatch, ReadRequest, SizeEstimate, Source, SourceConfig, SplitPosition, SplitPositions,
    TableDataSource, open_source,
};

use super::{all_columns, connect, postgres, postgres_config, query, read, table};

#[tokio::test]
async fn a_scan_sees_the_database_as_it_was_when_it_began() {
    let Some(database) = postgres() else { return };
    database.sql("CREATE TABLE t AS SELECT n AS id FROM generate_series(1, 20000) AS n");
    let mut config = postgres_config(&database, table("t"));
    config.fetch_size = 100;
    config.incremental_column = Some("id".to_owned());
    let source = connect(&config).await;
    let load = source.bulk_load(&all_columns(&source, 50)).await.unwrap();
    database.sql("INSERT INTO t VALUES (99999); DELETE FROM t WHERE id <= 20000; UPDATE t SET id = -1");
    let loaded = read(load).await;
    assert_eq!(loaded.row_count(), 20_000);
    assert_eq!(
        format!("{:?}", loaded.reached),
        r#"HighWater { column: "id", value: Some("20000") }"#
    );
    assert_eq!(database.sql("SELECT * FROM t"), "-1");
}

#[tokio::test]
async fn many_rows_come_in_batches_whatever_the_fetch_size() {
    let Some(database) = postgres() else { return };
    database.sql("CREATE TABLE t AS SELECT n AS id, 'name ' || n AS name, n / 100::numeric(12, 2) AS price FROM generate_series(1, 100000) AS n");
    for (fetch_size, batch_rows) in [
        (10_000, 1000),
        (1000, 10_000),
        (777, 333),
        (100_000, 100_000),
        (1_000_000, 7000),
    ] {
        let mut config = postgres_config(&database, query("SELECT id, name FROM t ORDER BY id"));
        config.fetch_size = fetch_size;
        let source = connect(&config).await;
        let loaded = read(source.bulk_load(&all_columns(&source, batch_rows)).await.unwrap()).await;
        assert_eq!(loaded.row_count(), 100_000, "{fetch_size}");
        let full = &loaded.batches[..loaded.batches.len() - 1];
        assert!(full.iter().all(|batch| batch.num_rows() == batch_rows));
    }
}

#[tokio::test]
async fn only_the_requested_columns_are_read() {
    let Some(database) = postgres() else { return };
    database.sql("CREATE TABLE t (a int, b text, c int); INSERT INTO t VALUES (1, 'x', 2), (3, 'y', 4)");
    let source = connect(&postgres_config(&database, table("t"))).await;
    let request = |columns: &[usize]| ReadRequest {
        columns: columns.to_vec(),
        ..all_columns(&source, 10)
    };
    let rows = |columns: &'static [usize]| {
        let request = request(columns);
        let source = &source;
        async move { read(source.bulk_load(&request).await.unwrap()).await }
    };
    assert_eq!(
        rows(&[2, 0]).await.rows().await,
        "{\"c\":2,\"a\":1}\n{\"c\":4,\"a\":3}\n"
    );
    assert_eq!(rows(&[]).await.row_count(), 2);

    let with_metadata = ReadRequest {
        system: vec![SystemColumn::Topic],
        ..request(&[0])
    };
    let loaded = read(source.bulk_load(&with_metadata).await.unwrap()).await;
    assert_eq!(
        loaded.rows().await,
        "{\"a\":1,\"_topic\":null}\n{\"a\":3,\"_topic\":null}\n"
    );
}

#[tokio::test]
async fn sizes_are_estimated_from_the_servers_statistics() {
    let Some(database) = postgres() else { return };
    database.sql("CREATE TABLE t AS SELECT n FROM generate_series(1, 5000) AS n; ANALYZE t");
    let source = connect(&postgres_config(&database, table("t"))).await;
    let expected = SizeEstimate {
        rows: Some(5000),
        bytes: Some(20_000),
    };
    assert_eq!(source.size_estimate().await.unwrap(), expected);
    let load = source.bulk_load(&all_columns(&source, 10)).await.unwrap();
    assert_eq!(load.size, expected);
    assert!(!source.supports_incremental());
    assert!(source.endpoint().unwrap().starts_with("postgres://127.0.0.1:"));
}

/// How many sessions of ours the server has.
fn sessions(database: &velo_testservices::Database) -> String {
    database.sql(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'velostream' AND datname = current_database()",
    )
}

#[tokio::test]
async fn a_scan_that_is_dropped_leaves_nothing_running() {
    let Some(database) = postgres() else { return };
    database.sql("CREATE TABLE t AS SELECT n AS id FROM generate_series(1, 200000) AS n");
    let mut config = postgres_config(&database, table("t"));
    config.fetch_size = 1000;
    let source = connect(&config).await;
    let mut half_read = source.bulk_load(&all_columns(&source, 1000)).await.unwrap();
    assert!(matches!(
        half_read.partitions[0].next_batch().await.unwrap(),
        NextBatch::Batch(_)
    ));
    let slow = postgres_config(
        &database,
        query("SELECT pg_sleep(60)::text AS slept, n FROM generate_series(1, 3) AS n"),
    );
    let slow = connect(&slow).await;
    let waiting = slow.bulk_load(&all_columns(&slow, 1000)).await.unwrap();
    assert_eq!(sessions(&database), "2");

    drop((half_read, waiting));
    let began = Instant::now();
    while sessions(&database) != "0" {
        assert!(began.elapsed() < Duration::from_secs(10), "the server goes on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn a_database_is_a_bounded_source_too() {
    let Some(database) = postgres() else { return };
    database.sql("CREATE TABLE t AS SELECT n AS id FROM generate_series(1, 5) AS n");
    let config = SourceConfig::Database(postgres_config(&database, table("t")));
    assert!(config.is_remote());
    // Opened and read from threads without an event loop for sockets, as workers are.
    let source = open_source(&config, None).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let request = crate::support::request(source.as_ref(), &[], 100);
    let counted = runtime.block_on(async {
        let mut readers = crate::support::readers(source.as_ref(), &request, None).await;
        let mut rows = 0;
        while let NextBatch::Batch(batch) = readers[0].next_batch().await.unwrap() {
            rows += batch.records.num_rows();
        }
        rows
    });
    assert_eq!(counted, 5);
    assert_eq!(source.estimated_bytes(), None);
}

#[tokio::test]
async fn a_bounded_source_starts_at_its_beginning() {
    let Some(database) = postgres() else { return };
    database.sql("CREATE TABLE t (id int)");
    let source = BulkSource::new(connect(&postgres_config(&database, table("t"))).await);
    let request = crate::support::request(&source, &[], 100);
    assert!(!source.is_resumable());
    assert!(source.open(&request, None).await.unwrap()[0].reader.position().is_err());
    let from = SplitPositions::from([(0_u64.into(), SplitPosition::Batches { next: 2 })]);
    let error = source.open(&request, Some(&from)).await.err().unwrap();
    assert!(
        error
            .to_string()
            .ends_with("can only be read from its beginning; start anew to read what is there now"),
        "{error}"
    );
}
