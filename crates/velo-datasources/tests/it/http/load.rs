use std::time::{Duration, Instant};

use velo_data::SqlType;
use velo_datasources::{NextBatch, TableDataSource, connect_table_source};
use velo_testservices::{Answer, Gate, HttpServer};

use crate::support::{batch_of, schema};
use crate::tables::{batches_of, config, whole};

/// Enough that it fits into no buffer.
const BYTES: usize = 64 << 20;

/// A server with a large document of records, and its source.
async fn large() -> (HttpServer, std::sync::Arc<dyn TableDataSource>) {
    let server = HttpServer::start();
    let body = b"{\"id\": 12345678901234567890123, \"text\": \"0123456789012345678901234\"}\n".repeat(BYTES / 64);
    server.on("/large.jsonl", move |_| Answer::new(200, body.clone()));
    let url = server.url("/large.jsonl");
    let declared = schema(&[("text", SqlType::String)]);
    let source = connect_table_source(&config(&[("path", &url)]), Some(&declared))
        .await
        .unwrap();
    (server, source)
}

/// Waits until something is so, for a while.
async fn eventually(is_so: impl Fn() -> bool) -> bool {
    let began = Instant::now();
    while !is_so() && began.elapsed() < Duration::from_secs(10) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    is_so()
}

/// Memory does not depend on the size of a document: the server waits for whoever reads.
#[tokio::test]
async fn nothing_is_fetched_that_nobody_reads() {
    let (server, source) = large().await;
    let mut load = source.bulk_load(&whole(source.as_ref())).await.unwrap();
    assert!(matches!(
        load.partitions[0].next_batch().await.unwrap(),
        NextBatch::Batch(_)
    ));
    tokio::time::sleep(Duration::from_millis(500)).await;
    let sent = server.sent_bytes();
    assert!(
        sent < BYTES as u64 / 4,
        "{sent} of {BYTES} bytes were sent for one batch"
    );
}

#[tokio::test]
async fn a_load_that_is_given_up_is_not_fetched_any_further() {
    let (server, source) = large().await;
    let load = source.bulk_load(&whole(source.as_ref())).await.unwrap();
    drop(load);
    assert!(eventually(|| server.abandoned() == 1).await);

    let mut load = source.bulk_load(&whole(source.as_ref())).await.unwrap();
    assert!(matches!(
        load.partitions[0].next_batch().await.unwrap(),
        NextBatch::Batch(_)
    ));
    drop(load);
    assert!(eventually(|| server.abandoned() == 2).await);
}

#[tokio::test]
async fn rows_that_are_there_do_not_wait_for_those_on_their_way() {
    let server = HttpServer::start();
    let gate = Gate::default();
    let there = "id\n1000000\n2000000\n3000";
    let held = Answer::ok("text/csv", format!("{there}000\n4000000\n")).held_at(there.len(), &gate);
    server.on("/slow.csv", move |_| held.clone());
    let url = server.url("/slow.csv");
    let declared = schema(&[("id", SqlType::BigInt)]);
    let source = connect_table_source(&config(&[("path", &url)]), Some(&declared)).await;
    let source = source.unwrap();
    let mut load = source.bulk_load(&whole(source.as_ref())).await.unwrap();
    let partition = load.partitions[0].as_mut();
    let mut rows = 0;
    while rows < 2 {
        rows += batch_of(partition).await.records.num_rows();
    }
    assert_eq!(rows, 2);
    gate.open();
    let rest: Vec<_> = batches_of(partition).await.unwrap();
    assert_eq!(rest.iter().map(|batch| batch.records.num_rows()).sum::<usize>(), 2);
}
