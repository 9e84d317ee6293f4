//! Whole commands: exit code, standard output, standard error.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Workspace, velo_cli};

const ORDERS: (&str, &str) = ("orders.csv", "id,customer,quantity\n1,ada,2\n2,grace,1\n3,ada,12\n");

/// Two streams that end nowhere else.
const TWO_STREAMS: (&str, &str) = (
    "two.sql",
    "CREATE STREAM orders (id BIGINT, customer STRING, quantity BIGINT) WITH (path = 'orders.csv');\n\
     CREATE STREAM small AS SELECT id, quantity FROM orders WHERE quantity < 10;\n\
     CREATE STREAM totals AS SELECT customer, SUM(quantity) AS total FROM orders GROUP BY customer EMIT FINAL;\n",
);

const ONE_STREAM: (&str, &str) = (
    "one.sql",
    "SELECT id, customer, quantity / 4 AS dozens FROM orders WITH ('orders.path' = 'orders.csv');\n",
);

fn workspace() -> Workspace {
    Workspace::with(&[
        ORDERS,
        TWO_STREAMS,
        ONE_STREAM,
        ("bad.sql", "SELECT idd FROM orders WITH ('orders.path' = 'orders.csv')"),
    ])
}

macro_rules! snapshot {
    ($name:literal, $arguments:expr) => {
        insta::assert_snapshot!($name, workspace().run(&$arguments).transcript());
    };
}

#[test]
fn run_prints_json_lines_into_a_pipe() {
    snapshot!("run_jsonl", ["run", "one.sql"]);
}

#[test]
fn run_prints_the_asked_form() {
    snapshot!("run_csv", ["run", "one.sql", "--format", "csv"]);
    snapshot!("run_table", ["run", "one.sql", "--format", "table"]);
}

#[test]
fn several_streams_say_their_names() {
    let outcome = workspace().run(&["-q", "run", "two.sql"]);
    // Statements run side by side; which of them prints first is not settled.
    let mut rows: Vec<&str> = outcome.stdout.lines().collect();
    rows.sort_unstable();
    let expected = [
        r#"{"stream":"small","row":{"id":1,"quantity":2}}"#,
        r#"{"stream":"small","row":{"id":2,"quantity":1}}"#,
        r#"{"stream":"totals","row":{"customer":"ada","total":14}}"#,
        r#"{"stream":"totals","row":{"customer":"grace","total":1}}"#,
    ];
    assert_eq!((outcome.exit, rows), (Some(0), expected.to_vec()));
    snapshot!("run_several_csv", ["run", "two.sql", "--format", "csv"]);
}

#[test]
fn quiet_runs_say_nothing_but_their_rows() {
    snapshot!("run_quiet", ["-q", "run", "one.sql"]);
}

#[test]
fn sinks_can_be_redirected_from_the_command_line() {
    let workspace = workspace();
    let outcome = workspace.run(&[
        "run",
        "two.sql",
        "--sink",
        "small=small.jsonl",
        "--sink",
        "totals=discard",
    ]);
    assert_eq!(
        (outcome.exit, outcome.stdout.as_str()),
        (Some(0), ""),
        "{}",
        outcome.stderr
    );
    assert_eq!(
        workspace.read("small.jsonl"),
        "{\"id\":1,\"quantity\":2}\n{\"id\":2,\"quantity\":1}\n"
    );
    let outcome = workspace.run(&["run", "two.sql", "--sink", "small=-", "--sink", "totals=discard"]);
    assert_eq!(outcome.stdout, workspace.read("small.jsonl"));
}

#[test]
fn sources_can_be_redirected_from_the_command_line() {
    let workspace = workspace();
    workspace.write("others.jsonl", b"{\"id\":7,\"customer\":\"cyd\",\"quantity\":8}\n");
    let outcome = workspace.run(&["run", "one.sql", "--source", "orders=others.jsonl"]);
    assert_eq!(
        outcome.stdout, "{\"id\":7,\"customer\":\"cyd\",\"dozens\":2.0}\n",
        "{}",
        outcome.stderr
    );
}

