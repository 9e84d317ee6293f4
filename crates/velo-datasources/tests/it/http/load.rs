use std::time::{Duration, Instant};

use velo_data::SqlType;
use velo_datasources::{NextBatch, TableDataSource, connect_table_source};
use velo_testservices::{Answer, HttpServer};

use crate::support::schema;
use crate::tables::{config, whole};

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
