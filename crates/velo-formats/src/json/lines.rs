use crate::column::Problem;
use crate::json::members::MemberIndex;
use crate::json::scanner::{Scanner, SyntaxError};
use crate::lines::{Line, next_line};
use crate::record::{RowCells, ScannedRecord};

/// Misses in a row that are told apart. Each doubles the number of records after which the next scan is tried.
const MISSES_MAX: u32 = 6;

/// Records that are one JSON object a line.
///
/// A scan finds the end of a record that is what it should be, so that nobody looks for the end of its line first. Of
/// any other record that was a miss: the end of its line is looked for, and a second scan tells what is wrong.
#[derive(Debug)]
pub(crate) struct JsonLines {
    pub(crate) members: MemberIndex,
    /// Misses in a row.
    misses: u32,
    /// Records of which the line ends are looked for first, until a scan is tried again without.
    pause: u32,
}

impl JsonLines {
    /// Looks for the members with the columns' names.
    pub(crate) fn new<'a>(columns: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            members: MemberIndex::new(columns),
            misses: 0,
            pause: 0,
        }
    }

    /// Scans the record that `input` begins with; `None` if its end is not there yet.
    #[inline]
    pub(crate) fn next<'a>(
        &mut self,
        input: &'a [u8],
        is_end: bool,
        cells: &mut RowCells<'_>,
    ) -> Option<ScannedRecord<'a>> {
        if self.pause == 0 {
            if let Some(line) = self.try_scan(input, cells) {
                self.misses = 0;
                return Some(ScannedRecord::row_of_line(line));
            }
            cells.clear();
            self.misses = (self.misses + 1).min(MISSES_MAX);
            self.pause = 1 << self.misses;
        }
        self.pause -= 1;
        self.next_of_line(input, is_end, cells)
    }

    /// Scans the record without knowing where its line ends; `None` if it is not there as a whole or not plain.
    fn try_scan<'a>(&mut self, input: &'a [u8], cells: &mut RowCells<'_>) -> Option<Line<'a>> {
        // No line end is taken for white space: neither by the scanner, nor since one was in a record before.
        let mut scanner = Scanner::of_line(input);
        let members = &mut self.members;
        if !members.try_scan(&mut scanner, |target, value| cells.take_member(target, value)) {
            return None;
        }
        let is_at_end = scanner.take(b'\n');
        is_at_end.then(|| Line::before(input, scanner.position() - 1))
    }

    /// Looks for the end of the line, then scans the record.
    #[inline(never)]
    fn next_of_line<'a>(
        &mut self,
        input: &'a [u8],
        is_end: bool,
        cells: &mut RowCells<'_>,
    ) -> Option<ScannedRecord<'a>> {
        let line = next_line(input, is_end)?;
        Some(ScannedRecord::of_line(line, |record| {
            self.scan(record, cells).map_err(|error| Box::new(Problem::from(error)))
        }))
    }

    fn scan(&mut self, record: &[u8], cells: &mut RowCells<'_>) -> Result<(), SyntaxError> {
        let mut scanner = Scanner::new(record, 0);
        let row = cells.number();
        self.members
            .scan(&mut scanner, row, |target, value| cells.take_member(target, value))?;
        scanner.end()
    }
}
