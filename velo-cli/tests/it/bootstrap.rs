//! The demo of tables: its SQL over its data, with a server as its own, and what it makes of them.

use std::fs;
use std::process::Command;

use tempfile::TempDir;
use velo_testservices::{Answer, HttpServer};

use crate::support::{Outcome, root, velo_cli};

const PROGRAM: &str = "demo/bootstrap/query.sql";
const TAG: &str = "\"2024-05-04\"";
const PAGE_SIZE: usize = 6;

/// The demo's server, in Rust.
fn shop() -> HttpServer {
    let web = root().join("demo/bootstrap/web");
    let rates = fs::read_to_string(web.join("rates.json")).unwrap();
    let suppliers = fs::read_to_string(web.join("suppliers.json")).unwrap();
    let suppliers: Vec<serde_json::Value> = serde_json::from_str(&suppliers).unwrap();
    let server = HttpServer::start();
    server.on("/rates", move |request| match request.header("If-None-Match") {
        Some(TAG) => Answer::new(304, ""),
        _ => Answer::ok("application/json", rates.clone()).with_header("ETag", TAG),
    });
    server.on("/suppliers", move |request| {
        let page = request.target.rsplit_once("page=").map_or("1", |(_, page)| page);
        let mut pages = suppliers.chunks(PAGE_SIZE);
        let page = pages.nth(page.parse::<usize>().unwrap() - 1).unwrap_or_default();
        Answer::ok("application/json", serde_json::to_string(page).unwrap())
    });
    server
}

/// A command of the demo, at the root of the repository.
fn demo(server: &HttpServer, arguments: &[&str]) -> Command {
    let root = root().canonicalize().unwrap();
    let mut command = velo_cli();
    command
        .current_dir(&root)
        .env("PWD", &root)
        .env("SHOP_URL", server.url(""))
        .args(arguments);
    command
}

/// Computed by DuckDB 2.0 from the same files with the same joins: `spent` of the demo's queries is exact.
const LEADS: &str = r#"{"at":"2024-05-05T09:00:30Z","name":"customer 8","region":"Europe","spent":67464.920000,"sku":"P016","supplier":"supplier 11"}
{"at":"2024-05-05T09:01:30Z","name":"customer 99","region":"Americas","spent":1012.073600,"sku":null,"supplier":null}
{"at":"2024-05-05T09:02:00Z","name":"customer 39","region":"Americas","spent":5179.471600,"sku":"P003","supplier":"supplier 17"}
{"at":"2024-05-05T09:02:30Z","name":"customer 18","region":"Asia","spent":19245.314400,"sku":"P039","supplier":"supplier 18"}
{"at":"2024-05-05T09:05:30Z","name":"customer 128","region":"Americas","spent":1348.968400,"sku":"P076","supplier":"supplier 15"}
{"at":"2024-05-05T09:06:00Z","name":"customer 52","region":"Europe","spent":1251.270000,"sku":null,"supplier":null}
{"at":"2024-05-05T09:08:30Z","name":"customer 40","region":"Europe","spent":9613.269900,"sku":null,"supplier":null}
{"at":"2024-05-05T09:12:00Z","name":"customer 65","region":"Europe","spent":2439.704800,"sku":null,"supplier":null}
{"at":"2024-05-05T09:13:00Z","name":"customer 55","region":"Europe","spent":3048.440000,"sku":null,"supplier":null}
{"at":"2024-05-05T09:13:30Z","name":"customer 69","region":"Asia","spent":11.284024,"sku":"P101","supplier":"supplier 13"}
{"at":"2024-05-05T09:15:00Z","name":"customer 8","region":"Europe","spent":67464.920000,"sku":null,"supplier":null}
{"at":"2024-05-05T09:16:30Z","name":"customer 97","region":"Europe","spent":1408.480000,"sku":"P050","supplier":"supplier 20"}
{"at":"2024-05-05T09:18:00Z","name":"customer 87","region":"Americas","spent":1205.816800,"sku":null,"supplier":null}
"#;

#[test]
fn the_clicks_meet_the_tables() {
    let server = shop();
    let run = ["run", PROGRAM, "--format", "jsonl"];
    let outcome = Outcome::of(&demo(&server, &run).output().unwrap());
    assert_eq!(
        (outcome.exit, outcome.stdout.as_str()),
        (Some(0), LEADS),
        "{}",
        outcome.stderr
    );
}

/// Rows of each table, counted by DuckDB 2.0.
const ROWS: [(&str, u64); 14] = [
    ("countries", 10),
    ("customers", 500),
    ("products", 120),
    ("orders", 6000),
    ("returns", 300),
    ("rates", 6),
    ("suppliers", 24),
    ("country_rates", 10),
    ("catalog", 120),
    ("kept_orders", 5700),
    ("markets", 500),
    ("sales", 120),
    ("spenders", 118),
    ("bestsellers", 43),
];

#[test]
fn fourteen_tables_load_in_four_waves_and_then_not_again() {
    let server = shop();
    let state = TempDir::new().unwrap();
    let state = state.path().to_str().unwrap();
    let load = ["load", PROGRAM, "--format", "json", "--state-dir", state];
    let events = |outcome: &Outcome| -> Vec<serde_json::Value> {
        let lines = outcome.stdout.lines();
        lines.map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let first = Outcome::of(&demo(&server, &load).output().unwrap());
    let told = events(&first);
    let result = told.last().unwrap();
    let per_wave: Vec<u64> = result["waves"]
        .as_array()
        .unwrap()
        .iter()
        .map(|wave| wave["successful"].as_u64().unwrap())
        .collect();
    assert_eq!((first.exit, per_wave), (Some(0), vec![7, 3, 2, 2]), "{}", first.stderr);
    for (table, rows) in ROWS {
        let is_completed = |event: &&serde_json::Value| event["event"] == "table_completed" && event["table"] == table;
        let completed = told
            .iter()
            .find(is_completed)
            .unwrap_or_else(|| panic!("{table}: {told:#?}"));
        assert_eq!(completed["rows"].as_u64(), Some(rows), "{completed}");
    }
    let second = Outcome::of(&demo(&server, &load).output().unwrap());
    assert_eq!(second.exit, Some(0), "{}", second.stderr);
    let told = events(&second);
    let read_again = told
        .iter()
        .filter(|event| event["event"] == "table_completed" && event["outcome"] != "unchanged");
    let mut read_again: Vec<&str> = read_again.map(|event| event["table"].as_str().unwrap()).collect();
    read_again.sort_unstable();
    // Pages cannot tell whether they have changed. They have the same rows, so that nothing is made anew that reads them.
    assert_eq!(read_again, ["suppliers"]);
}
