use velo_datasources::SourceError;
use velo_testservices::{Answer, HttpServer, Request};

use super::told;
use crate::tables::{Read, config, load};

async fn read(server: &HttpServer, settings: &[(&str, &str)]) -> Result<Read, SourceError> {
    let url = server.url("/items?sort=id");
    let mut properties = vec![("type", "http_source"), ("url", url.as_str())];
    properties.extend(settings);
    load(&config(&properties), None).await
}

fn parameter(request: &Request, name: &str) -> Option<String> {
    let (_, query) = request.target.split_once('?')?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find_map(|(key, value)| (key == name).then(|| value.to_owned()))
}

/// Two records of each of three pages.
fn records(page: u64) -> String {
    match page {
        1..=3 => format!("[{{\"id\": {}}}, {{\"id\": {}}}]", page * 10, page * 10 + 1),
        _ => "[]".to_owned(),
    }
}

const ALL: [&str; 6] = [
    "{\"id\":10}",
    "{\"id\":11}",
    "{\"id\":20}",
    "{\"id\":21}",
    "{\"id\":30}",
    "{\"id\":31}",
];

#[tokio::test]
async fn links_are_followed() {
    let server = HttpServer::start();
    server.on("/items", |request| {
        assert_eq!(parameter(request, "sort").as_deref(), Some("id"));
        let page = parameter(request, "page").map_or(1, |page| page.parse().unwrap());
        let answer = Answer::ok("application/json", records(page));
        match page {
            3 => answer.with_header("Link", "</items?page=1>; rel=\"first\""),
            _ => answer.with_header("Link", &format!("</items?sort=id&page={}>; rel=\"next\"", page + 1)),
        }
    });
    assert_eq!(read(&server, &[("paging.style", "link")]).await.unwrap().lines(), ALL);
}

#[tokio::test]
async fn numbered_pages_are_read_up_to_an_empty_one() {
    let server = HttpServer::start();
    server.on("/items", |request| {
        assert_eq!(parameter(request, "per_page").as_deref(), Some("2"));
        let page: u64 = parameter(request, "p").unwrap().parse().unwrap();
        Answer::ok("application/json", records(page + 1))
    });
    let settings = [
        ("paging.style", "page"),
        ("paging.parameter", "p"),
        ("paging.start", "0"),
        ("paging.size", "2"),
        ("paging.size.parameter", "per_page"),
    ];
    assert_eq!(read(&server, &settings).await.unwrap().lines(), ALL);
}

/// Some servers have no page behind the last one.
#[tokio::test]
async fn numbered_pages_may_end_with_404() {
    let server = HttpServer::start();
    server.on("/items", |request| {
        let page: u64 = parameter(request, "page").unwrap().parse().unwrap();
        match page {
            1..=3 => Answer::ok("application/json", records(page)),
            _ => Answer::new(404, "no such page"),
        }
    });
    for key in ["paging.end", "http.pages.end"] {
        let settings = [("paging.style", "page"), (key, "404")];
        assert_eq!(read(&server, &settings).await.unwrap().lines(), ALL);
    }
    // That is not so everywhere, and the first page has to be there.
    let error = read(&server, &[("paging.style", "page")]).await.unwrap_err();
    let text = told(&server, &error);
    assert!(text.contains("404") && text.contains("'paging.end' = '404'"), "{text}");
    let settings = [("paging.style", "page"), ("paging.end", "404"), ("paging.start", "9")];
    assert!(read(&server, &settings).await.is_err());
}

/// A server that does not know the parameter gives the first page for ever.
#[tokio::test]
async fn a_server_that_ignores_the_parameter_is_found_out() {
    let server = HttpServer::start();
    server.on("/items", |_| Answer::ok("application/json", records(1)));
    let error = read(&server, &[("paging.style", "page"), ("paging.parameter", "p")])
        .await
        .unwrap_err();
    let text = told(&server, &error);
    assert!(
        text.contains("pages 1 and 2 are the same") && text.contains("`p`"),
        "{text}"
    );

    server.on("/items", |request| {
        let cursor = parameter(request, "cursor").map_or(0, |cursor| cursor.parse::<u64>().unwrap());
        Answer::ok(
            "application/json",
            format!("{{\"data\": {}, \"next\": {}}}", records(1), cursor + 1),
        )
    });
    let settings = [
        ("paging.style", "cursor"),
        ("paging.cursor.path", "next"),
        ("records.path", "data"),
    ];
    let text = told(&server, &read(&server, &settings).await.unwrap_err());
    assert!(text.contains("`cursor`"), "{text}");
}