#[test]
fn overrides_that_meet_nothing_are_errors() {
    snapshot!(
        "run_unknown_source",
        ["run", "one.sql", "--source", "order=others.jsonl"]
    );
    snapshot!("run_unknown_setting", ["run", "one.sql", "--set", "batch.sise=1"]);
}

#[test]
fn data_that_cannot_be_read_fails_the_run_and_worries_validate() {
    snapshot!("run_missing_data", ["run", "one.sql", "--source", "orders=gone.csv"]);
    snapshot!(
        "validate_missing_data",
        ["validate", "one.sql", "--source", "orders=gone.csv"]
    );
    let workspace = workspace();
    workspace.write("folder.csv/inside.csv", b"");
    insta::assert_snapshot!(
        "run_directory",
        workspace
            .run(&["run", "one.sql", "--source", "orders=folder.csv"])
            .transcript()
    );
}

#[test]
fn a_header_that_does_not_fit_is_an_error() {
    let workspace = workspace();
    workspace.write("orders.csv", b"id,client,quantity\n1,ada,2\n");
    insta::assert_snapshot!("run_header", workspace.run(&["run", "two.sql"]).transcript());
}

#[test]
fn a_program_that_cannot_be_read_is_invalid() {
    snapshot!("run_missing_program", ["run", "gone.sql"]);
    let workspace = workspace();
    workspace.write("latin.sql", b"SELECT '\xe9'");
    insta::assert_snapshot!(
        "validate_encoding",
        workspace.run(&["validate", "latin.sql"]).transcript()
    );
}

#[test]
fn a_sink_that_cannot_be_written_fails_the_run() {
    snapshot!(
        "run_unwritable_sink",
        ["run", "one.sql", "--sink", "query_1=gone/out.jsonl"]
    );
}

#[test]
fn all_programs_are_checked_before_the_first_runs() {
    let outcome = workspace().run(&["run", "one.sql", "bad.sql"]);
    assert_eq!((outcome.exit, outcome.stdout.as_str()), (Some(1), ""));
    let outcome = workspace().run(&["-q", "run", "one.sql", "one.sql"]);
    assert_eq!(
        (outcome.exit, outcome.stdout.lines().count()),
        (Some(0), 6),
        "{}",
        outcome.stderr
    );
}

#[test]
fn validate_prints_text_json_and_workflow_commands() {
    snapshot!("validate_text", ["validate", "bad.sql"]);
    snapshot!("validate_json", ["validate", "bad.sql", "one.sql", "--format", "json"]);
    snapshot!("validate_github", ["validate", "bad.sql", "--format", "github"]);
    snapshot!("validate_color", ["--color", "always", "validate", "bad.sql"]);
    snapshot!("validate_directory", ["validate", "."]);
}

