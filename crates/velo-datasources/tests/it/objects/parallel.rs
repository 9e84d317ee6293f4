use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use velo_data::SqlType;
use velo_testservices::{Answer, Gate, HttpServer};

use super::bucket_config;
use crate::support::schema;
use crate::tables::load;

/// No object comes before eight are asked for: they are fetched side by side, and come in their order all the same.
#[tokio::test]
async fn several_objects_are_fetched_at_a_time() {
    const OBJECTS: usize = 16;
    const AT_A_TIME: usize = 8;
    let server = HttpServer::start();
    let (gate, asked) = (Gate::default(), Arc::new(AtomicUsize::new(0)));
    let mut contents = String::new();
    for index in 0..OBJECTS {
        let body = format!("{{\"id\": {index}}}\n");
        let size = body.len();
        write!(
            contents,
            "<Contents><Key>{index:02}.jsonl</Key><LastModified>2024-01-01T00:00:00.000Z</LastModified>\
             <ETag>&quot;{index}&quot;</ETag><Size>{size}</Size></Contents>"
        )
        .unwrap();
        let (gate, asked) = (gate.clone(), Arc::clone(&asked));
        server.on(&format!("/bucket/{index:02}.jsonl"), move |request| {
            if asked.fetch_add(1, Ordering::Relaxed) + 1 == AT_A_TIME {
                gate.open();
            }
            let etag = format!("\"{index}\"");
            assert_eq!(request.header("if-match"), Some(etag.as_str()));
            Answer::new(200, body.clone())
                .with_header("ETag", &etag)
                .with_header("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
                .held_at(0, &gate)
        });
    }
    let list =
        format!("<ListBucketResult><Name>bucket</Name><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>");
    server.on("/bucket", move |_| Answer::new(200, list.clone()));
    let config = bucket_config(&server.url(""), "s3://bucket/*.jsonl", &[]);
    let declared = schema(&[("id", SqlType::BigInt)]);
    let read = load(&config, Some(&declared)).await.unwrap();
    let expected: String = (0..OBJECTS).map(|id| format!("{{\"id\":{id}}}\n")).collect();
    assert_eq!(read.rows, expected);
}