#[tokio::test]
async fn cursors_are_followed() {
    let server = HttpServer::start();
    server.on("/items", |request| {
        let page = parameter(request, "after").map_or(1, |mark| mark.strip_prefix("m%2F").unwrap().parse().unwrap());
        let next = if page == 3 {
            "null".to_owned()
        } else {
            format!("\"m/{}\"", page + 1)
        };
        let body = format!("{{\"data\": {}, \"meta\": {{\"next\": {next}}}}}", records(page));
        Answer::ok("application/json", body)
    });
    let settings = [
        ("paging.style", "cursor"),
        ("paging.cursor.path", "$.meta.next"),
        ("paging.parameter", "after"),
        ("records.path", "data"),
    ];
    assert_eq!(read(&server, &settings).await.unwrap().lines(), ALL);
}

#[tokio::test]
async fn pages_that_do_not_end_are_an_error() {
    let server = HttpServer::start();
    server.on("/items", |request| {
        let answer = Answer::ok("application/json", "{\"data\": [{\"id\": 1}], \"next\": \"same\"}");
        match parameter(request, "turn") {
            Some(_) => answer.with_header("Link", "</items?sort=id>; rel=next"),
            None => answer.with_header("Link", "</items?turn=1>; rel=next"),
        }
    });
    let within = ("records.path", "data");
    let cases = [
        vec![("paging.style", "page"), ("paging.max_pages", "4"), within],
        vec![("paging.style", "link"), ("paging.max_pages", "5"), within],
        vec![("paging.style", "cursor"), ("paging.cursor.path", "next"), within],
    ];
    let mut lines = Vec::new();
    for settings in cases {
        let error = read(&server, &settings).await.unwrap_err();
        assert!(!error.is_transient());
        lines.push(told(&server, &error));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

/// Records are numbered on from page to page, and what is wrong names its page.
#[tokio::test]
async fn a_page_in_the_middle_may_fail() {
    let server = HttpServer::start();
    server.on("/items", |request| match parameter(request, "page").as_deref() {
        Some("2") => Answer::ok("application/json", "[{\"id\": 1}, {]"),
        _ => Answer::ok("application/json", "[{\"id\": 1}]"),
    });
    let error = read(&server, &[("paging.style", "page")]).await.unwrap_err();
    assert!(!error.is_transient());
    let text = told(&server, &error);
    assert!(text.contains("http://server/items?… (page 2)"), "{text}");

    server.on("/items", |request| match parameter(request, "page").as_deref() {
        Some("2") => Answer::new(503, ""),
        _ => Answer::ok("application/json", "[{\"id\": 1}]"),
    });
    assert!(
        read(&server, &[("paging.style", "page")])
            .await
            .unwrap_err()
            .is_transient()
    );
}

#[tokio::test]
async fn as_many_records_are_read_as_are_wanted() {
    let server = HttpServer::start();
    server.on("/items", |request| {
        let page = parameter(request, "page").unwrap().parse().unwrap();
        Answer::ok("application/json", records(page))
    });
    let read = read(&server, &[("paging.style", "page"), ("max_records", "3")])
        .await
        .unwrap();
    assert_eq!(read.lines(), &ALL[..3]);
    // The columns are told by what is read.
    assert_eq!(server.requests().len(), 4);
}

/// What only a later page shows belongs to the columns, too.
#[tokio::test]
async fn columns_are_told_by_several_pages() {
    let server = HttpServer::start();
    server.on("/items", |request| {
        let page = parameter(request, "page").unwrap();
        let records = match page.as_str() {
            "1" => "[{\"v\": 1}]",
            "2" => "[{\"v\": \"x\"}]",
            "3" => "[{\"v\": 1.5, \"w\": true}]",
            _ => "[]",
        };
        Answer::ok("application/json", records)
    });
    let read = read(&server, &[("paging.style", "page")]).await.unwrap();
    let all = [
        "{\"v\":\"1\",\"w\":null}",
        "{\"v\":\"x\",\"w\":null}",
        "{\"v\":\"1.5\",\"w\":true}",
    ];
    assert_eq!(read.lines(), all);
}
