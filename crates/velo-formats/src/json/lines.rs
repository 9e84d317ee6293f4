use crate::column::Problem;
use crate::json::members::MemberIndex;
use crate::json::scanner::{Scanner, SyntaxError};
use crate::lines::next_line;
use crate::record::{RowCells, ScannedRecord};

/// Records that are one JSON object a line.
#[derive(Debug)]
pub(crate) struct JsonLines {
    pub(crate) members: MemberIndex,
}

impl JsonLines {
    /// Looks for the members with the columns' names.
    pub(crate) fn new<'a>(columns: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            members: MemberIndex::new(columns),
        }
    }

    /// Scans the record that `input` begins with; `None` if its end is not there yet.
    pub(crate) fn next<'a>(
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
