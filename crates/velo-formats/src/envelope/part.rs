//! The key or the value of a record in an envelope.

use arrow::datatypes::{DataType, FieldRef};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use velo_data::RowErrorCause;

use super::{EnvelopeFormat, EnvelopePart};
use crate::column::{Cell, ColumnBuilder, Problem, Syntax, base64_member};
use crate::csv::{CsvColumn, CsvRecords};
use crate::json::members::MemberIndex;
use crate::json::scanner::{Scanner, ValueSpan};
use crate::json::string::{unescape, write_string};
use crate::record::{Outcome, RowCells};

/// Reads a part of the records of a block.
#[derive(Debug)]
pub(super) struct PartReader {
    /// `key` or `value`.
    name: &'static str,
    form: Form,
    /// What cells point into that do not point into the record itself, for each record of the block.
    texts: Vec<String>,
}

#[derive(Debug)]
enum Form {
    /// Members by name, and where each goes.
    Object {
        members: Box<MemberIndex>,
        columns: Vec<usize>,
    },
    Value {
        column: Option<usize>,
    },
    Delimited {
        records: CsvRecords,
        columns: Vec<usize>,
    },
    Kafka {
        column: Option<usize>,
        scalar: Scalar,
    },
}

/// What the bytes of Kafka's serializers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scalar {
    Text,
    Bytes,
    Integer,
    Float,
}

impl PartReader {
    /// Reads the columns of `part` among `fields`, which `builders` build.
    pub(super) fn new(
        name: &'static str,
        part: &EnvelopePart,
        fields: &[FieldRef],
        builders: &[&ColumnBuilder],
    ) -> Self {
        let wanted: Vec<usize> = part.columns.iter().copied().flatten().collect();
        let only = wanted.first().copied();
        let form = match part.format {
            EnvelopeFormat::Object => Form::Object {
                members: Box::new(MemberIndex::new(
                    wanted.iter().map(|index| fields[*index].name().as_str()),
                )),
                columns: wanted,
            },
            EnvelopeFormat::Value => Form::Value { column: only },
            EnvelopeFormat::Delimited(options) => {
                let column = |column: &Option<usize>| {
                    let column = (*column)?;
                    Some(CsvColumn {
                        column,
                        takes_empty_text: builders[column].takes_empty_text(),
                        takes_short_numbers: builders[column].takes_short_numbers(),
                    })
                };
                Form::Delimited {
                    records: CsvRecords::new(options, part.columns.iter().map(column).collect()),
                    columns: wanted,
                }
            }
            EnvelopeFormat::Kafka => Form::Kafka {
                column: only,
                scalar: only.map_or(Scalar::Text, |index| Scalar::of(fields[index].data_type())),
            },
        };
        Self {
            name,
            form,
            texts: Vec::new(),
        }
    }

    /// Whether a value of JSON's is what it should be at all.
    fn misfit(&self, wanted: &str) -> Problem {
        Problem::malformed(format!("the envelope's `{}` is not {wanted}", self.name))
    }

    /// Scans the part of a record that is at `value`, which is not null.
    pub(super) fn scan(&mut self, record: &[u8], value: ValueSpan, cells: &mut RowCells<'_>) -> Result<(), Problem> {
        match &mut self.form {
            Form::Object { members, columns } => {
                if record.get(value.start) != Some(&b'{') {
                    return Err(self.misfit("a JSON object"));
                }
                let row = cells.number();
                members.scan(&mut Scanner::new(record, value.start), row, |mut target, value| {
                    target.column = columns[target.column];
                    cells.take_member(target, value);
                })?;
                return Ok(());
            }
            Form::Value { column } => {
                if let Some(column) = column {
                    cells.set(*column, Cell::of_json(value));
                }
                return Ok(());
            }
            Form::Delimited { .. } | Form::Kafka { .. } => {}
        }
        let row = cells.number();
        if self.texts.len() <= row {
            self.texts.resize_with(row + 1, String::new);
        }
        let mut text = std::mem::take(&mut self.texts[row]);
        text.clear();
        let scanned = self.scan_text(record, value, &mut text, cells);
        self.texts[row] = text;
        scanned
    }

    fn scan_text(
        &mut self,
        record: &[u8],
        value: ValueSpan,
        text: &mut String,
        cells: &mut RowCells<'_>,
    ) -> Result<(), Problem> {
        let json = record
            .get(value.start..value.end)
            .and_then(|json| std::str::from_utf8(json).ok());
        let json = json.ok_or_else(|| Problem::malformed("the record is not UTF-8".to_owned()))?;
        match &mut self.form {
            Form::Delimited { records, .. } => {
                let fits = match json.as_bytes().first() {
                    Some(b'"') => {
                        unescape(inside(json), text);
                        true
                    }
                    _ => decoded(json)
                        .and_then(|bytes| String::from_utf8(bytes).ok())
                        .map(|decoded| text.push_str(&decoded))
                        .is_some(),
                };
                if fits && text.is_empty() && records.columns() == 1 {
                    return Ok(()); // NULL, as an empty line is.
                }
                if !fits {
                    return Err(self.misfit("text: a JSON string, or its bytes as {\"base64\": \"…\"}"));
                }
                one_record(records, self.name, text, cells)
            }
            Form::Kafka {
                column: Some(column),
                scalar,
            } => {
                let column = *column;
                scalar.write(json, text).map_err(|wanted| self.misfit(wanted))?;
                let value = Scanner::new(text.as_bytes(), 0).value()?;
                cells.set(column, Cell::of_json(value));
                Ok(())
            }
            Form::Object { .. } | Form::Value { .. } | Form::Kafka { column: None, .. } => Ok(()),
        }
    }

