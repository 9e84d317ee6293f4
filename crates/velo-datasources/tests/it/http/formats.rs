use std::io::Write as _;

use velo_data::SqlType;
use velo_testservices::{Answer, HttpServer};

use super::told;
use crate::support::schema;
use crate::tables::{config, load};

const ROWS: &str = "{\"id\":1,\"name\":\"a\"}\n{\"id\":2,\"name\":\"b\"}\n";

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn formats_are_told_by_type_by_name_or_by_the_program() {
    let csv = "id,name\n1,a\n2,b\n";
    let lines = "{\"id\": 1, \"name\": \"a\"}\n{\"id\": 2, \"name\": \"b\"}\n";
    let array = "[{\"id\": 1, \"name\": \"a\"}, {\"id\": 2, \"name\": \"b\"}]";
    let within = format!("{{\"total\": 2, \"data\": {{\"items\": {array}}}}}");
    let plain = "application/octet-stream";
    let cases = [
        ("/by/type", Answer::ok("text/csv; charset=utf-8", csv), &[][..]),
        ("/by/type", Answer::ok("application/json", array), &[]),
        ("/by/type", Answer::ok("application/x-ndjson", lines), &[]),
        ("/by/name.csv", Answer::ok(plain, csv), &[]),
        ("/by/name.json", Answer::ok(plain, array), &[]),
        ("/by/name.jsonl", Answer::ok(plain, lines), &[]),
        ("/by/name.csv.gz", Answer::ok(plain, gzip(csv)), &[]),
        ("/by/name.json.gz", Answer::ok(plain, gzip(array)), &[]),
        (
            "/encoded",
            Answer::ok("text/csv", gzip(csv)).with_header("Content-Encoding", "gzip"),
            &[],
        ),
        ("/said", Answer::ok("text/plain", csv), &[("format", "csv")]),
        (
            "/said",
            Answer::ok("text/plain", csv.replace(',', ";")),
            &[("format", "csv"), ("delimiter", ";")],
        ),
        ("/said", Answer::ok("text/csv", lines), &[("format", "jsonlines")]),
        (
            "/said",
            Answer::ok("text/plain", gzip(lines)),
            &[("format", "jsonlines"), ("compression", "gzip")],
        ),
        ("/within", Answer::ok(plain, within), &[("records.path", "data.items")]),
    ];
    let declared = schema(&[("id", SqlType::BigInt), ("name", SqlType::String)]);
    for (target, answer, settings) in cases {
        let server = HttpServer::start();
        server.on(target, move |_| answer.clone());
        let url = server.url(&format!("{target}?key=secret"));
        let mut properties = vec![("type", "http_source"), ("url", url.as_str())];
        properties.extend(settings);
        for declared in [None, Some(&declared)] {
            let read = load(&config(&properties), declared).await.unwrap();
            assert_eq!(read.rows, ROWS, "{properties:?}");
            assert_eq!(read.rejected, "", "{properties:?}");
        }
    }
}

#[tokio::test]
async fn rows_that_cannot_be_read_do_not_stop_the_others() {
    let server = HttpServer::start();
    server.on("/rows.jsonl", |_| {
        Answer::new(200, "{\"id\": 1}\n{\"id\": \"x\"}\n{\"id\": 3}\n")
    });
    let url = server.url("/rows.jsonl");
    let read = load(&config(&[("path", &url)]), Some(&schema(&[("id", SqlType::BigInt)])))
        .await
        .unwrap();
    assert_eq!(read.lines(), ["{\"id\":1}", "{\"id\":3}"]);
    assert_eq!(
        read.rejected,
        "invalid_value: rows.jsonl:2: column `id`: `\"x\"` is not a BIGINT: it is a string; declare the column STRING and CAST it\n"
    );
}

#[tokio::test]
async fn answers_that_are_something_else_are_refused() {
    let html = || Answer::ok("text/html", "<html>Log in</html>");
    let json = |body: &str| Answer::ok("application/json", body);
    let cases = [
        ("/data", html(), &[][..]),
        ("/data", json("{\"rows\": []}"), &[]),
        ("/data", json("{\"rows\": []}"), &[("records.path", "items")]),
        ("/data", json("[{\"id\": 1}"), &[]),
        ("/data", Answer::ok("text/csv", "PAR1"), &[]),
        (
            "/data",
            Answer::ok("text/csv", "id\n1\n").with_header("Content-Encoding", "br"),
            &[],
        ),
        ("/data.csv", Answer::ok("text/csv", "name\na\n"), &[]),
    ];
    let declared = schema(&[("id", SqlType::BigInt)]);
    let mut lines = Vec::new();
    for (target, answer, settings) in cases {
        let server = HttpServer::start();
        server.on(target, move |_| answer.clone());
        let url = server.url(target);
        let mut properties = vec![("type", "http_source"), ("url", url.as_str())];
        properties.extend(settings);
        let error = load(&config(&properties), Some(&declared)).await.unwrap_err();
        assert!(!error.is_transient(), "{error}");
        lines.push(told(&server, &error));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn a_large_document_comes_in_batches() {
    let server = HttpServer::start();
    let body: String = (0..100_000).map(|id| format!("{{\"id\": {id}}}\n")).collect();
    let bytes = body.len() as u64;
    server.on("/large.jsonl", move |_| Answer::new(200, body.clone()));
    let url = server.url("/large.jsonl");
    let source = velo_datasources::connect_table_source(&config(&[("path", &url)]), None)
        .await
        .unwrap();
    assert_eq!(source.size_estimate().await.unwrap().bytes, Some(bytes));
    let mut load = source.bulk_load(&crate::tables::whole(source.as_ref())).await.unwrap();
    let batches = crate::tables::batches_of(load.partitions[0].as_mut()).await.unwrap();
    assert_eq!(
        batches.iter().map(|batch| batch.records.num_rows()).sum::<usize>(),
        100_000
    );
    assert_eq!(batches.iter().map(|batch| batch.bytes_read).sum::<u64>(), bytes);
    assert!(batches.len() >= 100, "{}", batches.len());
}
