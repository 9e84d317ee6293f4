//! Jobs that fail while checkpoints are taken.

use std::process::Stdio;

use crate::support::{Outcome, Workspace, wait_until};

/// Two statements into one sink: at a barrier each waits for the other, also for one that fails.
#[test]
fn a_statement_that_fails_is_not_waited_for() {
    let sql = "
        CREATE STREAM first (v BIGINT) WITH (path = 'first.jsonl', watch = true, 'polling.interval' = '1ms');
        CREATE STREAM second (v BIGINT) WITH (path = 'second.jsonl', watch = true, 'polling.interval' = '1ms');
        CREATE STREAM a AS SELECT v FROM first WITH (sinks = 'out', 'out.path' = 'out.jsonl', 'checkpoint.interval' = '1ms');
        CREATE STREAM b AS SELECT v FROM second WITH (sinks = 'out', 'error.policy' = 'fail');";
    let workspace = Workspace::with(&[
        ("query.sql", sql),
        ("first.jsonl", "{\"v\":1}\n"),
        ("second.jsonl", "{\"v\":2}\n"),
    ]);
    let mut command = workspace.command(&["deploy", "query.sql", "--parallelism", "2"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let written = || std::fs::read_to_string(workspace.path("out.jsonl")).unwrap_or_default();
    wait_until("both rows", || written().lines().count() == 2);
    workspace.append("second.jsonl", "{\"v\":\"x\"}\n");
    let outcome = Outcome::of(&child.wait_with_output().unwrap());
    assert_eq!(outcome.exit, Some(3), "{}", outcome.stderr);
    // Mended, it goes on.
    workspace.write("second.jsonl", b"{\"v\":2}\n{\"v\":3}\n");
    let mut command = workspace.command(&["deploy", "query.sql"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("the third row", || written().lines().count() == 3);
    crate::support::stop(child);
    assert_eq!(written().lines().last(), Some("{\"v\":3}"));
}
