//! The golden cases of `tests/cases`, one folder per behaviour.
//!
//! A folder holds `query.sql`, its input, and what is expected: `expected.jsonl` is standard output, the files below
//! `expected/` are those that the run writes. Rows may come in any order where a file `unordered` stands beside them,
//! where several streams share standard output, and with several workers, unless a file `ordered` stands there. Beside a file `folded` the envelopes
//! that are written are changes, and the rows are expected that stand at their end. The comment at the top of the query says
//! where the expected values come from.

use std::fs;
use std::path::Path;

use velo_tests::rows::{folded, rows};

use crate::support::{Outcome, Workspace, files_in, folders_in, root};

/// Ways to run a case that must not change its rows.
const VARIANTS: [&[&str]; 4] = [
    &["--parallelism", "1"],
    &["--parallelism", "2"],
    &["--parallelism", "1", "--set", "batch.size=1"],
    &["--parallelism", "3", "--set", "batch.size=7"],
];

#[test]
fn every_case_gives_its_rows_however_it_is_run() {
    let cases = folders_in(&root().join("tests/cases"));
    assert!(cases.len() >= 20, "cases are missing: {}", cases.len());
    let failures: Vec<String> = cases.iter().flat_map(|case| failures(case)).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn failures(case: &Path) -> Vec<String> {
    let failure = |variant: &&[&str]| {
        let name = case.file_name().unwrap().to_string_lossy();
        run(case, variant)
            .err()
            .map(|difference| format!("== {name} {}\n{difference}", variant.join(" ")))
    };
    VARIANTS.iter().filter_map(failure).collect()
}

fn run(case: &Path, variant: &[&str]) -> Result<(), String> {
    let workspace = Workspace::copy_of(case);
    let outcome = workspace.run(&[&["run", "query.sql"], variant].concat());
    if outcome.exit != Some(0) {
        return Err(outcome.transcript());
    }
    let has_order = variant.contains(&"1") || case.join("ordered").exists();
    let is_ordered = has_order && !case.join("unordered").exists() && !has_several_streams(&outcome);
    let compare = |name: &str, expected: &str, found: &str| {
        let (expected, found) = (rows(expected, is_ordered), rows(found, is_ordered));
        if expected == found {
            Ok(())
        } else {
            Err(format!("{name}: expected\n{expected}found\n{found}"))
        }
    };
    let expected = fs::read_to_string(case.join("expected.jsonl")).unwrap_or_default();
    compare("standard output", &expected, &outcome.stdout)?;
    let written = case.join("expected");
    for path in if written.exists() {
        files_in(&written)
    } else {
        Vec::new()
    } {
        let name = path.file_name().unwrap().to_str().unwrap();
        let (expected, found) = (fs::read_to_string(&path).unwrap(), workspace.read(name));
        if case.join("folded").exists() {
            let (expected, found) = (rows(&expected, false), folded(&found));
            if expected != found {
                return Err(format!("{name}: expected to stand\n{expected}found\n{found}"));
            }
            continue;
        }
        compare(name, &expected, &found)?;
    }
    Ok(())
}

fn has_several_streams(outcome: &Outcome) -> bool {
    outcome.stdout.starts_with("{\"stream\":")
}
