//! Programs that were changed between two runs.

use std::process::Stdio;

use crate::support::{Outcome, Workspace, stop, wait_until};

const PROGRAM: &str = "
CREATE STREAM orders (customer STRING, amount BIGINT) WITH (path = 'orders.jsonl', watch = true, 'polling.interval' = '5ms');
CREATE STREAM large AS SELECT customer, amount FROM orders WHERE amount > 10
  WITH (path = 'large.jsonl', 'flush.interval' = '5ms', 'checkpoint.interval' = '10ms');
CREATE STREAM totals AS SELECT customer, SUM(amount) AS total FROM large GROUP BY customer
  WITH (path = 'totals.envelope.jsonl', 'max.groups' = 100, 'flush.interval' = '5ms');
CREATE STREAM small AS SELECT customer, amount FROM orders WHERE amount <= 10
  WITH (path = 'small.jsonl', append = true, 'flush.interval' = '5ms');
";

const ORDERS: &str = "{\"customer\":\"Ann\",\"amount\":20}
{\"customer\":\"Bob\",\"amount\":5}
{\"customer\":\"Ann\",\"amount\":30}
";

fn workspace() -> Workspace {
    Workspace::with(&[("query.sql", PROGRAM), ("orders.jsonl", ORDERS)])
}

/// Runs what stands in `query.sql` until its outputs have so many lines, then stops it.
fn run_until(workspace: &Workspace, arguments: &[&str], lines: &[(&str, usize)]) -> Outcome {
    let arguments: Vec<&str> = ["deploy", "query.sql"].iter().chain(arguments).copied().collect();
    let mut command = workspace.command(&arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("rows", || {
        lines.iter().all(|(name, count)| {
            let text = std::fs::read_to_string(workspace.path(name)).unwrap_or_default();
            text.lines().count() == *count
        })
    });
    let outcome = stop(child);
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    outcome
}

const FIRST: &[(&str, usize)] = &[("large.jsonl", 2), ("totals.envelope.jsonl", 2), ("small.jsonl", 1)];

/// What a dry run tells once the program has run and was changed, without times.
fn told(workspace: &Workspace) -> String {
    let outcome = workspace.run(&["deploy", "query.sql", "--dry-run"]);
    let lines = outcome
        .stderr
        .lines()
        .filter(|line| line.starts_with('`') || line.starts_with("error"));
    let without_time = lines.map(|line| match (line.find(" from checkpoint "), line.find(", taken")) {
        (Some(start), Some(_)) => format!("{} from checkpoint N", &line[..start]),
        _ => line.to_owned(),
    });
    without_time.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_changed_program_is_kept_rebuilt_or_refused() {
    let workspace = workspace();
    run_until(&workspace, &[], FIRST);
    let cases = [
        ("large", "large", "`large`, `totals`, `small` go on from checkpoint N"),
        // Rows from now on are others; no state says anything of those before.
        (
            "amount <= 10",
            "amount <= 9",
            "`large`, `totals`, `small` go on from checkpoint N",
        ),
        (
            "SELECT customer, amount FROM orders WHERE amount <= 10",
            "SELECT amount FROM orders WHERE amount <= 10",
            "`large`, `totals`, `small` go on from checkpoint N",
        ),
        (
            "amount > 10",
            "amount > 11",
            "`small` goes on from checkpoint N\n`large`, `totals` read from the beginning and write their files anew: `totals` has changed",
        ),
        (
            "SUM(amount)",
            "MAX(amount)",
            "`small` goes on from checkpoint N\n`large`, `totals` read from the beginning and write their files anew: `totals` has changed",
        ),
        (
            "CREATE STREAM small AS SELECT customer, amount FROM orders WHERE amount <= 10",
            "CREATE STREAM small AS SELECT DISTINCT customer, amount FROM orders WHERE amount <= 10",
            "`large`, `totals` go on from checkpoint N\nerror: `small` cannot go on: `small` has changed, and what `small` holds cannot be taken back; start anew with --full-refresh, or keep the state in another directory",
        ),
    ];
    for (from, to, expected) in cases {
        workspace.write("query.sql", PROGRAM.replace(from, to).as_bytes());
        assert_eq!(told(&workspace), expected, "{to}");
    }
    let without_small = &PROGRAM[..PROGRAM.find("CREATE STREAM small").unwrap()];
    workspace.write("query.sql", without_small.as_bytes());
    assert_eq!(
        told(&workspace),
        "`large`, `totals` go on from checkpoint N\n`small` is not in the program any more: its state is let go"
    );
    let with_new = format!("{PROGRAM}CREATE STREAM all_of AS SELECT amount FROM orders WITH (path = 'all.jsonl');");
    workspace.write("query.sql", with_new.as_bytes());
    assert_eq!(
        told(&workspace),
        "`large`, `totals`, `small` go on from checkpoint N\n`all_of` begins: it is new"
    );
}

#[test]
fn what_is_rebuilt_is_as_if_it_had_never_run() {
    let workspace = workspace();
    run_until(&workspace, &[], FIRST);
    workspace.write("query.sql", PROGRAM.replace("amount > 10", "amount > 25").as_bytes());
    workspace.append(
        "orders.jsonl",
        "{\"customer\":\"Bob\",\"amount\":40}\n{\"customer\":\"Bob\",\"amount\":4}\n",
    );
    run_until(
        &workspace,
        &[],
        &[("large.jsonl", 2), ("totals.envelope.jsonl", 2), ("small.jsonl", 2)],
    );
    assert_eq!(
        workspace.read("large.jsonl"),
        "{\"customer\":\"Ann\",\"amount\":30}\n{\"customer\":\"Bob\",\"amount\":40}\n"
    );
    assert_eq!(
        workspace.read("small.jsonl"),
        "{\"customer\":\"Bob\",\"amount\":5}\n{\"customer\":\"Bob\",\"amount\":4}\n"
    );
}

#[test]
fn a_full_refresh_begins_anew() {
    let workspace = workspace();
    run_until(&workspace, &[], FIRST);
    let outcome = run_until(
        &workspace,
        &["--full-refresh"],
        &[("large.jsonl", 2), ("small.jsonl", 2)],
    );
    assert!(!outcome.stderr.contains("go on"), "{}", outcome.stderr);
    // What rows are appended to keeps what it has.
    assert_eq!(
        workspace.read("small.jsonl"),
        "{\"customer\":\"Bob\",\"amount\":5}\n".repeat(2)
    );
}

#[test]
fn an_id_keeps_the_state_of_a_renamed_statement() {
    let workspace = workspace();
    let program = PROGRAM.replace("CREATE STREAM totals", "-- @id: totals\nCREATE STREAM totals");
    workspace.write("query.sql", program.as_bytes());
    run_until(&workspace, &[], FIRST);
    // Nobody reads it, so that only its sink has the old name.
    let renamed = program.replace("CREATE STREAM totals", "CREATE STREAM sums").replace(
        "WITH (path = 'totals.",
        "WITH (sinks = 'totals', 'totals.path' = 'totals.",
    );
    workspace.write("query.sql", renamed.as_bytes());
    workspace.append("orders.jsonl", "{\"customer\":\"Ann\",\"amount\":50}\n");
    run_until(&workspace, &[], &[("large.jsonl", 3), ("totals.envelope.jsonl", 3)]);
    let last = workspace.read("totals.envelope.jsonl");
    assert!(last.lines().last().unwrap().contains("\"total\":100"), "{last}");
}

#[test]
fn what_a_checkpoint_cannot_go_on_with_is_named() {
    // What was done to a file meanwhile, and what is said.
    let cases: [(&str, Option<&[u8]>, &str); 4] = [
        ("orders.jsonl", Some(b"{}\n"), "orders.jsonl` was cut short"),
        ("orders.jsonl", None, "orders.jsonl"),
        (
            "large.jsonl",
            Some(b"{}\n"),
            "large.jsonl`: 62 bytes had been written to it, and it has 3",
        ),
        (
            "large.jsonl",
            None,
            "large.jsonl`: 62 bytes had been written to it, and there is no such file",
        ),
    ];
    for (name, content, expected) in cases {
        let workspace = workspace();
        run_until(&workspace, &[], FIRST);
        match content {
            Some(content) => workspace.write(name, content),
            None => std::fs::remove_file(workspace.path(name)).unwrap(),
        }
        let outcome = workspace.run(&["deploy", "query.sql"]);
        assert_eq!(outcome.exit, Some(3), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
    }
}

#[test]
fn checkpoints_of_another_program_are_left_alone() {
    let workspace = workspace();
    run_until(&workspace, &[], FIRST);
    let other = "CREATE STREAM copy AS SELECT customer FROM o WITH ('o.path' = 'orders.jsonl', path = 'copy.jsonl');";
    workspace.write("query.sql", other.as_bytes());
    let outcome = workspace.run(&["deploy", "query.sql"]);
    assert_eq!(outcome.exit, Some(3), "{}", outcome.stderr);
    assert!(
        outcome
            .stderr
            .contains("are those of another program, with the statements `large`, `small`, `totals`"),
        "{}",
        outcome.stderr
    );
    workspace.write("query.sql", format!("-- @app: copies\n{other}").as_bytes());
    let outcome = workspace.run(&["deploy", "query.sql"]);
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    assert_eq!(workspace.read("copy.jsonl").lines().count(), 3);
}

#[test]
fn a_program_that_has_come_to_its_end_begins_anew() {
    let workspace = Workspace::with(&[
        (
            "query.sql",
            "CREATE STREAM copy AS SELECT customer FROM o WITH ('o.path' = 'orders.jsonl', path = 'copy.jsonl');",
        ),
        ("orders.jsonl", ORDERS),
    ]);
    for _ in 0..2 {
        let outcome = workspace.run(&["deploy", "query.sql"]);
        assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("go on"), "{}", outcome.stderr);
        assert_eq!(workspace.read("copy.jsonl").lines().count(), 3);
    }
}

#[test]
fn a_job_runs_once_at_a_time() {
    let workspace = workspace();
    let mut command = workspace.command(&["deploy", "query.sql"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("rows", || workspace.path("large.jsonl").exists());
    let second = workspace.run(&["deploy", "query.sql"]);
    assert_eq!(second.exit, Some(3), "{}", second.stderr);
    assert!(second.stderr.contains("job `query` is in use"), "{}", second.stderr);
    let told = workspace.run(&["deploy", "query.sql", "--dry-run"]);
    assert_eq!(told.exit, Some(0), "{}", told.stderr);
    stop(child);
}
