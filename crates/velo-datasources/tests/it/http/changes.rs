use velo_datasources::{Increment, SourceOffset, connect_table_source};
use velo_testservices::{Answer, HttpServer, Request};

use crate::tables::{config, read_all, whole};

/// A document that answers conditional requests; `mark` is how it is told from others.
fn document(header: &'static str, mark: &'static str, body: &'static str) -> impl Fn(&Request) -> Answer + Send {
    move |request| {
        let asked = ["if-none-match", "if-modified-since"].map(|name| request.header(name));
        let answer = if asked.contains(&Some(mark)) {
            Answer::new(304, "")
        } else {
            Answer::ok("text/csv", body)
        };
        answer.with_header(header, mark)
    }
}

#[tokio::test]
async fn a_document_is_read_again_only_if_it_has_changed() {
    let marks = [
        ("ETag", "\"v1\"", "\"v2\""),
        (
            "Last-Modified",
            "Wed, 21 Oct 2015 07:28:00 GMT",
            "Thu, 22 Oct 2015 07:28:00 GMT",
        ),
    ];
    for (header, first, second) in marks {
        let server = HttpServer::start();
        server.on("/data", document(header, first, "id\n1\n"));
        let url = server.url("/data");
        let source = connect_table_source(&config(&[("type", "http_source"), ("url", &url)]), None)
            .await
            .unwrap();
        assert!(source.supports_incremental());
        let request = whole(source.as_ref());
        let load = source.bulk_load(&request).await.unwrap();
        let since = load.reached.offset();
        assert_eq!(read_all(load).await.unwrap().rows, "{\"id\":1}\n");
        assert_eq!(source.current_offset().await.unwrap(), since);

        let Increment::Rows(nothing) = source.incremental_load(&request, &since).await.unwrap() else {
            panic!("nothing has changed");
        };
        assert_eq!(nothing.partitions.len(), 0);
        assert_eq!(nothing.reached.offset(), since);

        server.on("/data", document(header, second, "id\n1\n2\n"));
        assert_ne!(source.current_offset().await.unwrap(), since);
        let Increment::Reload { reason } = source.incremental_load(&request, &since).await.unwrap() else {
            panic!("it has changed");
        };
        assert_eq!(reason, format!("{url} has changed"));
    }
}

#[tokio::test]
async fn without_marks_all_is_read_again() {
    let server = HttpServer::start();
    server.on("/data", |_| Answer::ok("text/csv", "id\n1\n"));
    let url = server.url("/data");
    let source = connect_table_source(&config(&[("type", "http_source"), ("url", &url)]), None)
        .await
        .unwrap();
    let request = whole(source.as_ref());
    for since in [source.current_offset().await.unwrap(), SourceOffset::Unknown] {
        let Increment::Reload { reason } = source.incremental_load(&request, &since).await.unwrap() else {
            panic!("nobody can tell");
        };
        assert_eq!(
            reason,
            format!("the server of {url} gives neither ETag nor Last-Modified")
        );
    }
}

/// The first page says nothing of the others.
#[tokio::test]
async fn pages_are_always_read_again() {
    let server = HttpServer::start();
    server.on("/data", document("ETag", "\"v1\"", "id\n1\n"));
    let url = server.url("/data");
    let settings = [("type", "http_source"), ("url", url.as_str()), ("paging.style", "link")];
    let source = connect_table_source(&config(&settings), None).await.unwrap();
    assert!(!source.supports_incremental());
    let load = source.bulk_load(&whole(source.as_ref())).await.unwrap();
    assert_eq!(load.reached.offset(), SourceOffset::Unknown);
}

#[tokio::test]
async fn servers_without_head_are_asked_otherwise() {
    let server = HttpServer::start();
    let answer = document("ETag", "\"v1\"", "id\n1\n");
    server.on("/data", move |request| match request.method.as_str() {
        "HEAD" => Answer::new(405, ""),
        _ => answer(request),
    });
    let url = server.url("/data");
    let source = connect_table_source(&config(&[("type", "http_source"), ("url", &url)]), None)
        .await
        .unwrap();
    let expected = SourceOffset::Document {
        etag: Some("\"v1\"".to_owned()),
        last_modified: None,
    };
    assert_eq!(source.current_offset().await.unwrap(), expected);
    assert_eq!(source.size_estimate().await.unwrap().bytes, None);
}
