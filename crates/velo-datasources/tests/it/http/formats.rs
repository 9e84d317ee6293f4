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
        (
            "/by/type",
            Answer::ok("application/vnd.api+json; charset=utf-8", array),
            &[],
        ),
        (
            "/by/type",
            Answer::ok("application/geo+json", within.clone()),
            &[("records.path", "data.items")],
        ),
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
        (
            "/within",
            Answer::ok(plain, within.clone()),
            &[("records.path", "data.items")],
        ),
        (
            "/within",
            Answer::ok(plain, gzip(&within)).with_header("Content-Encoding", "gzip"),
            &[("records.path", "data.items")],
        ),
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

/// The bytes of `é` are those that Python's `str.encode` gives.
#[tokio::test]
async fn text_is_in_the_encoding_that_the_server_or_the_program_says() {
    /// Content type, body, and properties.
    type Case = (&'static str, Vec<u8>, &'static [(&'static str, &'static str)]);
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let document = b"{\"rows\": [{\"name\": \"\xE9\"}]}".to_vec();
    let cases: [Case; 8] = [
        ("text/csv; charset=ISO-8859-1", b"name\n\xE9\n".to_vec(), &[]),
        (
            "text/csv; header=present; Charset=\"latin1\"",
            b"name\n\xE9\n".to_vec(),
            &[],
        ),
        ("text/csv;charset=utf-16le", utf16("name\né\n"), &[]),
        ("text/csv; charset=us-ascii", "name\né\n".as_bytes().to_vec(), &[]),
        ("text/csv; charset=", "name\né\n".as_bytes().to_vec(), &[]),
        // What the program says goes before it.
        (
            "text/csv; charset=iso-8859-1",
            "name\né\n".as_bytes().to_vec(),
            &[("encoding", "utf-8")],
        ),
        ("text/csv", b"name\n\xE9\n".to_vec(), &[("encoding", "windows-1252")]),
        (
            "application/json; charset=iso-8859-1",
            document,
            &[("records.path", "rows")],
        ),
    ];
    for (kind, body, settings) in cases {
        let server = HttpServer::start();
        server.on("/data", move |_| Answer::ok(kind, body.clone()));
        let url = server.url("/data");
        let mut properties = vec![("type", "http_source"), ("url", url.as_str())];
        properties.extend(settings);
        let read = load(&config(&properties), None).await.unwrap();
        assert_eq!(
            (read.rows.as_str(), read.rejected.as_str()),
            ("{\"name\":\"é\"}\n", ""),
            "{kind}"
        );
    }
    let server = HttpServer::start();
    server.on("/data", |_| Answer::ok("text/csv; charset=klingon", "id\n1\n"));
    let url = server.url("/data");
    let error = load(&config(&[("path", url.as_str())]), None).await.unwrap_err();
    let text = told(&server, &error);
    assert!(text.contains("`klingon`") && text.contains("`encoding`"), "{text}");
}

/// Such answers say that there is nothing, not that something is wrong.
#[tokio::test]
async fn no_records_are_no_rows() {
    let json = |body: &str| Answer::ok("application/json", body);
    let cases: [(Answer, &[(&str, &str)]); 7] = [
        (json("[]"), &[]),
        (json(" [ ] \n"), &[]),
        (json("{\"rows\": []}"), &[("records.path", "rows")]),
        (json("{\"rows\": null}"), &[("records.path", "rows")]),
        (json("{\"data\": {\"rows\": null}}"), &[("records.path", "data.rows")]),
        (Answer::new(204, ""), &[]),
        (
            json("{\"rows\": null}"),
            &[("records.path", "rows"), ("paging.style", "page")],
        ),
    ];
    let declared = schema(&[("id", SqlType::BigInt)]);
    for (answer, settings) in cases {
        let server = HttpServer::start();
        server.on("/data", move |_| answer.clone());
        let url = server.url("/data");
        let mut properties = vec![("type", "http_source"), ("url", url.as_str())];
        properties.extend(settings);
        let read = load(&config(&properties), Some(&declared)).await.unwrap();
        assert_eq!((read.rows.as_str(), read.rejected.as_str()), ("", ""), "{settings:?}");
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
