//! The speed bars: every figure that `docs/performance.md` tells, measured in one run, beside what it must reach.
//!
//! ```text
//! cargo bench -p velo-cli --bench bars
//! cargo bench -p velo-cli --bench bars -- loads lookups
//! ```
//!
//! The second line measures only some of them: `runs`, `graph`, `checkpoints`, `loads`, `lookups`.
//!
//! Everything runs on the first core, unless a bar is about two. Rounds of things that are compared take turns, so that
//! what else the machine does meanwhile meets all of them alike; the best round counts. Compare only figures of the same
//! run.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run has nothing to measure")]
#![expect(clippy::print_stdout, reason = "its figures are what it is for")]

mod baseline;
mod checkpoints;
mod data;
mod files;
mod graph;
mod held;
mod loads;
mod lookups;
mod measure;
mod memory;
mod process;
mod registry;
mod report;
mod startup;
#[path = "../../../crates/velo-formats/benches/input/trades.rs"]
mod trades;

use report::Report;

/// Set for the process that measures, which runs on one core.
const PINNED: &str = "VELO_BARS_PINNED";

fn main() {
    if std::env::var_os(PINNED).is_none() {
        process::run_again_on_first_core(PINNED);
        return;
    }
    let mut report = Report::new();
    if is_wanted("runs") {
        files::json_lines(&mut report);
        files::two_cores(&mut report);
        files::stations(&mut report);
        files::peak_memory(&mut report);
        memory::batches(&mut report);
        startup::startup(&mut report);
    }
    if is_wanted("graph") {
        graph::chained(&mut report);
        graph::changing(&mut report);
        graph::union(&mut report);
        files::chained_on_two_cores(&mut report);
        files::many_over_one_file(&mut report);
        startup::many_statements(&mut report);
    }
    if is_wanted("checkpoints") {
        checkpoints::large_state(&mut report);
    }
    if is_wanted("loads") {
        held::large_table(&mut report);
        loads::slow_tables(&mut report);
        loads::large_table(&mut report);
        loads::many_tables(&mut report);
        registry::overhead(&mut report);
    }
    if is_wanted("lookups") {
        lookups::in_memory(&mut report);
        lookups::from_json_lines(&mut report);
    }
    report.finish();
}

/// Whether these bars are among those that the command line names, or it names none.
fn is_wanted(bars: &str) -> bool {
    let mut named = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .peekable();
    named.peek().is_none() || named.any(|name| name == bars)
}
