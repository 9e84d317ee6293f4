//! Memory that a loaded table holds.

use std::fs;

use velo_common::SourceText;
use velo_engine::Cancel;
use velo_loader::{
    BackgroundLoad, ParallelLoader, ParallelLoadingConfig, ProgramLoadOptions, ProgramLoader, TableChoice,
};
use velo_session::{Mode, SessionOptions, check};

use crate::loads::{LARGE_ROWS, large_program};
use crate::process::resident_bytes;
use crate::report::{Bar, Report, figure, group};

/// Three numbers, and the view of a text of at most 12 bytes, which stands in it.
const ARROW_BYTES_A_ROW: f64 = 3.0 * 8.0 + 16.0;

/// A table of ten million rows in memory, that nobody has looked up yet.
pub(crate) fn large_table(report: &mut Report) {
    let (text, before) = (large_program(), resident_bytes());
    let loading = load(&text);
    let held = resident_bytes().saturating_sub(before) as f64 / LARGE_ROWS as f64;
    drop(loading);
    group("A table of 10 M rows and 4 columns in memory");
    figure("for each row", held, "bytes");
    report.bar("  times its columns", held / ARROW_BYTES_A_ROW, "×", Bar::AtMost(1.5));
}

/// The tables of a program, which stay as long as what is returned.
fn load(program: &str) -> BackgroundLoad {
    let text = fs::read_to_string(program).expect("a program that was just written");
    let mut checked = check(SourceText::new(program, text), &SessionOptions::new(Mode::Load));
    assert!(checked.is_valid(), "{:?}", checked.diagnostics);
    let tables = checked.take_tables();
    let tables = ProgramLoader::new(&checked, &tables, ProgramLoadOptions::default());
    let loader = ParallelLoader::new(ParallelLoadingConfig::default()).expect("the defaults are valid");
    let mut loading =
        BackgroundLoad::start(tables, loader, TableChoice::default(), &Cancel::default()).expect("a thread to load in");
    assert!(loading.finish().expect("an order to load in").is_complete());
    loading
}