    /// What tells members apart, where the part is an object.
    pub(super) fn members(&mut self) -> Option<&mut MemberIndex> {
        match &mut self.form {
            Form::Object { members, .. } => Some(members),
            Form::Value { .. } | Form::Delimited { .. } | Form::Kafka { .. } => None,
        }
    }

    /// What the cells of a column point into, and how they are written, unless they point into the records.
    pub(super) fn texts_of(&self, column: usize) -> Option<(&[String], Syntax)> {
        match &self.form {
            Form::Delimited { records, columns } if columns.contains(&column) => {
                let quote = records.quote();
                Some((&self.texts, Syntax::Csv { quote }))
            }
            Form::Kafka { column: only, .. } if *only == Some(column) => Some((&self.texts, Syntax::Json)),
            _ => None,
        }
    }
}

/// Scans text that has to be one record of delimited text.
fn one_record(records: &mut CsvRecords, name: &str, text: &str, cells: &mut RowCells<'_>) -> Result<(), Problem> {
    let scanned = records.next(text.as_bytes(), true, cells);
    let message = match scanned {
        Some(scanned) if scanned.consumed < text.len() => "it has more than one line".to_owned(),
        Some(scanned) => match scanned.outcome {
            Outcome::Row => return Ok(()),
            Outcome::Rejected(problem) => problem.message,
            Outcome::Blank => "it is empty".to_owned(),
        },
        None => "it is empty".to_owned(),
    };
    Err(Problem::malformed(format!("the envelope's `{name}`: {message}")))
}

impl Scalar {
    fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::BinaryView => Self::Bytes,
            DataType::Float32 | DataType::Float64 => Self::Float,
            data_type if data_type.is_integer() => Self::Integer,
            _ => Self::Text,
        }
    }

    /// Appends what a serialized value is, as JSON that a column takes.
    fn write(self, json: &str, out: &mut String) -> Result<(), &'static str> {
        const NUMBER: &str = "a number: 2, 4 or 8 bytes as {\"base64\": \"…\"}, or the number itself";
        match (json.as_bytes().first(), self) {
            (Some(b'"'), Self::Integer | Self::Float) => return Err(NUMBER),
            (Some(b'"'), Self::Bytes) => {
                let mut text = String::new();
                unescape(inside(json), &mut text);
                write_base64(text.as_bytes(), out);
            }
            (Some(b'{'), _) => {
                let bytes = decoded(json).ok_or("{\"base64\": \"…\"} or a plain value")?;
                match self {
                    Self::Bytes => write_base64(&bytes, out),
                    Self::Text => {
                        let text = std::str::from_utf8(&bytes).map_err(|_| "UTF-8 text")?;
                        let mut quoted = Vec::new();
                        write_string(text, &mut quoted);
                        out.push_str(&String::from_utf8_lossy(&quoted));
                    }
                    Self::Integer => out.push_str(&integer(&bytes).ok_or(NUMBER)?.to_string()),
                    Self::Float => out.push_str(&float(&bytes).ok_or(NUMBER)?),
                }
            }
            _ => out.push_str(json),
        }
        Ok(())
    }
}

/// A big-endian integer of one of the lengths that Kafka's serializers write.
fn integer(bytes: &[u8]) -> Option<i64> {
    Some(match *bytes {
        [a, b] => i64::from(i16::from_be_bytes([a, b])),
        [a, b, c, d] => i64::from(i32::from_be_bytes([a, b, c, d])),
        _ => i64::from_be_bytes(bytes.try_into().ok()?),
    })
}

/// A big-endian floating-point number as JSON; what JSON has no number for, as the text that columns take.
fn float(bytes: &[u8]) -> Option<String> {
    let number = match *bytes {
        [a, b, c, d] => f64::from(f32::from_be_bytes([a, b, c, d])),
        _ => f64::from_be_bytes(bytes.try_into().ok()?),
    };
    Some(if number.is_finite() {
        format!("{number:?}")
    } else {
        format!("\"{number}\"")
    })
}

fn write_base64(bytes: &[u8], out: &mut String) {
    out.push('"');
    STANDARD.encode_string(bytes, out);
    out.push('"');
}

/// The bytes that `{"base64": "…"}` says.
fn decoded(json: &str) -> Option<Vec<u8>> {
    STANDARD.decode(base64_member(json)?).ok()
}

/// A JSON string without its quotes.
fn inside(json: &str) -> &str {
    json.get(1..json.len() - 1).unwrap_or_default()
}

/// A record whose value is null.
pub(super) fn tombstone() -> Problem {
    Problem {
        cause: RowErrorCause::MissingValue,
        column: None,
        message: "the record is a tombstone: its `value` is null, which a stream has no row for".to_owned(),
    }
}
