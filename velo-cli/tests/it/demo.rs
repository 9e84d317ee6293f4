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
