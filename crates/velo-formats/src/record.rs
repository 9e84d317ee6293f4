use crate::column::{Cell, Problem};
use crate::json::members::Target;
use crate::json::scanner::ValueSpan;
use crate::lines::Line;

/// Records that are scanned before columns are built from them: few enough for their cells to stay in the
/// processor's cache.
pub(crate) const BLOCK_ROWS: usize = 256;

/// What was found at the start of the input.
#[derive(Debug)]
pub(crate) struct ScannedRecord<'a> {
    /// The record without its line end; it begins where the scan began.
    pub(crate) bytes: &'a [u8],
    /// Bytes passed over, line end included.
    pub(crate) consumed: usize,
    /// Line ends passed over.
    pub(crate) lines: u64,
    /// What it comes to.
    pub(crate) outcome: Outcome,
}

/// What a scanned record comes to.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Nothing: an empty line.
    Blank,
    /// A row, whose cells point into the record. Whether that is UTF-8 is found out for many records at once.
    Row,
    /// A record that cannot be used. Boxed, since every record's outcome is handed on by value.
    Rejected(Box<Problem>),
}

impl<'a> ScannedRecord<'a> {
    /// The record that a line is when `scan` looks at it.
    pub(crate) fn of_line(line: Line<'a>, scan: impl FnOnce(&'a [u8]) -> Result<(), Box<Problem>>) -> Self {
        let outcome = if line.is_blank() {
            Outcome::Blank
        } else {
            scan(line.text).map_or_else(Outcome::Rejected, |()| Outcome::Row)
        };
        Self {
            bytes: line.text,
            consumed: line.consumed,
            lines: 1,
            outcome,
        }
    }
}

impl Outcome {
    /// A record whose bytes do not have the form of the format.
    #[cold]
    pub(crate) fn malformed(message: String) -> Self {
        Self::Rejected(Box::new(Problem::malformed(message)))
    }
}

/// The cells of a block of records, column by column.
#[derive(Debug)]
pub(crate) struct CellTable {
    cells: Vec<Cell>,
}

impl CellTable {
    pub(crate) fn new(columns: usize) -> Self {
        Self {
            cells: vec![Cell::default(); columns * BLOCK_ROWS],
        }
    }

    /// Makes all cells NULL.
    pub(crate) fn clear(&mut self) {
        self.cells.fill(Cell::default());
    }

    /// The cells of one record.
    pub(crate) fn row(&mut self, row: usize) -> RowCells<'_> {
        RowCells {
            cells: &mut self.cells,
            row,
        }
    }

    /// The cells of one column in the first `rows` records.
    pub(crate) fn column(&self, column: usize, rows: usize) -> &[Cell] {
        let start = column * BLOCK_ROWS;
        &self.cells[start..start + rows]
    }
}

/// The cells of one record.
#[derive(Debug)]
pub(crate) struct RowCells<'a> {
    cells: &'a mut [Cell],
    row: usize,
}

impl RowCells<'_> {
    /// Takes over a member of a JSON object.
    #[inline]
    pub(crate) fn take_member(&mut self, target: Target, value: ValueSpan) {
        self.cells[target.column * BLOCK_ROWS + self.row].take_member(target, value);
    }

    /// Sets one cell.
    #[inline]
    pub(crate) fn set(&mut self, column: usize, cell: Cell) {
        self.cells[column * BLOCK_ROWS + self.row] = cell;
    }

    /// Makes the cells NULL again.
    pub(crate) fn clear(&mut self) {
        let cells = self.cells.iter_mut().skip(self.row).step_by(BLOCK_ROWS);
        cells.for_each(|cell| *cell = Cell::default());
    }
}
