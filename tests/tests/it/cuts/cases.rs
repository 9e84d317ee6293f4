//! The golden cases of `tests/cases`, in one piece and in several.
//!
//! What a case is, and how its rows are compared, `velo-cli`'s tests of them say.

use std::fs;
use std::path::{Path, PathBuf};

use velo_tests::random::Random;
use velo_tests::rows::{difference, folded, rows};

use super::cut_source::Cut;
use super::program::{Piece, Program};
use super::side_by_side::failures_of;

/// Cases that cannot be gone on with, and why.
const UNCUTTABLE: &[(&str, &str)] = &[(
    "json-array",
    "a JSON array is complete only at its end; write jsonlines or csv",
)];

/// Workers of each piece of a run, and whether it is cut by failures.
const SERIES: [([usize; 3], bool); 3] = [([1, 2, 3], false), ([4, 2, 1], false), ([2, 3, 1], true)];

/// Of the places of cuts.
const SEED: u64 = 7;

#[test]
fn every_case_gives_its_rows_however_it_is_cut() {
    let cases = cases();
    assert!(cases.len() >= 20, "cases are missing: {}", cases.len());
    let failures = failures_of(&cases, |case| check(case, &mut Random::new(SEED)));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn cases_that_cannot_be_cut_are_known() {
    let uncuttable = cases().into_iter().filter_map(|case| {
        let reason = Program::copy_of(&case, 1).uncuttable()?;
        Some((name(&case), reason))
    });
    let known = UNCUTTABLE
        .iter()
        .map(|(case, reason)| ((*case).to_owned(), (*reason).to_owned()));
    assert_eq!(uncuttable.collect::<Vec<_>>(), known.collect::<Vec<_>>());
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let entries = fs::read_dir(folder).unwrap();
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

fn name(case: &Path) -> String {
    case.file_name().unwrap().to_string_lossy().into_owned()
}

/// Runs a case in all ways, and tells where rows differ.
fn check(case: &Path, random: &mut Random) -> Vec<String> {
    let straight = Program::copy_of(case, 1);
    let batches = straight.run_straight();
    let mut failures = Vec::new();
    let mut compare = |program: &Program, how: &str| {
        if let Err(difference) = differences(case, program) {
            failures.push(format!("== {} {how}\n{difference}", name(case)));
        }
    };
    compare(&straight, "in one piece");
    if UNCUTTABLE.iter().any(|(known, _)| *known == name(case)) {
        return failures;
    }
    for (parallelism, fails) in SERIES {
        let cut_at = [0, 1].map(|_| random.between(0, batches as i64) as u64);
        let program = Program::copy_of(case, 1);
        let mut number = 0;
        program.run_in_pieces(|read| {
            let cut = cut_at.get(number).map_or(Cut::Never, |at| {
                if fails {
                    Cut::Failure(*at)
                } else {
                    Cut::Stop(at % (batches.saturating_sub(read) + 1))
                }
            });
            number += 1;
            Piece {
                parallelism: parallelism[number.min(parallelism.len()) - 1],
                cut,
            }
        });
        compare(
            &program,
            &format!("{parallelism:?} workers, failures: {fails}, cut at {cut_at:?}"),
        );
    }
    failures
}

fn differences(case: &Path, program: &Program) -> Result<(), String> {
    let is_ordered = case.join("ordered").exists();
    let compare = |name: &str, expected: String, found: String| {
        if expected == found {
            Ok(())
        } else {
            Err(format!("{name}: {}", difference(&expected, &found)))
        }
    };
    let expected = fs::read_to_string(case.join("expected.jsonl")).unwrap_or_default();
    compare(
        "printed rows",
        rows(&expected, is_ordered),
        rows(&printed(program), is_ordered),
    )?;
    let Ok(written) = fs::read_dir(case.join("expected")) else {
        return Ok(());
    };
    for path in written.map(|entry| entry.unwrap().path()) {
        let name = name(&path);
        let (expected, found) = (fs::read_to_string(&path).unwrap(), program.read(&name));
        if case.join("folded").exists() {
            compare(&name, rows(&expected, false), folded(&found))?;
        } else {
            compare(&name, rows(&expected, is_ordered), rows(&found, is_ordered))?;
        }
    }
    Ok(())
}

/// The rows of statements without a sink, as the standard output has them.
fn printed(program: &Program) -> String {
    let printed = program.printed();
    let [(_, rows)] = printed.as_slice() else {
        let named = printed.iter().flat_map(|(stream, rows)| {
            let stream = serde_json::Value::from(stream.as_str());
            rows.lines()
                .map(move |row| format!("{{\"stream\":{stream},\"row\":{row}}}\n"))
        });
        return named.collect();
    };
    rows.clone()
}
