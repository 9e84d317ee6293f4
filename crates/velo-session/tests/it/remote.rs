//! Sources behind a network, whose columns nobody has declared.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use velo_common::SourceText;
use velo_session::{CheckedProgram, Mode, SessionOptions, Wait, WaitCause, check, check_when_there};
use velo_testservices::{Answer, HttpServer};

const ROWS: &str = "[{\"id\": 1}]";

/// As long as no test has to wait, unless it fails.
const FOREVER: Duration = Duration::from_mins(1);

/// Lets requests through when so many of them have come.
struct Gate {
    wanted: usize,
    come: Mutex<usize>,
    changed: Condvar,
}

impl Gate {
    fn of(wanted: usize) -> Arc<Self> {
        Arc::new(Self {
            wanted,
            come: Mutex::new(0),
            changed: Condvar::new(),
        })
    }

    /// Waits for the others; tells whether they came.
    fn pass(&self) -> bool {
        let mut come = self.come.lock().unwrap();
        *come += 1;
        self.changed.notify_all();
        let (come, _) = self
            .changed
            .wait_timeout_while(come, FOREVER, |come| *come < self.wanted)
            .unwrap();
        *come >= self.wanted
    }
}

/// A table of each path of the server.
fn program(server: &HttpServer, paths: &[String]) -> SourceText {
    let mut text = String::new();
    for (number, path) in paths.iter().enumerate() {
        let url = server.url(path);
        writeln!(text, "CREATE TABLE t{number} AS SELECT id FROM s{number} WITH ('s{number}.path' = '{url}', 's{number}.format' = 'json');")
            .unwrap();
    }
    SourceText::new("p.sql", text)
}

fn unreachable(program: &CheckedProgram) -> Vec<&str> {
    let mut names: Vec<&str> = program.unreachable.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn sources_are_asked_side_by_side() {
    let server = HttpServer::start();
    let paths: Vec<String> = (0..12).map(|number| format!("/{number}")).collect();
    let gate = Gate::of(paths.len());
    for path in &paths {
        let gate = Arc::clone(&gate);
        server.on(path, move |_| {
            if gate.pass() {
                Answer::ok("application/json", ROWS)
            } else {
                Answer::new(500, "the others did not come")
            }
        });
    }
    let program = check(program(&server, &paths), &SessionOptions::new(Mode::Run));
    assert!(program.is_valid(), "{:?}", program.diagnostics);
    assert_eq!(server.requests().len(), paths.len());
}

/// More sources than are asked at a time; each tells what is wrong with it, in the order of the text.
#[test]
fn a_source_that_fails_hides_no_other() {
    let server = HttpServer::start();
    let paths: Vec<String> = (0..40).map(|number| format!("/{number}")).collect();
    for (number, path) in paths.iter().enumerate() {
        let is_lost = number % 15 == 3;
        // Those that fail first stand last.
        let delay = Duration::from_millis(40 - number as u64);
        server.on(path, move |_| {
            if is_lost {
                Answer::new(404, "").delayed(delay)
            } else {
                Answer::ok("application/json", ROWS)
            }
        });
    }
    let run = check(program(&server, &paths), &SessionOptions::new(Mode::Run));
    let address = server.address();
    let errors = run.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    let errors: Vec<String> = errors.map(|error| error.message.replace(&address, "server")).collect();
    let lost = |number| format!("`s{number}`: http://server/{number}: the server answers 404 Not Found; check the URL");
    assert_eq!(errors, [3, 18, 33].map(lost));
    let load = check(program(&server, &paths), &SessionOptions::new(Mode::Load));
    assert!(load.is_valid(), "{:?}", load.diagnostics);
    assert_eq!(unreachable(&load), ["s18", "s3", "s33"]);
    assert_eq!(
        load.statements
            .iter()
            .filter(|statement| statement.columns_unknown)
            .count(),
        3
    );
}

/// Whoever ends a wait does not wait for a server that is silent.
#[test]
fn a_silent_source_is_given_up_when_nobody_waits_any_more() {
    let server = HttpServer::start();
    let paths = ["/silent", "/talks"].map(str::to_owned);
    server.on("/silent", |_| Answer::ok("application/json", ROWS).delayed(FOREVER));
    server.on("/talks", |_| Answer::ok("application/json", ROWS));
    let mut waits: Vec<(String, WaitCause)> = Vec::new();
    let mut on_wait = |wait: &Wait| {
        waits.push((wait.source.clone(), wait.cause.clone()));
        match wait.source.as_str() {
            "s0" if server.requests().len() == paths.len() && waits.len() > 5 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    };
    let began = Instant::now();
    let program = check_when_there(program(&server, &paths), &SessionOptions::new(Mode::Load), &mut on_wait);
    assert!(began.elapsed() < FOREVER / 2);
    assert_eq!(unreachable(&program), ["s0"]);
    assert_eq!(waits.last(), Some(&("s0".to_owned(), WaitCause::Answer)));
}

/// A wait before another attempt is ended for its source alone.
#[test]
fn sources_that_fail_for_the_moment_are_asked_again_side_by_side() {
    let server = HttpServer::start();
    let paths = ["/once", "/often"].map(str::to_owned);
    server.on_in_turn("/once", [Answer::new(503, ""), Answer::ok("application/json", ROWS)]);
    server.on("/often", |_| Answer::new(503, ""));
    let options = SessionOptions {
        retries: 1,
        ..SessionOptions::new(Mode::Load)
    };
    let mut waiting: Vec<String> = Vec::new();
    let mut on_wait = |wait: &Wait| {
        if matches!(wait.cause, WaitCause::Failure { .. }) && wait.waited.is_zero() {
            waiting.push(wait.source.clone());
        }
        ControlFlow::Continue(())
    };
    let program = check_when_there(program(&server, &paths), &options, &mut on_wait);
    waiting.sort_unstable();
    assert_eq!(waiting, ["s0", "s1"]);
    let reason = program.unreachable.get("s1").map(String::as_str).unwrap_or_default();
    assert!(reason.starts_with("gave up after 2 attempts"), "{reason}");
    assert_eq!(unreachable(&program), ["s1"]);
}
