//! A load that is killed, at any moment, is as if it had paused.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use velo_testservices::{Answer, HttpServer};

use super::support::{Loaded, PROGRAM, kept_tables, load, rows};
use crate::support::{Outcome, Workspace};

/// Tables that are loaded from the web alone, from files alone, from the web and one of the first, and from those.
const FEEDS: usize = 20;
const FILES: usize = 4;
const JOINED: usize = 10;
const TOTALS: usize = 6;

/// Rows of each source.
const ROWS: usize = 200;

/// How long the server takes for each answer.
const LATENCY: Duration = Duration::from_millis(40);

/// Moments at which a load is killed.
const KILLS: u32 = 20;

/// A server that takes its time, and counts how often it has told each document.
struct SlowServer {
    http: HttpServer,
    told: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl SlowServer {
    fn start() -> Self {
        let server = Self {
            http: HttpServer::start(),
            told: Arc::default(),
        };
        for number in 0..FEEDS + JOINED {
            server.serve(&format!("feed_{number}"), number);
        }
        server
    }

    fn serve(&self, name: &str, seed: usize) {
        let (told, name, content) = (Arc::clone(&self.told), name.to_owned(), content(seed));
        self.http.on(&format!("/{name}.csv"), move |request| {
            if request.header("if-none-match") == Some("\"1\"") {
                return Answer::new(304, "").delayed(LATENCY / 10);
            }
            *told.lock().unwrap().entry(name.clone()).or_default() += 1;
            Answer::ok("text/csv", content.clone())
                .with_header("ETag", "\"1\"")
                .delayed(LATENCY)
        });
    }

    /// The documents that were told since the last time.
    fn take_told(&self) -> BTreeSet<String> {
        let told = std::mem::take(&mut *self.told.lock().unwrap());
        told.into_keys().collect()
    }
}

/// The lines of a source.
fn content(seed: usize) -> String {
    let mut text = "id,amount\n".to_owned();
    for row in 0..ROWS {
        writeln!(text, "{row},{}", row * 7 + seed * 13).unwrap();
    }
    text
}

/// Forty tables in three waves.
fn program(server: &SlowServer) -> String {
    let mut text = String::new();
    for number in 0..FEEDS + JOINED {
        let url = server.http.url(&format!("/feed_{number}.csv"));
        writeln!(
            text,
            "CREATE STREAM feed_{number} (id BIGINT, amount BIGINT) WITH (path = '{url}');"
        )
        .unwrap();
    }
    for number in 0..FEEDS {
        writeln!(
            text,
            "CREATE TABLE plain_{number} AS SELECT id PRIMARY KEY, amount FROM feed_{number};"
        )
        .unwrap();
    }
    for number in 0..FILES {
        writeln!(
            text,
            "CREATE TABLE file_{number} AS SELECT id PRIMARY KEY, amount FROM lines_{number}
                 WITH ('lines_{number}.path' = 'lines_{number}.csv');"
        )
        .unwrap();
    }
    for number in 0..JOINED {
        let (feed, other) = (FEEDS + number, number % FILES);
        writeln!(
            text,
            "CREATE TABLE joined_{number} AS
             SELECT f.id AS id PRIMARY KEY, f.amount + p.amount + l.amount AS amount, f.id % 10 AS digit
             FROM feed_{feed} AS f JOIN plain_{number} AS p ON f.id = p.id JOIN file_{other} AS l ON f.id = l.id;"
        )
        .unwrap();
    }
    for number in 0..TOTALS {
        writeln!(
            text,
            "CREATE TABLE total_{number} AS
             SELECT digit, COUNT(*) AS rows, SUM(amount) AS total FROM joined_{number} GROUP BY digit;"
        )
        .unwrap();
    }
    text
}

fn fresh(program: &str) -> Workspace {
    let workspace = Workspace::with(&[(PROGRAM, program)]);
    for number in 0..FILES {
        workspace.write(&format!("lines_{number}.csv"), content(100 + number).as_bytes());
    }
    workspace
}

fn tables() -> Vec<String> {
    let groups = [("plain", FEEDS), ("file", FILES), ("joined", JOINED), ("total", TOTALS)];
    let names = groups
        .iter()
        .map(|(name, count)| (0..*count).map(move |number| format!("{name}_{number}")));
    names.flatten().collect()
}

fn all_rows(workspace: &Workspace) -> Vec<(String, Vec<String>)> {
    let tables = tables().into_iter();
    tables.map(|table| (table.clone(), rows(workspace, &table))).collect()
}

fn start(workspace: &Workspace, arguments: &[&str]) -> Child {
    let mut command = workspace.command(&[&["load", PROGRAM], arguments].concat());
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The document that a table is made of, if it is one of the web.
fn document_of(table: &str) -> Option<String> {
    let (group, number) = table.split_once('_').unwrap();
    let number: usize = number.parse().unwrap();
    match group {
        "plain" => Some(format!("feed_{number}")),
        "joined" => Some(format!("feed_{}", FEEDS + number)),
        _ => None,
    }
}

/// What would have come out if nobody had killed the load: rows worked out by hand from [`content`].
fn check_by_hand(tables: &[(String, Vec<String>)]) {
    let of = |name: &str| &tables.iter().find(|(table, _)| table == name).unwrap().1;
    assert_eq!(of("plain_3").len(), ROWS);
    assert!(of("plain_3").contains(&"2|53".to_owned()), "2 * 7 + 3 * 13");
    // 7 * 5 three times, and 13 times the seeds: 20 + 1 of the feed, 1 of the table, 101 of the file.
    assert!(of("joined_1").contains(&format!("5|{}|5", 3 * 35 + 13 * (21 + 1 + 101))));
    // The twenty ids that end with 0 add up to 1,900.
    assert!(of("total_0").contains(&format!("0|20|{}", 3 * 7 * 1_900 + 20 * 13 * (20 + 100))));
}

#[test]
fn a_load_that_was_killed_goes_on_where_it_was() {
    let server = SlowServer::start();
    let program = program(&server);
    let whole = fresh(&program);
    let began = Instant::now();
    load(&whole, &[]).expect_all();
    let duration = began.elapsed();
    let expected = all_rows(&whole);
    check_by_hand(&expected);
    server.take_told();

    let mut killed_early = 0;
    for kill in 0..KILLS {
        let workspace = fresh(&program);
        let mut child = start(&workspace, &[]);
        sleep(duration * kill / KILLS);
        child.kill().unwrap(); // SIGKILL: nobody cleans up.
        child.wait().unwrap();
        let finished = kept_tables(&workspace);
        killed_early += u32::from(finished.len() < expected.len());
        server.take_told();

        load(&workspace, &[]).expect_all();
        let told_again = server.take_told();
        for table in &finished {
            let again = document_of(table).filter(|document| told_again.contains(document));
            assert_eq!(again, None, "{table} was finished at kill {kill}");
        }
        assert!(all_rows(&workspace) == expected, "other rows after kill {kill}");
    }
    assert!(
        killed_early > KILLS / 2,
        "only {killed_early} loads were killed before they ended"
    );
}

#[test]
fn a_load_that_was_killed_half_way_reads_the_other_half() {
    let server = SlowServer::start();
    let workspace = fresh(&program(&server));
    let all_bytes: usize = (0..FEEDS + JOINED).map(|number| content(number).len()).sum();
    let half = all_bytes as u64 / 2;
    let mut child = start(&workspace, &["--max-parallel", "2"]);
    let began = Instant::now();
    while server.http.sent_bytes() < half {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "the load does not get anywhere"
        );
        sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();

    sleep(2 * LATENCY); // Until the server has noticed.
    let before = server.http.sent_bytes();
    load(&workspace, &[]).expect_all();
    let share = (server.http.sent_bytes() - before) as f64 / all_bytes as f64;
    assert!(share <= 0.6, "{share}");
    check_by_hand(&all_rows(&workspace));
}

#[test]
fn loading_again_after_a_load_reads_nothing() {
    let server = SlowServer::start();
    let workspace = fresh(&program(&server));
    load(&workspace, &[]).expect_all();
    server.take_told();
    let again = load(&workspace, &[]).expect_all();
    assert_eq!(server.take_told(), BTreeSet::new());
    for table in tables() {
        assert_eq!(again.outcome(&table), "unchanged", "{table}");
    }
}

fn interrupt(child: &Child) {
    let pid = child.id().to_string();
    let sent = std::process::Command::new("kill").args(["-INT", &pid]).status();
    assert!(sent.unwrap().success());
}

/// SIGINT ends a load in an orderly way.
#[test]
fn an_interrupted_load_says_so_and_goes_on_the_next_time() {
    let server = SlowServer::start();
    let workspace = fresh(&program(&server));
    let mut command = workspace.command(&["load", PROGRAM, "--format", "json"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while kept_tables(&workspace).len() < 5 {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "the load does not get anywhere"
        );
        sleep(Duration::from_millis(5));
    }
    interrupt(&child);
    let loaded = Loaded::of(&Outcome::of(&child.wait_with_output().unwrap()));
    assert_eq!(loaded.exit, Some(130), "{}", loaded.stderr);
    let result = loaded.result();
    assert_eq!(result["failed"], serde_json::json!({}), "an interruption is no failure");
    let finished = kept_tables(&workspace);
    let successful = result["successful"].as_array().unwrap();
    assert_eq!(
        successful.len() + result["skipped"].as_object().unwrap().len(),
        tables().len()
    );
    for table in successful {
        assert!(
            finished.contains(table.as_str().unwrap()),
            "{table} is said to be loaded"
        );
    }
    server.take_told();
    load(&workspace, &[]).expect_all();
    let told_again = server.take_told();
    let again = finished.iter().filter_map(|table| document_of(table));
    assert_eq!(again.filter(|document| told_again.contains(document)).count(), 0);
    check_by_hand(&all_rows(&workspace));
}

/// Nobody waits for a server that says nothing.
#[test]
fn an_interrupted_load_does_not_wait_for_its_sources() {
    let server = HttpServer::start();
    server.on("/silent.csv", |_| {
        Answer::ok("text/csv", "id\n1\n").delayed(Duration::from_secs(20))
    });
    server.on("/slow.csv", |_| {
        Answer::ok("text/csv", "id\n1\n2\n").paused_at(5, Duration::from_secs(20))
    });
    let table = |name: &str| {
        let url = server.url(&format!("/{name}.csv"));
        format!("CREATE TABLE {name} (id BIGINT PRIMARY KEY) WITH (path = '{url}');")
    };
    let workspace = Workspace::with(&[(PROGRAM, &(table("silent") + &table("slow")))]);
    let mut command = workspace.command(&["load", PROGRAM, "--format", "json"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while server.requests().len() < 2 {
        sleep(Duration::from_millis(5));
    }
    let began = Instant::now();
    interrupt(&child);
    let loaded = Loaded::of(&Outcome::of(&child.wait_with_output().unwrap()));
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert_eq!(loaded.exit, Some(130));
    insta::assert_snapshot!(loaded.transcript());
}
