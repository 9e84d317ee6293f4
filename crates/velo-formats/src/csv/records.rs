use std::borrow::Cow;

use super::{CsvOptions, RawField, Tokenized, tokenize};
use crate::column::{Cell, undouble};
use crate::lines::next_line;
use crate::record::{Outcome, RowCells, ScannedRecord};
use crate::value::short_number::ShortNumber;

/// Records of delimited text.
///
/// A field that is empty and not quoted is NULL. A quoted empty field is empty text or no bytes, and NULL in a
/// column of another type. An empty line is skipped, except in a file of one column, where it is a NULL.
#[derive(Debug)]
pub(crate) struct CsvRecords {
    options: CsvOptions,
    /// For each field of a record the column it goes to, and whether that column takes empty text.
    columns: Vec<Option<CsvColumn>>,
}

/// Where a field goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CsvColumn {
    /// Index of the column.
    pub(crate) column: usize,
    /// Whether a quoted empty field is a value.
    pub(crate) takes_empty_text: bool,
    /// Whether a number is read at once.
    pub(crate) takes_short_numbers: bool,
}

impl CsvRecords {
    /// Records with one field for each entry of `columns`.
    pub(crate) fn new(options: CsvOptions, columns: Vec<Option<CsvColumn>>) -> Self {
        Self { options, columns }
    }

    /// Fields that a record has.
    pub(crate) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// The byte around quoted fields.
    pub(crate) fn quote(&self) -> u8 {
        self.options.quote
    }

    /// Scans the record that `input` begins with; `None` if its end is not there yet.
    pub(crate) fn next<'a>(
        &mut self,
        input: &'a [u8],
        is_end: bool,
        cells: &mut RowCells<'_>,
    ) -> Option<ScannedRecord<'a>> {
        let columns = &self.columns;
        let mut has_quotes = false;
        let tokenized = tokenize(input, is_end, self.options, |number, field| {
            has_quotes |= field.is_quoted;
            if let Some(Some(target)) = columns.get(number) {
                cells.set(target.column, cell_of(input, field, *target));
            }
        });
        let (length, consumed, fields) = match tokenized {
            Tokenized::Record {
                length,
                consumed,
                fields,
            } => (length, consumed, fields),
            Tokenized::Malformed(problem) => return rejected_line(input, is_end, problem),
            Tokenized::Incomplete => return None,
        };
        let bytes = &input[..length];
        Some(ScannedRecord {
            bytes,
            consumed,
            lines: if has_quotes { lines_of(&input[..consumed]) } else { 1 },
            outcome: self.outcome(bytes, fields),
        })
    }

    fn outcome(&self, bytes: &[u8], fields: usize) -> Outcome {
        let wanted = self.columns.len();
        if bytes.is_empty() && wanted != 1 {
            return Outcome::Blank;
        }
        if fields != wanted {
            let plural = if fields == 1 { "" } else { "s" };
            return Outcome::malformed(format!("the record has {fields} field{plural}, not {wanted}"));
        }
        Outcome::Row
    }
}

/// Lines that a record with its line end takes; the last record of a file may have no line end.
fn lines_of(record: &[u8]) -> u64 {
    let newlines = memchr::memchr_iter(b'\n', record).count() as u64;
    newlines.max(1)
}

/// Gives up the first line alone: reading goes on behind it, so that a stray quote does not take the rest of the
/// file with it.
fn rejected_line<'a>(input: &'a [u8], is_end: bool, problem: &str) -> Option<ScannedRecord<'a>> {
    let line = next_line(input, is_end)?;
    Some(ScannedRecord {
        bytes: line.text,
        consumed: line.consumed,
        lines: 1,
        outcome: Outcome::malformed(problem.to_owned()),
    })
}

fn cell_of(input: &[u8], field: RawField, target: CsvColumn) -> Cell {
    let is_empty = field.start == field.end;
    let number = match input.get(field.start..) {
        Some(text) if target.takes_short_numbers => ShortNumber::scan_digits(text),
        _ => None,
    };
    Cell {
        start: field.start as u32,
        end: field.end as u32,
        number: number.and_then(|(number, length)| (length == field.end - field.start).then_some(number)),
        is_present: !is_empty || (field.is_quoted && target.takes_empty_text),
        is_escaped: field.is_escaped,
        is_marked: false,
    }
}

/// The first record of a CSV file, which names the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvHeader {
    /// The names, in order; the third one is `column3` if the header leaves it empty.
    pub names: Vec<String>,
    /// Bytes of the header with its line end.
    pub bytes: usize,
    /// Lines of the header.
    pub lines: u64,
}

/// Reads the header that `input` begins with; `None` if its end is not there yet, or nothing is left.
///
/// # Errors
///
/// What is wrong with it.
pub fn read_csv_header(input: &[u8], is_end: bool, options: CsvOptions) -> Result<Option<CsvHeader>, String> {
    let mut fields = Vec::new();
    let consumed = match tokenize(input, is_end, options, |_, field| fields.push(field)) {
        Tokenized::Record { consumed, .. } => consumed,
        Tokenized::Malformed(problem) => return Err(format!("the header is malformed: {problem}")),
        Tokenized::Incomplete => return Ok(None),
    };
    let mut names = Vec::with_capacity(fields.len());
    for (index, field) in fields.into_iter().enumerate() {
        let name = field_text(input, field, options.quote).ok_or("the header is not UTF-8")?;
        names.push(if name.is_empty() {
            format!("column{}", index + 1)
        } else {
            name.into_owned()
        });
    }
    Ok(Some(CsvHeader {
        names,
        bytes: consumed,
        lines: lines_of(&input[..consumed]),
    }))
}

/// What a field of the record at the start of `input` says; `None` if it is not UTF-8.
pub(crate) fn field_text(input: &[u8], field: RawField, quote: u8) -> Option<Cow<'_, str>> {
    let text = std::str::from_utf8(input.get(field.start..field.end)?).ok()?;
    if !field.is_escaped {
        return Some(Cow::Borrowed(text));
    }
    let mut unquoted = String::new();
    undouble(text, quote, &mut unquoted);
    Some(Cow::Owned(unquoted))
}
