//! Whole records as JSON lines: key, value, timestamp and the rest of what a broker keeps with a record.

use velo_data::{RowErrorCause, SystemColumn};

use crate::column::{Cell, Problem};
use crate::json::members::MemberIndex;
use crate::json::scanner::{Scanner, ValueSpan};
use crate::lines::next_line;
use crate::record::{RowCells, ScannedRecord};

/// Members of an envelope that are read. Others, such as the `window` and `error` that are written, are not.
const MEMBERS: [&str; 7] = ["value", "kind", "key", "timestamp", "partition", "offset", "headers"];
const VALUE: usize = 0;
const KIND: usize = 1;

/// Records in envelopes whose values are JSON objects.
#[derive(Debug)]
pub(crate) struct EnvelopeLines {
    envelope: MemberIndex,
    pub(crate) value: MemberIndex,
    /// Members of the envelope that are columns: number of the member, index of the column.
    metadata: Vec<(usize, usize)>,
}

impl EnvelopeLines {
    /// Looks for the members with the columns' names in the values; `metadata` are columns behind them.
    pub(crate) fn new(columns: &[&str], metadata: &[SystemColumn]) -> Self {
        let metadata = metadata.iter().enumerate();
        let metadata = metadata.filter_map(|(place, column)| Some((member_of(*column)?, columns.len() + place)));
        Self {
            envelope: MemberIndex::new(MEMBERS),
            value: MemberIndex::new(columns.iter().copied()),
            metadata: metadata.collect(),
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
            self.scan(record, cells).map_err(Box::new)
        }))
    }

    fn scan(&mut self, record: &[u8], cells: &mut RowCells<'_>) -> Result<(), Problem> {
        let mut members: [Option<ValueSpan>; MEMBERS.len()] = [None; MEMBERS.len()];
        let mut scanner = Scanner::new(record, 0);
        self.envelope
            .scan(&mut scanner, 0, |member, value| members[member.column] = Some(value))
            .and_then(|()| scanner.end())?;
        let value = members[VALUE].ok_or_else(|| Problem::malformed("the envelope has no `value`".to_owned()))?;
        check_kind(record, members[KIND])?;
        match record.get(value.start) {
            Some(b'{') => {}
            Some(b'n') => return Err(tombstone()),
            _ => {
                return Err(Problem::malformed(
                    "the envelope's `value` is not a JSON object".to_owned(),
                ));
            }
        }
        let row = cells.number();
        self.value
            .scan(&mut Scanner::new(record, value.start), row, |target, value| {
                cells.take_member(target, value);
            })?;
        for (member, column) in &self.metadata {
            if let Some(value) = members[*member] {
                cells.set(*column, Cell::of_json(value));
            }
        }
        Ok(())
    }
}

/// The member that a metadata column is read from.
pub(crate) fn member_of(column: SystemColumn) -> Option<usize> {
    let name = match column {
        SystemColumn::Timestamp | SystemColumn::EventTime => "timestamp",
        SystemColumn::Offset => "offset",
        SystemColumn::Partition => "partition",
        SystemColumn::Key => "key",
        SystemColumn::Headers => "headers",
        SystemColumn::Topic | SystemColumn::WindowStart | SystemColumn::WindowEnd | SystemColumn::Record => {
            return None;
        }
    };
    MEMBERS.iter().position(|member| *member == name)
}

/// A stream of records has no way to say that an earlier row is gone.
fn check_kind(record: &[u8], kind: Option<ValueSpan>) -> Result<(), Problem> {
    let kind = kind.and_then(|kind| record.get(kind.start..kind.end));
    match kind {
        None | Some(b"null" | b"\"insert\"" | b"\"update_after\"") => Ok(()),
        Some(kind) => Err(Problem::malformed(format!(
            "a changelog row of the kind {} cannot be read as a record of a stream",
            String::from_utf8_lossy(kind)
        ))),
    }
}

fn tombstone() -> Problem {
    Problem {
        cause: RowErrorCause::MissingValue,
        column: None,
        message: "the record is a tombstone: its `value` is null, which a stream has no row for".to_owned(),
    }
}
