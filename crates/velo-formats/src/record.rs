use crate::column::{Cell, Problem};
use crate::json::members::Target;
use crate::json::scanner::ValueSpan;
use crate::lines::Line;

/// Records that are scanned before columns are built from them: few enough for their cells to stay in the processor's
/// cache, fewer where there are many columns.
const BLOCK_ROWS_MAX: usize = 256;
const BLOCK_ROWS_MIN: usize = 8;
/// Cells of a block, as long as it has more than the fewest rows.
const CELLS_MAX: usize = 1 << 14;

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
    /// The row that a line has been found to be.
    #[inline]
    pub(crate) fn row_of_line(line: Line<'a>) -> Self {
        Self {
            bytes: line.text,
            consumed: line.consumed,
            lines: 1,
            outcome: Outcome::Row,
        }
    }

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
    /// Columns are two to this power apart.
    stride_bits: u32,
    /// Rows that may hold something.
    rows_used: usize,
}

impl CellTable {
    pub(crate) fn new(columns: usize) -> Self {
        let fitting = CELLS_MAX / columns.max(1);
        let stride_bits = fitting.clamp(BLOCK_ROWS_MIN, BLOCK_ROWS_MAX).ilog2();
        Self {
            cells: vec![Cell::default(); columns << stride_bits],
            stride_bits,
            rows_used: 0,
        }
    }

    /// Records that there is room for.
    pub(crate) fn rows_max(&self) -> usize {
        1 << self.stride_bits
    }

    /// Makes all cells NULL.
    pub(crate) fn clear(&mut self) {
        for column in self.cells.chunks_exact_mut(1 << self.stride_bits) {
            column[..self.rows_used].fill(Cell::default());
        }
        self.rows_used = 0;
    }

    /// The cells of one record.
    pub(crate) fn row(&mut self, row: usize) -> RowCells<'_> {
        self.rows_used = self.rows_used.max(row + 1);
        RowCells {
            cells: &mut self.cells,
            stride_bits: self.stride_bits,
            row,
        }
    }

    /// The cells of one column in the first `rows` records.
    pub(crate) fn column(&self, column: usize, rows: usize) -> &[Cell] {
        let start = column << self.stride_bits;
        &self.cells[start..start + rows]
    }
}

/// The cells of one record.
#[derive(Debug)]
pub(crate) struct RowCells<'a> {
    cells: &'a mut [Cell],
    stride_bits: u32,
    row: usize,
}

impl RowCells<'_> {
    /// The record's number in its block.
    #[inline]
    pub(crate) fn number(&self) -> usize {
        self.row
    }

    /// Takes over a member of a JSON object.
    #[inline]
    pub(crate) fn take_member(&mut self, target: Target, value: ValueSpan) {
        self.cells[(target.column << self.stride_bits) + self.row].take_member(target, value);
    }

    /// Sets one cell.
    #[inline]
    pub(crate) fn set(&mut self, column: usize, cell: Cell) {
        self.cells[(column << self.stride_bits) + self.row] = cell;
    }

    /// Makes the cells NULL again.
    pub(crate) fn clear(&mut self) {
        let cells = self.cells.iter_mut().skip(self.row).step_by(1 << self.stride_bits);
        cells.for_each(|cell| *cell = Cell::default());
    }
}
