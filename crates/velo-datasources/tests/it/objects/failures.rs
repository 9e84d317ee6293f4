use std::collections::BTreeMap;
use std::net::TcpListener;

use velo_data::SqlType;
use velo_datasources::{SourceConfig, SourceError, connect_table_source};
use velo_testservices::{Answer, HttpServer};

use super::{SECRET, bucket, bucket_config};
use crate::support::schema;
use crate::tables::load;

fn xml(status: u16, code: &str, message: &str) -> Answer {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>");
    Answer::new(status, body).with_header("Content-Type", "application/xml")
}

async fn failure(endpoint: &str, path: &str) -> SourceError {
    let config = bucket_config(endpoint, path, &[]);
    let declared = schema(&[("id", SqlType::BigInt)]);
    let error = load(&config, Some(&declared)).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(SECRET), "{error:?}");
    error
}

#[tokio::test]
async fn what_is_not_there_is_told() {
    let Some(server) = bucket("here") else { return };
    server.put("here", "a.csv", "id\n1\n");
    let cases = [
        ("s3://nowhere/a.csv", "there is no such bucket"),
        ("s3://nowhere/*.csv", "there is no such bucket"),
        (
            "s3://here/b.csv",
            "there is no such object, and none below it whose name tells a known format",
        ),
        (
            "s3://here/a[.csv",
            "no object has this key, and as a pattern it is malformed: invalid range pattern",
        ),
        (
            "s3://here/*.parquet",
            "no object has this key, and none matches it as a pattern",
        ),
    ];
    for (path, message) in cases {
        let error = failure(&server.endpoint(), path).await;
        assert_eq!(error.to_string(), format!("{path}: {message}"));
        assert!(!error.is_transient());
    }
}

/// What a store answers, by its documentation of errors.
#[tokio::test]
async fn answers_tell_whether_another_try_may_help() {
    let cases = [
        (403, "AccessDenied", "Access Denied", false),
        (403, "SignatureDoesNotMatch", "The signature does not match.", false),
        (
            400,
            "AuthorizationHeaderMalformed",
            "The region 'a' is wrong; expecting 'b'",
            false,
        ),
        (503, "SlowDown", "Please reduce your request rate.", true),
        (
            500,
            "InternalError",
            "We encountered an internal error. Please try again.",
            true,
        ),
    ];
    let mut lines = Vec::new();
    for (status, code, message, is_transient) in cases {
        let server = HttpServer::start();
        server.on("/bucket", move |_| xml(status, code, message));
        let error = failure(&server.url(""), "s3://bucket/*.csv").await;
        assert_eq!(error.is_transient(), is_transient, "{status} {error}");
        lines.push(error.to_string());
    }
    insta::assert_snapshot!(lines.join("\n"));
}

/// One hiccup among thousands of requests does not fail a load.
#[tokio::test]
async fn a_single_hiccup_is_no_failure() {
    let Some(server) = bucket("hiccup") else { return };
    server.put("hiccup", "a.csv", "id\n1\n");
    let flaky = HttpServer::start();
    let list = "<ListBucketResult><Name>b</Name><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys>\
         <IsTruncated>false</IsTruncated><Contents><Key>a.csv</Key>\
         <LastModified>2024-01-01T00:00:00.000Z</LastModified><ETag>&quot;x&quot;</ETag><Size>5</Size>\
         </Contents></ListBucketResult>";
    flaky.on_in_turn("/bucket", [xml(503, "SlowDown", "Slow down"), Answer::new(200, list)]);
    let object = || {
        Answer::new(200, "id\n1\n")
            .with_header("ETag", "\"x\"")
            .with_header("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
    };
    flaky.on_in_turn("/bucket/a.csv", [xml(500, "InternalError", "Oops"), object()]);
    let config = bucket_config(&flaky.url(""), "s3://bucket/*.csv", &[]);
    let read = load(&config, Some(&schema(&[("id", SqlType::BigInt)]))).await.unwrap();
    assert_eq!(read.lines(), ["{\"id\":1}"]);
}

#[tokio::test]
async fn a_store_that_is_not_there_is_transient() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let error = failure(&format!("http://{address}"), "s3://bucket/*.csv").await;
    assert!(error.is_transient());
    let text = error.to_string();
    assert!(
        text.starts_with("cannot reach s3://bucket/") && text.contains("refused"),
        "{text}"
    );
}

#[tokio::test]
async fn a_source_says_where_it_reads_and_never_with_what() {
    let config = bucket_config("http://127.0.0.1:9", "s3://bucket/a/*.csv", &[]);
    // Declared columns are not asked for.
    let source = connect_table_source(&config, Some(&schema(&[("id", SqlType::BigInt)])))
        .await
        .unwrap();
    assert_eq!(source.location(), "s3://bucket/a/*.csv");
    assert_eq!(source.endpoint().as_deref(), Some("http://127.0.0.1:9/bucket"));
    let shown = format!("{config:?} {source:?}");
    assert!(!shown.contains(SECRET), "{shown}");
}

#[test]
fn properties_are_checked() {
    let cases: [&[(&str, &str)]; 12] = [
        &[("type", "s3_source")],
        &[("path", "s3://")],
        &[("path", "s3://*/a.csv")],
        &[("type", "s3_source"), ("path", "a.csv")],
        &[("type", "s3_source"), ("path", "gs://bucket/a.csv")],
        &[("path", "s3://bucket/a.txt")],
        &[("path", "s3://bucket/a.csv"), ("s3.endpoint", "http://localhost:9000")],
        &[
            ("path", "s3://bucket/a.csv"),
            ("s3.endpoint", "https://me:s3cr3t@localhost:9000"),
        ],
        &[("path", "s3://bucket/a.csv"), ("s3.endpoint", "localhost")],
        &[("path", "s3://bucket/a.csv"), ("s3.access.key.id", "me")],
        &[("path", "s3://bucket/a.csv"), ("s3.secret.access.key", "s3cr3t")],
        &[("path", "s3://bucket/a.csv"), ("watch", "true")],
    ];
    let mut lines = Vec::new();
    for case in cases {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let properties: BTreeMap<String, String> = case.iter().map(owned).collect();
        let errors = SourceConfig::from_properties(None, &properties).unwrap_err();
        let told = errors
            .iter()
            .map(|error| format!("\n    {:?} {}: {error}", error.kind, error.key));
        lines.push(format!("{case:?}{}", told.collect::<String>()));
    }
    let all = lines.join("\n");
    let messages: String = all.lines().filter(|line| line.starts_with("    ")).collect();
    assert!(!messages.contains("s3cr3t"), "{messages}");
    insta::assert_snapshot!(all);
}
