use unicode_width::UnicodeWidthStr;

use super::board::TableRow;
use crate::print::text::printable;

pub(super) const INDENT: &str = "  ";
pub(super) const GAP: &str = "  ";

const NAME_WIDTH_MIN: usize = 8;

/// Names take at most one column in so many.
const NAME_SHARE: usize = 4;

/// `1,200,000 rows`
const AMOUNT_WIDTH: usize = 14;
/// `100%`
const PERCENT_WIDTH: usize = 4;
/// `ETA 12m05s`
const ETA_WIDTH: usize = 10;
/// `123,456/s`
const RATE_WIDTH: usize = 10;

/// A bar of fewer columns says nothing.
const BAR_WIDTH_MIN: usize = 6;
const BAR_WIDTH_MAX: usize = 30;

/// What stands where in the line of a table that is being loaded: the same in all lines, so that the eye can run down. All in
/// columns; what there is no room for has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RowStyle {
    /// Of the terminal.
    pub(super) columns: usize,
    pub(super) name: usize,
    pub(super) bar: usize,
    pub(super) percent: usize,
    pub(super) amount: usize,
    pub(super) rate: usize,
    pub(super) eta: usize,
}

impl RowStyle {
    /// The style for tables of these names on a terminal of so many columns.
    pub(super) fn of(tables: &[TableRow], columns: usize) -> Self {
        let names = tables.iter().map(|table| printable(&table.name).width());
        let longest = names.max().unwrap_or(0).max(NAME_WIDTH_MIN);
        let mut style = Self {
            columns,
            name: longest.min((columns / NAME_SHARE).max(NAME_WIDTH_MIN)),
            bar: 0,
            percent: 0,
            amount: AMOUNT_WIDTH,
            rate: 0,
            eta: 0,
        };
        let mut room = columns.saturating_sub(style.names() + AMOUNT_WIDTH);
        let mut take = |width: usize| {
            let is_taken = room >= width + GAP.len();
            room -= if is_taken { width + GAP.len() } else { 0 };
            if is_taken { width } else { 0 }
        };
        style.percent = take(PERCENT_WIDTH);
        style.eta = take(ETA_WIDTH);
        style.rate = take(RATE_WIDTH);
        let bar = room.saturating_sub(GAP.len()).min(BAR_WIDTH_MAX);
        style.bar = if bar >= BAR_WIDTH_MIN { bar } else { 0 };
        style
    }

    /// Columns up to where it is told how a table is.
    pub(super) const fn names(&self) -> usize {
        INDENT.len() + self.name + GAP.len()
    }
}
