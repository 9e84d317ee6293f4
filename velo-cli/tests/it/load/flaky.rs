//! Large tables from servers that fail every now and then.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Mutex;

use velo_testservices::{Answer, HttpServer};

use super::support::{Loaded, load, rows, workspace};

const TABLES: u64 = 12;
const ROWS: u64 = 50_000;

/// The amount in a row of a table.
fn amount(table: u64, row: u64) -> u64 {
    (row * 31 + table * 1_009) % 10_007
}

fn content(table: u64) -> String {
    let mut text = "id,amount\n".to_owned();
    for row in 0..ROWS {
        writeln!(text, "{row},{}", amount(table, row)).unwrap();
    }
    text
}

/// A number that looks random, and is the same each time.
fn scrambled(seed: u64) -> u64 {
    let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Answers three of five requests as it should; of the others, some are refused and some broken off half way.
fn answer(table: u64, request: u64, content: &str) -> Answer {
    let dice = scrambled((table + 1) * 1_040 + request);
    let whole = Answer::ok("text/csv", content);
    match dice % 5 {
        0 => Answer::new(503, "come back later"),
        1 => whole.cut_at((dice >> 8) as usize % content.len()),
        _ => whole,
    }
}

/// A server of each table: one for all would be left alone for a while after some failures in a row, whose table they are
/// being a matter of time.
fn flaky_servers() -> Vec<HttpServer> {
    let server_of = |table| {
        let server = HttpServer::start();
        let content = content(table);
        let requests = Mutex::new(0);
        server.on("/table.csv", move |_| {
            let mut requests = requests.lock().unwrap();
            *requests += 1;
            answer(table, *requests, &content)
        });
        server
    };
    (0..TABLES).map(server_of).collect()
}

fn program(servers: &[HttpServer]) -> String {
    let mut text = String::new();
    for (number, server) in servers.iter().enumerate() {
        let name = format!("flaky_{number}");
        let url = server.url("/table.csv");
        writeln!(
            text,
            "CREATE TABLE {name} (id BIGINT PRIMARY KEY, amount BIGINT) WITH (path = '{url}');"
        )
        .unwrap();
        writeln!(
            text,
            "CREATE TABLE sum_of_{name} AS SELECT COUNT(*) AS rows, SUM(amount) AS total FROM {name};"
        )
        .unwrap();
    }
    text
}

/// How often a table was tried, and how often it would have been by the dice.
fn attempts(loaded: &Loaded, table: u64) -> (u64, u64) {
    let name = format!("flaky_{table}");
    let told = loaded.told("table_completed", &name).next().unwrap();
    let is_refused = |request: &u64| scrambled((table + 1) * 1_040 + request) % 5 < 2;
    let expected = 1 + (1..100).take_while(is_refused).count() as u64;
    (told["attempts"].as_u64().unwrap(), expected)
}

#[test]
fn large_tables_are_right_whatever_their_source_does_in_between() {
    let servers = flaky_servers();
    let workspace = workspace(&program(&servers));
    let loaded = load(&workspace, &["--retries", "8"]).expect_all();
    let mut tried = HashMap::new();
    for table in 0..TABLES {
        let expected: Vec<u64> = (0..ROWS).map(|row| amount(table, row)).collect();
        let mut expected_rows: Vec<String> = expected
            .iter()
            .enumerate()
            .map(|(id, amount)| format!("{id}|{amount}"))
            .collect();
        expected_rows.sort();
        assert!(
            rows(&workspace, &format!("flaky_{table}")) == expected_rows,
            "flaky_{table}"
        );
        let sum = format!("{ROWS}|{}", expected.iter().sum::<u64>());
        assert_eq!(rows(&workspace, &format!("sum_of_flaky_{table}")), [sum]);
        tried.insert(table, attempts(&loaded, table));
    }
    assert!(tried.values().all(|(told, expected)| told == expected), "{tried:?}");
    assert!(
        tried.values().any(|(told, _)| *told > 2),
        "the server was not flaky enough: {tried:?}"
    );
}

/// What fails for good takes nothing else with it, and the next load only asks for what is missing.
#[test]
fn what_fails_for_good_is_told_and_the_rest_is_right() {
    let (servers, dead) = (flaky_servers(), HttpServer::start());
    dead.on("/dead.csv", |_| Answer::new(503, "never"));
    let dead = dead.url("/dead.csv");
    let mut text = program(&servers);
    writeln!(
        text,
        "CREATE TABLE dead (id BIGINT PRIMARY KEY, amount BIGINT) WITH (path = '{dead}');"
    )
    .unwrap();
    writeln!(text, "CREATE TABLE sum_of_dead AS SELECT COUNT(*) AS rows FROM dead;").unwrap();
    let workspace = workspace(&text);
    let loaded = load(
        &workspace,
        &["--retries", "1", "--select", "+sum_of_dead,flaky_1,flaky_2"],
    );
    assert_eq!(loaded.exit, Some(3), "{}", loaded.stderr);
    let result = loaded.result();
    assert_eq!(result["successful"], serde_json::json!(["flaky_1", "flaky_2"]));
    assert_eq!(
        result["failed"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["dead"]
    );
    assert_eq!(
        result["skipped"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["sum_of_dead"]
    );
    for table in [1, 2] {
        assert_eq!(rows(&workspace, &format!("flaky_{table}")).len() as u64, ROWS);
    }
}
