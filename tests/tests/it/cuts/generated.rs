//! Random programs over two files, in one piece and in several.
//!
//! `VELO_CUT_PROGRAMS` says how many programs there are, `VELO_CUT_PROGRAMS_FROM` the seed of the first. Each seed is a program, so that
//! one that fails is tried again alone.

use velo_tests::random::Random;
use velo_tests::rows::{difference, folded, rows};

use super::cut_source::Cut;
use super::program::{Piece, Program};
use super::side_by_side::failures_of;
use super::statements::{Comparison, Statements};

#[test]
fn programs_give_the_same_rows_however_they_are_cut() {
    let number = |name: &str, default: u64| std::env::var(name).map_or(default, |value| value.parse().unwrap());
    let (programs, first) = (number("VELO_CUT_PROGRAMS", 60), number("VELO_CUT_PROGRAMS_FROM", 1));
    let seeds: Vec<u64> = (first..first + programs).collect();
    let failures = failures_of(&seeds, |seed| check(*seed));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Runs the program of a seed in one piece and in several, and tells where rows differ.
fn check(seed: u64) -> Vec<String> {
    let mut random = Random::new(seed);
    let statements = Statements::new(&mut random);
    let batch_rows = *random.pick(&[1, 7]);
    let straight = Program::new(&statements.sql, &statements.files, batch_rows);
    let batches = straight.run_straight();
    let mut failures = Vec::new();
    for _ in 0..2 {
        let cut = Program::new(&statements.sql, &statements.files, batch_rows);
        let pieces = run_in_pieces(&cut, batches, &mut random);
        for (file, comparison) in &statements.outputs {
            let compared = (straight.read(file), cut.read(file));
            if let Err(difference) = compare(&compared.0, &compared.1, *comparison) {
                let sql = &statements.sql;
                failures.push(format!("== seed {seed}, {pieces:?}\n{sql}\n{file}: {difference}"));
            }
        }
    }
    failures
}

/// Runs a program with one to three cuts; gives back its pieces.
fn run_in_pieces(program: &Program, batches: u64, random: &mut Random) -> Vec<Piece> {
    let cuts = random.between(1, 3) as usize;
    let mut pieces = Vec::new();
    program.run_in_pieces(|read| {
        let left = batches.saturating_sub(read) as i64;
        let cut = match pieces.len() < cuts {
            false => Cut::Never,
            true if random.chance(30) => Cut::Failure(random.between(0, left) as u64),
            true => Cut::Stop(random.between(0, left) as u64),
        };
        let parallelism = random.between(1, 4) as usize;
        let piece = Piece { parallelism, cut };
        pieces.push(piece);
        piece
    });
    pieces
}

fn compare(straight: &str, cut: &str, comparison: Comparison) -> Result<(), String> {
    let (expected, found) = match comparison {
        Comparison::Count => (straight.lines().count().to_string(), cut.lines().count().to_string()),
        Comparison::Changes => (folded(straight), folded(cut)),
        Comparison::Rows => (rows(straight, false), rows(cut, false)),
    };
    if expected == found {
        return Ok(());
    }
    Err(difference(&expected, &found))
}
