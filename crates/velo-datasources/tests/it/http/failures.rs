use std::net::TcpListener;
use std::time::{Duration, Instant};

use velo_data::SqlType;
use velo_datasources::SourceError;
use velo_testservices::{Answer, HttpServer};

use super::told;
use crate::support::schema;
use crate::tables::{config, load};

async fn failure(url: &str, settings: &[(&str, &str)]) -> SourceError {
    let mut properties = vec![("type", "http_source"), ("url", url), ("format", "jsonlines")];
    properties.extend(settings);
    let declared = schema(&[("id", SqlType::BigInt)]);
    load(&config(&properties), Some(&declared)).await.unwrap_err()
}

#[tokio::test]
async fn statuses_tell_whether_another_try_may_help() {
    let cases = [
        (400, "the parameter `since` is missing", false),
        (401, "", false),
        (403, "", false),
        (404, "nothing here", false),
        (408, "", true),
        (410, "", false),
        (425, "", true),
        (429, "slow down", true),
        (500, "<html>a long page</html>", true),
        (502, "", true),
        (503, "", true),
    ];
    let server = HttpServer::start();
    let mut lines = Vec::new();
    for (status, body, is_transient) in cases {
        server.on("/data", move |_| Answer::new(status, body));
        let error = failure(&server.url("/data?key=hidden"), &[]).await;
        assert_eq!(error.is_transient(), is_transient, "{status}");
        lines.push(told(&server, &error));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn a_server_may_ask_to_be_left_alone() {
    let server = HttpServer::start();
    server.on("/data", |_| Answer::new(429, "").with_header("Retry-After", "7"));
    let error = failure(&server.url("/data"), &[]).await;
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn servers_that_cannot_be_reached_are_told_apart() {
    let server = HttpServer::start();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);

    let refused = failure(&format!("http://{address}/data"), &[]).await;
    assert!(refused.is_transient());
    assert!(refused.to_string().contains("refused"), "{refused}");

    let unknown = failure("http://no-such-host.invalid/data", &[]).await;
    assert!(unknown.is_transient());
    assert!(
        unknown
            .to_string()
            .contains("the name of the server cannot be resolved"),
        "{unknown}"
    );

    // The server speaks plain HTTP.
    let insecure = failure(&server.url("/data").replace("http://", "https://"), &[]).await;
    assert!(!insecure.is_transient(), "{insecure}");
    assert!(insecure.to_string().contains("no secure connection"), "{insecure}");
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    let server = HttpServer::start();
    let body = "{\"id\": 1}\n".repeat(10);
    let late = Answer::ok("text/plain", body.clone()).delayed(Duration::from_secs(5));
    let stuck = Answer::ok("text/plain", body).paused_at(15, Duration::from_secs(5));
    for answer in [late, stuck] {
        server.on("/data", move |_| answer.clone());
        let began = Instant::now();
        let error = failure(&server.url("/data"), &[("request.timeout", "200ms")]).await;
        assert!(began.elapsed() < Duration::from_secs(3));
        assert!(error.is_transient());
        let expected = "cannot reach http://server/data: no answer for 200ms (`request.timeout`)";
        assert_eq!(told(&server, &error), expected);
    }
}

#[tokio::test]
async fn a_slow_server_is_not_given_up() {
    let server = HttpServer::start();
    // Two pauses that are together longer than the timeout. The machine may stop for longer, but not that often.
    let mut pauses = [300, 1200, 4800].into_iter().peekable();
    while let Some(pause) = pauses.next() {
        server.on("/data", move |_| {
            Answer::ok("text/csv", "id\n1\n")
                .delayed(Duration::from_millis(pause))
                .paused_at(3, Duration::from_millis(pause))
        });
        let (url, timeout) = (server.url("/data"), format!("{}ms", pause * 5 / 3));
        let properties = [("type", "http_source"), ("url", &url), ("request.timeout", &timeout)];
        match load(&config(&properties), None).await {
            Err(_) if pauses.peek().is_some() => {}
            read => {
                assert_eq!(read.unwrap().lines(), ["{\"id\":1}"]);
                return;
            }
        }
    }
}

/// A table that is shorter than its source would be wrong without anybody noticing.
#[tokio::test]
async fn an_answer_that_is_cut_short_is_an_error() {
    let server = HttpServer::start();
    let body = "{\"id\": 1}\n".repeat(1000);
    // Between two records, where the rest looks whole, and within one.
    for bytes in [0, 5000, 5003] {
        let body = body.clone();
        server.on("/data", move |_| Answer::ok("text/plain", body.clone()).cut_at(bytes));
        let error = failure(&server.url("/data"), &[]).await;
        assert!(error.is_transient(), "{error}");
        assert!(error.to_string().contains("the answer broke off"), "{error}");
    }
}

#[tokio::test]
async fn redirects_are_followed_a_few_times() {
    let server = HttpServer::start();
    let to = |target: &str| Answer::new(302, "").with_header("Location", target);
    for step in 1..=6 {
        let next = to(&format!("/step{}", step + 1));
        server.on(&format!("/step{step}"), move |_| next.clone());
    }
    server.on("/step7", |_| Answer::ok("text/csv", "id\n1\n"));
    let read = |target: &str| {
        let url = server.url(target);
        async move { load(&config(&[("type", "http_source"), ("url", &url)]), None).await }
    };
    assert_eq!(read("/step2").await.unwrap().lines(), ["{\"id\":1}"]);
    let error = read("/step1").await.unwrap_err();
    assert!(!error.is_transient());
    assert_eq!(
        told(&server, &error),
        "http://server/step1: it redirects more than 5 times"
    );
}
