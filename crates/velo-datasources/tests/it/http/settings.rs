use std::collections::BTreeMap;

use velo_datasources::{SourceConfig, connect_table_source};
use velo_testservices::{Answer, HttpServer};

use super::told;
use crate::tables::{config, load};

const SECRET: &str = "s3cr3t-value";

#[tokio::test]
async fn requests_carry_headers_and_credentials() {
    // echo -n 'me:s3cr3t-value' | base64
    let cases = [
        (vec![("auth.bearer", SECRET)], "authorization", "Bearer s3cr3t-value"),
        (
            vec![("auth.user", "me"), ("auth.password", SECRET)],
            "authorization",
            "Basic bWU6czNjcjN0LXZhbHVl",
        ),
        (
            vec![("headers", r#"{"X-Api-Key": "s3cr3t-value"}"#)],
            "x-api-key",
            SECRET,
        ),
    ];
    for (settings, header, expected) in cases {
        let server = HttpServer::start();
        server.on("/data", |_| Answer::ok("text/csv", "id\n1\n"));
        let url = server.url("/data");
        let mut properties = vec![("type", "http_source"), ("url", url.as_str())];
        properties.extend(settings);
        load(&config(&properties), None).await.unwrap();
        assert!(
            server
                .requests()
                .iter()
                .all(|request| request.header(header) == Some(expected))
        );
    }
}

/// Neither what is printed of a source nor any of its errors shows what it knows.
#[tokio::test]
async fn secrets_are_never_shown() {
    let server = HttpServer::start();
    let other = HttpServer::start();
    let elsewhere = other.url("/data");
    server.on("/data", |_| Answer::new(403, "no"));
    server.on("/moved", move |_| {
        Answer::new(302, "").with_header("Location", &elsewhere)
    });
    let next = format!("<{}>; rel=next", other.url("/data"));
    server.on("/pages", move |_| {
        Answer::ok("text/csv", "id\n1\n").with_header("Link", &next)
    });
    let credentials = [
        vec![("auth.bearer", SECRET)],
        vec![("auth.user", "me"), ("auth.password", SECRET)],
        vec![("headers", r#"{"X-Api-Key": "s3cr3t-value"}"#)],
    ];
    for credentials in credentials {
        for target in ["/data", "/moved", "/pages"] {
            let url = server.url(&format!("{target}?key={SECRET}"));
            let mut properties = vec![("type", "http_source"), ("url", url.as_str()), ("paging.style", "link")];
            properties.extend(&credentials);
            let config = config(&properties);
            let error = load(&config, None).await.unwrap_err();
            assert!(!error.is_transient(), "{error}");
            let shown = format!("{} {error:?} {config:?}", told(&server, &error));
            assert!(!shown.contains(SECRET), "{shown}");
        }
    }
    // Another server gets to see nothing at all.
    assert_eq!(other.requests(), []);
}

#[tokio::test]
async fn a_source_says_where_it_reads() {
    let url = format!("https://example.com:8443/data.csv?key={SECRET}#part");
    let declared = crate::support::schema(&[("id", velo_data::SqlType::BigInt)]);
    // Declared columns are not asked for.
    let source = connect_table_source(&config(&[("path", &url)]), Some(&declared))
        .await
        .unwrap();
    assert_eq!(source.location(), "https://example.com:8443/data.csv?…");
    assert_eq!(source.endpoint().as_deref(), Some("https://example.com:8443"));
    assert!(!format!("{source:?}").contains(SECRET));
}

#[test]
fn properties_are_checked() {
    let base = [("type", "http_source"), ("url", "https://example.com/data.csv")];
    let cases: [&[(&str, &str)]; 20] = [
        &[("url", "")],
        &[("url", "example.com/data")],
        &[("url", "ftp://example.com/data")],
        &[("url", "https://me:s3cr3t@example.com/data")],
        &[("path", "https://example.com/data.csv")],
        &[("method", "POST")],
        &[("format", "parquet")],
        &[("format", "yaml")],
        &[("headers", "X-Api-Key: s3cr3t")],
        &[("headers", "{\"X Api Key\": \"s3cr3t\"}")],
        &[("auth.bearer", "s3cr3t"), ("auth.user", "me")],
        &[("auth.password", "s3cr3t")],
        &[("paging.style", "offset")],
        &[("paging.style", "cursor")],
        &[("paging.max_pages", "0")],
        &[("records.path", "data..items")],
        &[("records.path", "data"), ("format", "csv")],
        &[("connect.timeout", "soon"), ("request.timeout", "0s")],
        &[("watch", "true")],
        &[("s3.region", "eu-west-1")],
    ];
    let mut lines = Vec::new();
    for case in cases {
        let mut properties: BTreeMap<String, String> = BTreeMap::new();
        for (key, value) in base.iter().chain(case) {
            properties.insert((*key).to_owned(), (*value).to_owned());
        }
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