#[test]
fn validate_takes_a_query_and_standard_input() {
    let sql = "SELECT customer FROM orders GROUP BY idd WITH ('orders.path' = 'orders.csv')";
    insta::assert_snapshot!(
        "validate_query",
        workspace().run(&["validate", "--query", sql]).transcript()
    );
    let workspace = workspace();
    let mut command = workspace.command(&["validate", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), sql.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("--> <stdin>:1:"));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn warnings_exit_with_zero_unless_strict() {
    let files = [
        ("money.sql", "SELECT price FROM sales WITH ('sales.path' = 'sales.csv')"),
        ("sales.csv", "price\n1.50\n"),
    ];
    let workspace = Workspace::with(&files);
    insta::assert_snapshot!(
        "validate_warning",
        workspace.run(&["validate", "money.sql"]).transcript()
    );
    assert_eq!(workspace.run(&["validate", "money.sql", "--strict"]).exit, Some(1));
}

#[test]
fn allowed_warnings_are_left_out_and_counted() {
    let allowed = "-- @allow: V0900\nSELECT price FROM sales WITH ('sales.path' = 'sales.csv')";
    let workspace = Workspace::with(&[("money.sql", allowed), ("sales.csv", "price\n1.50\n")]);
    let printed = |arguments: &[&str]| {
        let outcome = workspace.run(arguments);
        assert_eq!(outcome.exit, Some(0), "{arguments:?}: {}", outcome.stderr);
        (outcome.stdout, outcome.stderr)
    };
    let (text, _) = printed(&["validate", "--strict", "money.sql"]);
    assert_eq!(text, "1 program checked: no errors, no warnings (1 allowed)\n");
    let (json, _) = printed(&["validate", "--strict", "money.sql", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (report["warnings"].as_u64(), report["allowed"].as_u64()),
        (Some(0), Some(1))
    );
    let (github, _) = printed(&["validate", "--strict", "money.sql", "--format", "github"]);
    assert_eq!(github, "");
    let (rows, summary) = printed(&["run", "money.sql"]);
    assert_eq!(rows, "{\"price\":1.5}\n");
    assert!(!summary.contains("V0900"), "{summary}");
}

#[test]
fn the_reference_of_system_columns_comes_with_any_program() {
    snapshot!(
        "validate_system_columns",
        ["validate", "--show-system-columns", "bad.sql"]
    );
    let outcome = workspace().run(&["validate", "--show-system-columns", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(report["system_columns"].as_array().map(Vec::len), Some(9));
}

#[test]
fn explain_prints_plans() {
    snapshot!("explain_text", ["explain", "two.sql"]);
    snapshot!("explain_json", ["explain", "one.sql", "--format", "json"]);
    snapshot!("explain_invalid", ["explain", "bad.sql"]);
}

#[test]
fn wrong_usage_exits_with_two() {
    for arguments in [
        &["run"][..],
        &["run", "one.sql", "--parallelism", "0"],
        &["run", "one.sql", "--source", "orders"],
        &["validate"],
        &["validate", "one.sql", "--online"],
        &["explain", "one.sql", "--query", "SELECT 1"],
        &["completions", "cobol"],
        &["fly"],
    ] {
        let outcome = workspace().run(arguments);
        assert_eq!(
            (outcome.exit, outcome.stdout.as_str()),
            (Some(2), ""),
            "{arguments:?}: {}",
            outcome.stderr
        );
    }
}

#[test]
fn help_fits_a_terminal() {
    for command in ["validate", "run", "explain", "graph", "completions"] {
        let outcome = workspace().run(&[command, "-h"]);
        assert_eq!(outcome.exit, Some(0));
        insta::assert_snapshot!(format!("help_{command}"), outcome.stdout);
    }
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let outcome = workspace().run(&["completions", shell]);
        assert_eq!(outcome.exit, Some(0), "{shell}");
        assert!(outcome.stdout.contains("show-system-columns"), "{shell}");
    }
}

/// Rows enough for standard output to be closed long before the run is over.
fn many_orders() -> Workspace {
    let rows: String = (0..200_000).map(|id| format!("{id},ada,{id}\n")).collect();
    Workspace::with(&[("orders.csv", &format!("id,customer,quantity\n{rows}")), ONE_STREAM])
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let workspace = many_orders();
    let mut child = workspace
        .command(&["run", "one.sql"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(line, "{\"id\":0,\"customer\":\"ada\",\"dozens\":0.0}\n");
    assert_eq!(child.wait().unwrap().code(), Some(0), "{stderr}");
    assert!(!stderr.contains("error"), "{stderr}");
}

/// `--source` replaces the place of a source, and nothing of how it is read.
#[test]
fn another_source_is_read_in_the_same_way() {
    let program = "SELECT id, name FROM people WITH (
        'people.path' = 'people.csv', 'people.format' = 'csv', 'people.delimiter' = ';', 'people.quote' = '~',
        'people.has_headers' = 'true', 'people.skip_lines' = '1', 'people.max_records' = '2', 'people.compression' = 'none')";
    let workspace = Workspace::with(&[
        ("program.sql", program),
        ("people.csv", "export\nid;name\n1;~ada~\n"),
        (
            "others.txt",
            "another export\nid;name\n7;~grace; hopper~\n8;bob\n9;too many\n",
        ),
    ]);
    let outcome = workspace.run(&["-q", "run", "program.sql", "--source", "people=others.txt"]);
    assert_eq!(
        outcome.stdout, "{\"id\":7,\"name\":\"grace; hopper\"}\n{\"id\":8,\"name\":\"bob\"}\n",
        "{}",
        outcome.stderr
    );
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_exits_with_130() {
    let workspace = many_orders();
    // Nobody reads standard output, so that the run waits for room in the pipe until the signal comes.
    let mut child = workspace
        .command(&["run", "one.sql"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut String::new()).unwrap();
    let kill = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(kill.success());
    std::thread::sleep(Duration::from_millis(100));
    // What is under way is still written, and somebody has to take it.
    std::io::copy(&mut stdout, &mut std::io::sink()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

/// All kinds of files that a run writes; none of them changes when the run is interrupted.
#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_its_files_as_they_were() {
    const OUTPUTS: &[&str] = &[
        "out.csv",
        "out.jsonl",
        "out.json",
        "out.envelope.jsonl",
        "out.csv.gz",
        "out.parquet",
        "out.avro",
        "shared.csv",
        "appended.csv",
        "dead.jsonl",
    ];
    let streams: String = OUTPUTS[..7]
        .iter()
        .enumerate()
        .map(|(index, path)| {
            format!("CREATE STREAM s{index} AS SELECT * FROM orders WITH ('orders.path' = 'orders.csv', 's{index}.path' = '{path}');\n")
        })
        .collect();
    let program = format!(
        "{streams}
        CREATE STREAM one AS SELECT id FROM orders INTO shared WITH ('orders.path' = 'orders.csv', 'shared.path' = 'shared.csv');
        CREATE STREAM two AS SELECT id FROM orders INTO shared WITH ('orders.path' = 'orders.csv');
        CREATE STREAM behind AS SELECT id FROM orders
          WITH ('orders.path' = 'orders.csv', 'behind.path' = 'appended.csv', 'behind.append' = 'true');
        CREATE STREAM dead AS SELECT CAST(customer AS INT) AS number FROM orders
          WITH ('orders.path' = 'orders.csv', 'dead.type' = 'discard_sink', 'dead.letter.queue.path' = 'dead.jsonl');
        CREATE STREAM printed AS SELECT * FROM orders WITH ('orders.path' = 'orders.csv');"
    );
    let before = [true, false].map(|exist| {
        let workspace = many_orders();
        workspace.write("all.sql", program.as_bytes());
        if exist {
            for path in OUTPUTS {
                // Without an end of the line, which appending would add first.
                workspace.write(path, b"id\n1");
            }
        }
        (exist, workspace)
    });
    for (exist, workspace) in before {
        // Nobody reads standard output, so that the run waits for room in the pipe until the signal comes.
        let mut child = workspace
            .command(&["run", "all.sql", "--parallelism", "1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut String::new()).unwrap();
        let kill = std::process::Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap();
        assert!(kill.success());
        let mut stderr = String::new();
        std::thread::scope(|scope| {
            scope.spawn(|| std::io::copy(&mut stdout, &mut std::io::sink()).unwrap());
            child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        });
        assert_eq!(child.wait().unwrap().code(), Some(130), "{stderr}");
        assert!(
            stderr.contains("interrupted: the input was not read to its end\n"),
            "{stderr}"
        );
        let word = if exist {
            "are as they were before the run"
        } else {
            "were not written"
        };
        assert!(stderr.contains("`out.csv`, ") && stderr.contains(word), "{stderr}");
        let mut files = crate::support::files_in(&workspace.path("."));
        files.retain(|path| !path.ends_with("orders.csv") && path.extension().is_none_or(|kind| kind != "sql"));
        assert_eq!(files.len(), if exist { OUTPUTS.len() } else { 0 }, "{files:?}");
        for path in files {
            assert_eq!(std::fs::read(&path).unwrap(), b"id\n1", "{}", path.display());
        }
    }
}

/// Anything that takes each column with each other takes many seconds here.
#[test]
fn ten_thousand_columns_are_planned_like_ten() {
    let list = |form: fn(usize) -> String| (0..10_000).map(form).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "CREATE STREAM wide ({}) WITH (path = 'wide.csv');\n\
         CREATE STREAM all_columns AS SELECT * FROM (SELECT * FROM wide) AS inner_query;\n\
         CREATE STREAM computed AS SELECT {} FROM wide;\n",
        list(|index| format!("c{index} BIGINT")),
        list(|index| format!("C{index} + 1 AS d{index}")),
    );
    let workspace = Workspace::with(&[("wide.csv", ""), ("query.sql", &sql)]);
    let outcome = workspace.run(&["validate", "query.sql"]);
    assert_eq!(
        outcome.exit,
        Some(0),
        "{}",
        outcome.stdout.chars().take(2000).collect::<String>()
    );
}

#[test]
fn a_small_run_is_over_at_once() {
    let workspace = workspace();
    let fastest = (0..5)
        .map(|_| {
            let started = Instant::now();
            assert_eq!(workspace.run(&["run", "one.sql"]).exit, Some(0));
            started.elapsed()
        })
        .min();
    // Unoptimized, and on a busy machine: the promise for a release build is a fraction of this.
    assert!(fastest < Some(Duration::from_secs(1)), "{fastest:?}");
}

#[test]
fn colors_follow_the_flag_and_the_environment() {
    let workspace = workspace();
    let is_colored = |arguments: &[&str], no_color: &str| {
        let output = workspace.command(arguments).env("NO_COLOR", no_color).output().unwrap();
        output.stdout.contains(&b'\x1b')
    };
    assert!(!is_colored(&["validate", "bad.sql"], ""), "a pipe is no terminal");
    assert!(
        is_colored(&["--color", "always", "validate", "bad.sql"], "1"),
        "the flag wins"
    );
    assert!(!is_colored(&["--color", "never", "validate", "bad.sql"], ""));
}

#[test]
fn the_version_is_told() {
    let output = velo_cli().arg("--version").output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        format!("velo-cli {}\n", env!("CARGO_PKG_VERSION"))
    );
}

const LATE: (&str, &str) = (
    "late.sql",
    "SELECT id FROM late WITH ('late.path' = 'late/*.jsonl', 'late.file.wait.timeout' = '20s', \
     'late.file.retry.interval' = '100ms');\n",
);

#[test]
fn run_waits_for_files_that_come_later() {
    let workspace = Workspace::with(&[LATE]);
    let waiting = workspace
        .command(&["run", "late.sql"])
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut waiting = waiting.unwrap();
    let mut stderr = BufReader::new(waiting.stderr.take().unwrap());
    let mut said = String::new();
    stderr.read_line(&mut said).unwrap();
    assert_eq!(said, "waiting up to 20s for `late/*.jsonl`, which `late` reads\n");
    workspace.write("other.jsonl", b"");
    workspace.write("late/1.jsonl", b"{\"id\":1}\n");
    let output = waiting.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "{\"id\":1}\n");
    assert!(output.status.success());
}

#[test]
fn a_wait_ends_at_its_timeout() {
    let workspace = Workspace::with(&[(
        "late.sql",
        "SELECT id FROM late WITH ('late.path' = 'late.jsonl', 'late.file.wait.timeout' = '1s', \
         'late.file.retry.interval' = '100ms');\n",
    )]);
    insta::assert_snapshot!("run_waited", workspace.run(&["run", "late.sql"]).transcript());
    let began = Instant::now();
    insta::assert_snapshot!(
        "validate_does_not_wait",
        workspace.run(&["validate", "late.sql"]).transcript()
    );
    assert!(began.elapsed() < Duration::from_millis(900));
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_wait() {
    let workspace = Workspace::with(&[LATE]);
    let mut waiting = workspace
        .command(&["run", "late.sql"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(waiting.stderr.take().unwrap())
        .read_line(&mut said)
        .unwrap();
    let killed = std::process::Command::new("kill")
        .args(["-INT", &waiting.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    assert_eq!(waiting.wait().unwrap().code(), Some(130));
}

#[test]
fn validate_says_what_it_saw_when_asked() {
    let workspace = Workspace::with(&[
        (
            "query.sql",
            "SELECT symbol, price FROM trades WITH ('trades.path' = 'trades-*.jsonl');\n",
        ),
        (
            "trades-1.jsonl",
            "{\"symbol\":\"A\",\"price\":1,\"note\":null}\n{\"symbol\":\"B\",\"price\":1.5}\n",
        ),
        (
            "trades-2.jsonl",
            "{\"symbol\":\"C\",\"price\":2,\"venue\":{\"name\":\"X\"}}\noops\n",
        ),
    ]);
    insta::assert_snapshot!(
        "validate_inferred",
        workspace.run(&["-v", "validate", "query.sql"]).transcript()
    );
}

/// A program with a configuration file whose variables are not set, and what is wrong with it all the same.
#[test]
fn missing_variables_can_be_allowed() {
    const VARIABLE: &str = "VELO_TEST_VARIABLE_THAT_IS_NOT_SET";
    let yaml = format!(
        "path: ${{{VARIABLE}}}/orders.csv\nformat: csv\nhas_headers: ${{{VARIABLE}_TOO}}\ndelimiter: ${{{VARIABLE}:;}}\n\
         schema:\n  fields:\n    - name: id\n      type: BIGINT\n    - name: note\n      type: STRING\n"
    );
    let program = |column: &str| format!("SELECT id, {column} FROM orders WITH ('orders.config_file' = 'orders.yaml')");
    let workspace = Workspace::with(&[
        ("orders.yaml", yaml.as_str()),
        ("good.sql", program("note").as_str()),
        ("bad.sql", program("nte").as_str()),
        ("base.yaml", "format: csv\n"),
        (
            "child.yaml",
            format!("extends: ${{{VARIABLE}}}.yaml\npath: orders.csv\n").as_str(),
        ),
        (
            "child.sql",
            "SELECT * FROM orders WITH ('orders.config_file' = 'child.yaml')",
        ),
    ]);
    let warning = |name: &str, file: &str| {
        format!("warning[V0603]: `{file}` needs the environment variable `{name}`, which is not set\n")
    };
    let refused = workspace.run(&["validate", "good.sql"]);
    assert_eq!(refused.exit, Some(1));
    let allowed = workspace.run(&["validate", "good.sql", "--allow-missing-env"]);
    assert_eq!(allowed.exit, Some(0), "{}", allowed.stdout);
    assert!(
        allowed.stdout.contains(&warning(VARIABLE, "orders.yaml")),
        "{}",
        allowed.stdout
    );
    assert!(
        allowed
            .stdout
            .contains(&warning(&format!("{VARIABLE}_TOO"), "orders.yaml")),
        "{}",
        allowed.stdout
    );
    assert!(
        allowed.stdout.ends_with("1 program checked: no errors, 2 warnings\n"),
        "{}",
        allowed.stdout
    );
    // The columns that the file declares are known.
    let bad = workspace.run(&["validate", "bad.sql", "--allow-missing-env"]);
    assert_eq!(bad.exit, Some(1));
    assert!(bad.stdout.contains("there is no column `nte`"), "{}", bad.stdout);
    let child = workspace.run(&["validate", "child.sql", "--allow-missing-env"]);
    assert_eq!(child.exit, Some(0), "{}", child.stdout);
    assert!(
        child.stdout.contains(&warning(VARIABLE, "child.yaml")),
        "{}",
        child.stdout
    );
    let strict = workspace.run(&["validate", "good.sql", "--allow-missing-env", "--strict"]);
    assert_eq!(strict.exit, Some(1));
}

/// What has to be known of a join is its bound in time, which one with a table needs none of.
#[test]
fn joins_with_tables_are_told_when_more_is_asked_for() {
    let program = "CREATE TABLE people (id BIGINT PRIMARY KEY, name STRING) WITH (path = 'people.csv');
        CREATE STREAM named AS SELECT o.id, p.name FROM orders o JOIN people p ON o.customer = p.name
        WITH ('orders.path' = 'orders.csv');";
    let workspace = Workspace::with(&[("joins.sql", program), ORDERS, ("people.csv", "id,name\n1,ada\n")]);
    let run = |arguments: &[&str]| workspace.run(&[arguments, &["joins.sql"]].concat()).stdout;
    assert_eq!(run(&["validate"]), "1 program checked: no errors, no warnings\n");
    assert!(run(&["-v", "validate"]).starts_with("join: stream `orders` INNER JOIN table `people`"));
    assert_eq!(run(&["validate", "--format", "github"]), "");
    assert!(run(&["validate", "--format", "json"]).contains("\"kind\":\"INNER JOIN\""));
}
