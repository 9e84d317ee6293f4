//! Whole records as JSON lines: key, value, timestamp and the rest of what a broker keeps with a record.

mod layout;
mod part;

use arrow::datatypes::FieldRef;
use velo_data::SystemColumn;

pub use self::layout::{EnvelopeFormat, EnvelopeLayout, EnvelopePart};
use self::part::{PartReader, tombstone};
use crate::column::{Cell, ColumnBuilder, Problem, Syntax};
use crate::json::members::MemberIndex;
use crate::json::scanner::{Scanner, ValueSpan};
use crate::lines::next_line;
use crate::record::{RowCells, ScannedRecord};

/// Members of an envelope that are read. Others, such as the `window` and `error` that are written, are not.
const MEMBERS: [&str; 7] = ["value", "kind", "key", "timestamp", "partition", "offset", "headers"];
const VALUE: usize = 0;
const KIND: usize = 1;
const KEY: usize = 2;

/// Records in envelopes.
#[derive(Debug)]
pub(crate) struct EnvelopeLines {
    envelope: MemberIndex,
    value: PartReader,
    /// The key, if columns are read from it.
    key: Option<PartReader>,
    /// Members of the envelope that are columns: number of the member, index of the column.
    metadata: Vec<(usize, usize)>,
}

impl EnvelopeLines {
    /// Reads `fields`, which `builders` build, as `layout` says; `metadata` are columns behind them.
    pub(crate) fn new(
        layout: &EnvelopeLayout,
        fields: &[FieldRef],
        builders: &[&ColumnBuilder],
        metadata: &[SystemColumn],
    ) -> Self {
        let metadata = metadata.iter().enumerate();
        let metadata = metadata.filter_map(|(place, column)| Some((member_of(*column)?, fields.len() + place)));
        let has_key = !layout.key.columns.is_empty();
        Self {
            envelope: MemberIndex::new(MEMBERS),
            value: PartReader::new("value", &layout.value, fields, builders),
            key: has_key.then(|| PartReader::new("key", &layout.key, fields, builders)),
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
        if value.is_null {
            return Err(tombstone());
        }
        self.value.scan(record, value, cells)?;
        if let (Some(key), Some(value)) = (&mut self.key, members[KEY].filter(|key| !key.is_null)) {
            key.scan(record, value, cells)?;
        }
        for (member, column) in &self.metadata {
            if let Some(value) = members[*member] {
                cells.set(*column, Cell::of_json(value));
            }
        }
        Ok(())
    }

    /// What tells the members of values apart, where these are objects.
    pub(crate) fn members(&mut self) -> Option<&mut MemberIndex> {
        self.value.members()
    }

    /// What the cells of a column point into, and how they are written, unless they point into the records.
    pub(crate) fn texts_of(&self, column: usize) -> Option<(&[String], Syntax)> {
        let of_key = || self.key.as_ref().and_then(|key| key.texts_of(column));
        self.value.texts_of(column).or_else(of_key)
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
