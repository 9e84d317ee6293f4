//! What a terminal of some size shows of a load, event after event.

use std::time::Duration;

use velo_loader::{LoadOutcome, LoadSummary, ProgressEvent, TableLoadState, TableProgress};

use super::board::LoadBoard;
use super::layout::{Size, lines};
use super::plain::PlainLines;

/// A load that nobody has to wait for: events are made as the loader would make them.
struct Load {
    board: LoadBoard,
    tables: Vec<TableProgress>,
    summary: LoadSummary,
}

impl Load {
    /// Tables as `(wave, name, what it waits for)`.
    fn of<'a>(tables: impl IntoIterator<Item = (usize, String, &'a [&'a str])>) -> Self {
        let tables: Vec<TableProgress> = tables
            .into_iter()
            .map(|(wave, name, waits_for)| waiting(wave, name, waits_for))
            .collect();
        let mut board = LoadBoard::default();
        let summary = LoadSummary::default();
        board.hear(ProgressEvent::InitialSnapshot {
            tables: tables.clone(),
            summary,
        });
        Self { board, tables, summary }
    }

    fn at(&mut self, elapsed_ms: u64) -> &mut Self {
        self.summary.elapsed_ms = elapsed_ms;
        self.board.hear(ProgressEvent::SummaryUpdate(self.summary));
        self
    }

    fn read(&mut self, rows: u64, rows_per_second: f64) -> &mut Self {
        (self.summary.rows, self.summary.rows_per_second) = (rows, rows_per_second);
        self.at(self.summary.elapsed_ms)
    }

    fn loading(&mut self, table: &str, change: impl FnOnce(&mut TableProgress)) -> &mut Self {
        let mut progress = self.tables.iter().find(|other| other.table == table).unwrap().clone();
        (progress.state, progress.attempt) = (TableLoadState::Loading, 1);
        change(&mut progress);
        self.board.hear(ProgressEvent::TableUpdate(progress));
        self
    }

    fn completed(&mut self, table: &str, rows: u64) -> &mut Self {
        self.board.hear(completed(table, rows, LoadOutcome::Loaded));
        self
    }

    fn failed(&mut self, table: &str, error: &str) -> &mut Self {
        self.board.hear(failed(table, error));
        self
    }

    fn skipped(&mut self, table: &str, cause: &str) -> &mut Self {
        self.board.hear(skipped(table, cause));
        self
    }

    fn retrying(&mut self, table: &str, attempt: u32, delay_ms: u64, error: &str) -> &mut Self {
        self.board.hear(retrying(table, attempt, delay_ms, error));
        self
    }

    fn screen(&self, columns: usize, rows: usize) -> String {
        let lines = lines(&self.board, Size { columns, rows });
        assert!(lines.len() < rows, "{} lines in {rows} rows", lines.len());
        let rendered: Vec<String> = lines.iter().map(|line| line.render(columns, false)).collect();
        rendered.join("\n")
    }
}

