//! What the repository shows to its visitors is true.

use std::fs;

use crate::support::{Outcome, folders_in, root, velo_cli};

#[test]
fn every_quickstart_program_prints_what_it_says() {
    let programs = folders_in(&root().join("demo/quickstart"));
    assert_eq!(programs.len(), 5);
    let readme = fs::read_to_string(root().join("demo/quickstart/README.md")).unwrap();
    for program in programs {
        let name = program.file_name().unwrap().to_str().unwrap();
        let path = format!("demo/quickstart/{name}/query.sql");
        let outcome = Outcome::of(&velo_cli().current_dir(root()).args(["run", &path]).output().unwrap());
        let expected = fs::read_to_string(program.join("expected.jsonl")).unwrap();
        assert_eq!(
            (outcome.exit, outcome.stdout),
            (Some(0), expected),
            "{path}: {}",
            outcome.stderr
        );
        assert!(readme.contains(name), "{name} has no line in demo/quickstart/README.md");
    }
}

/// The expected values were computed by hand; 12.25 and -0.05 are means that round half away from zero.
#[test]
fn the_one_billion_row_challenge_on_seven_rows() {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("measurements.csv");
    fs::write(
        &path,
        "Oslo;-3.2\nQuito;12.2\nOslo;3.1\nTórshavn;7.0\nQuito;12.3\nTórshavn;99.9\nTórshavn;-99.9\n",
    )
    .unwrap();
    let path = format!("measurements.path={}", path.display());
    let run = ["run", "demo/1brc/query.sql", "--set", &path];
    let outcome = Outcome::of(&velo_cli().current_dir(root()).args(run).output().unwrap());
    let mut rows: Vec<&str> = outcome.stdout.lines().collect();
    rows.sort_unstable();
    assert_eq!(
        rows,
        [
            r#"{"station":"Oslo","min":-3.2,"mean":-0.1,"max":3.1}"#,
            r#"{"station":"Quito","min":12.2,"mean":12.3,"max":12.3}"#,
            r#"{"station":"Tórshavn","min":-99.9,"mean":2.3,"max":99.9}"#,
        ]
    );
}

#[test]
fn the_quickstart_programs_are_valid_without_warnings() {
    let validate = ["validate", "--strict", "demo/quickstart"];
    let outcome = Outcome::of(&velo_cli().current_dir(root()).args(validate).output().unwrap());
    assert_eq!(
        (outcome.exit, outcome.stdout.as_str()),
        (Some(0), "5 programs checked: no errors, no warnings\n")
    );
}

#[test]
fn the_example_of_the_readme_is_the_last_quickstart_program() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let example = root().join("demo/quickstart/05-tumbling-window");
    for file in ["query.sql", "expected.jsonl"] {
        let content = fs::read_to_string(example.join(file)).unwrap();
        assert!(
            readme.contains(content.trim_end()),
            "README.md does not show {file}:\n{content}"
        );
    }
}
