//! Which lines are drawn where there is not room for all.

use std::collections::BTreeSet;

use velo_loader::TableLoadState;

use super::board::{LoadBoard, StateCounts, TableRow};
use super::row::{more_waiting, table_row, total_row, wave_header};
use super::style::RowStyle;
use crate::print::line::Line;

/// A terminal of unknown size counts as one of this size.
const SIZE_DEFAULT: (usize, usize) = (80, 24);

/// Tables that wait and get a line where there is not room for all.
const WAITING_SHOWN_MAX: usize = 5;

/// Columns and rows of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) columns: usize,
    pub(super) rows: usize,
}

impl Default for Size {
    fn default() -> Self {
        let (columns, rows) = SIZE_DEFAULT;
        Self { columns, rows }
    }
}

/// The lines that show a load on a terminal of this size; at least one row stays free.
///
/// Where there is room for all tables, each keeps its line through the whole load. Else those that have ended well fold into
/// the header of their wave, and waves of which nothing is shown share one header: what is being loaded comes first,
/// then what has failed, then what comes next.
pub(super) fn lines(board: &LoadBoard, size: Size) -> Vec<Line> {
    if board.tables().is_empty() {
        return Vec::new();
    }
    let style = RowStyle::of(board.tables(), size.columns);
    let rows_max = size.rows.saturating_sub(1).max(1);
    let shown = choose(board, rows_max);
    let mut lines = Vec::with_capacity(rows_max);
    for part in parts(board, &shown) {
        lines.push(wave_header(part.first_wave, part.last_wave, &part.counts));
        lines.extend(part.tables.iter().map(|table| table_row(board, table, style)));
        lines.extend((part.waiting_hidden > 0).then(|| more_waiting(part.waiting_hidden)));
    }
    lines.push(total_row(board, style));
    // The last lines say most.
    lines.drain(..lines.len().saturating_sub(rows_max));
    lines
}

/// Indexes of the tables that get a line.
type Shown = BTreeSet<usize>;

fn choose(board: &LoadBoard, rows_max: usize) -> Shown {
    let tables = board.tables();
    if tables.len() + board.waves().len() < rows_max {
        return (0..tables.len()).collect();
    }
    let mut shown = Shown::new();
    for index in candidates(tables) {
        shown.insert(index);
        if height(board, &shown) > rows_max {
            shown.remove(&index);
            break;
        }
    }
    shown
}

/// Tables that are worth a line of their own, the most worthy ones first.
fn candidates(tables: &[TableRow]) -> impl Iterator<Item = usize> {
    let of_states = |states: &'static [TableLoadState]| {
        let of_states = move |(_, table): &(usize, &TableRow)| states.contains(&table.status.state());
        tables.iter().enumerate().filter(of_states).map(|(index, _)| index)
    };
    of_states(&[TableLoadState::Loading, TableLoadState::Retrying])
        .chain(of_states(&[TableLoadState::Failed]))
        .chain(of_states(&[TableLoadState::Waiting]).take(WAITING_SHOWN_MAX))
}

/// Lines that it takes to show these tables, the total included.
fn height(board: &LoadBoard, shown: &Shown) -> usize {
    let height_of = |part: &Part<'_>| 1 + part.tables.len() + usize::from(part.waiting_hidden > 0);
    parts(board, shown).iter().map(height_of).sum::<usize>() + 1
}

/// A wave with tables that are shown, or waves in a row without.
#[derive(Debug, Default)]
struct Part<'a> {
    first_wave: usize,
    last_wave: usize,
    counts: StateCounts,
    tables: Vec<&'a TableRow>,
    waiting_hidden: usize,
}

fn parts<'a>(board: &'a LoadBoard, shown: &Shown) -> Vec<Part<'a>> {
    let mut tables_of: Vec<Vec<&TableRow>> = vec![Vec::new(); board.waves().len()];
    for table in shown.iter().filter_map(|index| board.tables().get(*index)) {
        if let Some(tables) = tables_of.get_mut(table.wave.saturating_sub(1)) {
            tables.push(table);
        }
    }
    let mut parts: Vec<Part<'_>> = Vec::new();
    for (index, (counts, tables)) in board.waves().iter().zip(tables_of).enumerate() {
        let wave = index + 1;
        match parts.last_mut() {
            Some(part) if part.tables.is_empty() && tables.is_empty() => {
                part.last_wave = wave;
                part.counts.add(counts);
            }
            _ => parts.push(Part {
                first_wave: wave,
                last_wave: wave,
                counts: *counts,
                waiting_hidden: waiting_hidden(counts, &tables),
                tables,
            }),
        }
    }
    parts
}

/// Tables of a wave that wait and are not among those shown, where others that wait are: a list that is not whole says so.
fn waiting_hidden(counts: &StateCounts, shown: &[&TableRow]) -> usize {
    let is_waiting = |table: &&&TableRow| table.status.state() == TableLoadState::Waiting;
    match shown.iter().filter(is_waiting).count() {
        0 => 0,
        waiting => counts.of(TableLoadState::Waiting).saturating_sub(waiting),
    }
}