fn waiting(wave: usize, table: String, waits_for: &[&str]) -> TableProgress {
    TableProgress {
        table,
        wave,
        state: TableLoadState::Waiting,
        attempt: 0,
        rows: 0,
        bytes: 0,
        total_rows: None,
        total_bytes: None,
        rows_per_second: 0.0,
        bytes_per_second: 0.0,
        percent: None,
        estimated_remaining_ms: None,
        elapsed_ms: 0,
        waits_for: waits_for.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn completed(table: &str, rows: u64, outcome: LoadOutcome) -> ProgressEvent {
    ProgressEvent::TableCompleted {
        table: table.to_owned(),
        wave: 1,
        rows,
        bytes: rows * 80,
        skipped_rows: 0,
        attempts: 1,
        duration_ms: 310,
        outcome,
    }
}

fn failed(table: &str, error: &str) -> ProgressEvent {
    ProgressEvent::TableFailed {
        table: table.to_owned(),
        wave: 1,
        attempts: 1,
        duration_ms: 200,
        error: error.to_owned(),
    }
}

fn skipped(table: &str, cause: &str) -> ProgressEvent {
    ProgressEvent::TableSkipped {
        table: table.to_owned(),
        wave: 2,
        needs: None,
        cause: cause.to_owned(),
    }
}

fn retrying(table: &str, attempt: u32, delay_ms: u64, error: &str) -> ProgressEvent {
    ProgressEvent::TableRetrying {
        table: table.to_owned(),
        wave: 1,
        attempt,
        delay_ms,
        error: error.to_owned(),
    }
}

/// Half of 2,400,000 rows.
fn half(progress: &mut TableProgress) {
    progress.rows = 1_200_000;
    progress.percent = Some(50.0);
    progress.rows_per_second = 98_765.4;
    progress.estimated_remaining_ms = Some(12_100);
}

/// A source that does not know how much it has.
fn endless(progress: &mut TableProgress) {
    progress.rows = 34_567;
    progress.rows_per_second = 1_200.0;
}

fn three() -> Load {
    Load::of([
        (1, "orders".to_owned(), &[][..]),
        (1, "customers".to_owned(), &[]),
        (2, "totals_by_customer".to_owned(), &["orders", "customers"]),
    ])
}

#[test]
fn three_tables_from_beginning_to_end() {
    let mut load = three();
    insta::assert_snapshot!("three_before", load.screen(80, 24));
    load.at(5_100)
        .read(1_234_567, 99_965.4)
        .loading("orders", half)
        .loading("customers", endless);
    insta::assert_snapshot!("three_loading", load.screen(80, 24));
    insta::assert_snapshot!("three_loading_narrow", load.screen(50, 24));
    insta::assert_snapshot!("three_loading_very_narrow", load.screen(24, 24));
    insta::assert_snapshot!("three_loading_wide", load.screen(120, 24));
    load.at(7_000).completed("customers", 40_000);
    insta::assert_snapshot!("three_waiting_for_one", load.screen(80, 24));
    load.at(9_000)
        .completed("orders", 2_400_000)
        .loading("totals_by_customer", |_| ());
    insta::assert_snapshot!("three_last", load.screen(80, 24));
}

#[test]
fn failures_and_retries_say_why() {
    let mut load = three();
    load.at(1_000)
        .retrying(
            "orders",
            2,
            4_000,
            "cannot connect to `db:5432`: connection refused (os error 111), and that will not change soon",
        )
        .failed(
            "customers",
            "`customers.csv` is not there\n\u{1b}[2Jdid you mean `customer.csv`?",
        )
        .at(2_500);
    insta::assert_snapshot!("retrying", load.screen(80, 24));
    load.at(5_000).loading("orders", |progress| {
        half(progress);
        progress.attempt = 2;
    });
    load.skipped("totals_by_customer", "`customers` failed: `customers.csv` is not there");
    insta::assert_snapshot!("second_attempt", load.screen(80, 24));
}

/// 240 tables in the first wave, 40 in the second, 20 in the third.
fn three_hundred() -> Load {
    let tables = (0..300).map(|table| match table {
        0..240 => (1, format!("source_{table:03}"), &[][..]),
        240..280 => (
            2,
            format!("enriched_{table:03}"),
            &["source_001", "source_150", "source_151", "source_152", "source_153"][..],
        ),
        _ => (
            3,
            format!("a_report_with_a_rather_long_name_{table}"),
            &["enriched_240"][..],
        ),
    });
    Load::of(tables)
}

#[test]
fn time_goes_on_without_events_until_the_end() {
    let mut load = three();
    load.at(1_000).retrying("orders", 2, 4_000, "broken");
    load.board.pass(Duration::from_millis(1_500));
    insta::assert_snapshot!(load.screen(80, 24).lines().nth(1).unwrap(), @"  orders              retrying in 2.5 s (attempt 2): broken");
    load.completed("orders", 1)
        .completed("customers", 1)
        .completed("totals_by_customer", 1)
        .at(3_000);
    load.board.pass(Duration::from_mins(1));
    assert_eq!(load.board.now_ms(), 3_000);
}

#[test]
fn of_three_hundred_tables_the_interesting_ones_are_shown() {
    let mut load = three_hundred();
    insta::assert_snapshot!("many_before", load.screen(80, 24));
    for table in 0..150 {
        load.completed(&format!("source_{table:03}"), 1_000);
    }
    load.at(61_000).read(150_000, 4_000.0);
    load.failed(
        "source_042",
        "cannot read `source_042.csv`: permission denied (os error 13)",
    );
    load.retrying("source_150", 3, 30_000, "status 503 Service Unavailable");
    load.loading("source_151", half)
        .loading("source_152", endless)
        .loading("source_153", |_| ());
    insta::assert_snapshot!("many_loading", load.screen(80, 24));
    insta::assert_snapshot!("many_loading_in_few_rows", load.screen(80, 8));
    insta::assert_snapshot!("many_loading_in_two_rows", load.screen(80, 2));
    for table in 150..240 {
        load.completed(&format!("source_{table:03}"), 1_000);
    }
    for table in 240..275 {
        load.completed(&format!("enriched_{table}"), 10);
    }
    load.loading("enriched_275", half)
        .loading("a_report_with_a_rather_long_name_280", half);
    insta::assert_snapshot!("many_nearly_done", load.screen(80, 24));
}

#[test]
fn more_failures_than_rows_leave_room_for_what_is_loading() {
    let mut load = three_hundred();
    for table in 0..100 {
        load.failed(&format!("source_{table:03}"), "no space left on device");
    }
    load.loading("source_200", half);
    insta::assert_snapshot!("many_failures", load.screen(80, 12));
}

#[test]
fn a_long_chain_of_waves_stays_short() {
    let tables = (1..=1_000).map(|table| (table, format!("link_{table}"), &[][..]));
    let mut load = Load::of(tables);
    for table in 1..500 {
        load.completed(&format!("link_{table}"), 1);
    }
    load.loading("link_500", endless);
    insta::assert_snapshot!("chain", load.screen(80, 12));
}

#[test]
fn any_size_and_any_state_fits() {
    let mut load = three_hundred();
    for step in 0..300 {
        let table = load.tables[step].table.clone();
        match step % 7 {
            0 => load.failed(&table, "broken"),
            1 => load.skipped(&table, "`source_000` failed: broken"),
            2 => load.loading(&table, half),
            3 => load.retrying(&table, 2, 10, "once more"),
            4 => load.loading(&table, endless),
            _ => load.completed(&table, 7),
        };
        if step % 20 == 0 {
            for (columns, rows) in [(1, 2), (7, 3), (20, 5), (80, 24), (200, 400)] {
                let screen = load.screen(columns, rows);
                let too_wide = screen.lines().find(|line| line.chars().count() > columns);
                assert_eq!(too_wide, None, "in {columns} columns");
            }
        }
    }
}

#[test]
fn colors_frame_what_stands_out() {
    let mut load = three();
    load.failed("orders", "broken").loading("customers", half);
    let lines = lines(&load.board, Size { columns: 60, rows: 24 });
    let rendered: Vec<String> = lines
        .iter()
        .map(|line| line.render(60, true).replace('\u{1b}', "␛"))
        .collect();
    insta::assert_snapshot!(rendered.join("\n"));
}

#[test]
fn without_a_terminal_each_change_is_a_line() {
    let orders = waiting(1, "orders".to_owned(), &[]);
    let loading = |attempt| TableProgress {
        attempt,
        state: TableLoadState::Loading,
        ..orders.clone()
    };
    let reloaded = LoadOutcome::Reloaded {
        reason: "its definition has changed".to_owned(),
    };
    let events = [
        ProgressEvent::InitialSnapshot {
            tables: vec![orders.clone()],
            summary: LoadSummary::default(),
        },
        ProgressEvent::TableUpdate(loading(1)),
        ProgressEvent::TableUpdate(loading(1)),
        ProgressEvent::SummaryUpdate(LoadSummary::default()),
        retrying("orders", 2, 1_500, "connection reset"),
        ProgressEvent::TableUpdate(loading(2)),
        completed("orders", 1_200, LoadOutcome::Loaded),
        completed("products", 3, LoadOutcome::Unchanged),
        completed("clicks", 1_220, LoadOutcome::Incremental { rows_read: 20 }),
        completed("prices", 1, reloaded),
        failed("customers", "wrong password"),
        skipped("totals", "`customers` failed: wrong password"),
        ProgressEvent::KeepAlive,
    ];
    let mut lines = PlainLines::default();
    let text: Vec<String> = events
        .iter()
        .filter_map(|event| lines.line(event))
        .map(|line| line.render(usize::MAX, false))
        .collect();
    insta::assert_snapshot!(text.join("\n"));
}
