use velo_data::time::parse_timestamp;

use super::shape::number_kind;
use super::{Observed, SampledSchema, ValueKind, summarize};
use crate::CsvOptions;
use crate::csv::{RawField, Tokenized, field_text, tokenize};
use crate::lines::next_line;

/// Samples the records that `input` begins with, behind the header if there is one.
///
/// Without names the columns are `column1`, `column2` and so on, as many as the first record has fields.
pub fn sample_csv(input: &[u8], is_end: bool, options: CsvOptions, names: Option<&[String]>) -> SampledSchema {
    let mut columns = names.map(|names| names.iter().cloned().map(unseen).collect());
    let (mut records, mut rejected) = (0, 0);
    let mut rest = input;
    let mut fields = Vec::new();
    loop {
        fields.clear();
        let tokenized = tokenize(rest, is_end, options, |_, field| fields.push(field));
        let Some(line) = next_line(rest, is_end) else {
            break;
        };
        let length = match tokenized {
            Tokenized::Incomplete => break,
            Tokenized::Record { consumed, .. } => consumed,
            Tokenized::Malformed(_) => {
                rejected += 1;
                rest = &rest[line.consumed..];
                continue;
            }
        };
        let (record, tail) = rest.split_at(length);
        rest = tail;
        if line.text.is_empty()
            && columns
                .as_ref()
                .is_none_or(|columns: &Vec<(String, Observed)>| columns.len() != 1)
        {
            continue;
        }
        let columns = columns.get_or_insert_with(|| numbered(fields.len()));
        if fields.len() == columns.len() && observe(columns, record, &fields, options.quote) {
            records += 1;
        } else {
            rejected += 1;
        }
    }
    summarize(columns.unwrap_or_default(), records, rejected)
}

fn numbered(count: usize) -> Vec<(String, Observed)> {
    let numbers = 1..=count;
    numbers.map(|number| unseen(format!("column{number}"))).collect()
}

fn unseen(name: String) -> (String, Observed) {
    (name, Observed::default())
}

/// Notes the fields of a record; false if it is not UTF-8.
fn observe(columns: &mut [(String, Observed)], record: &[u8], fields: &[RawField], quote: u8) -> bool {
    let texts = fields.iter().map(|field| field_text(record, *field, quote));
    let Some(texts) = texts.collect::<Option<Vec<_>>>() else {
        return false;
    };
    for (((_, column), text), field) in columns.iter_mut().zip(&texts).zip(fields) {
        if !text.is_empty() {
            column.shape.observe(kind_of(text.trim_ascii()));
        }
        if !text.is_empty() || field.is_quoted {
            column.values += 1;
        }
    }
    true
}

fn kind_of(text: &str) -> ValueKind {
    // Before dates: digits alone are a number.
    if let Some(kind) = number_kind(text) {
        return kind;
    }
    if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
        return ValueKind::Boolean;
    }
    if is_written_as_date(text.as_bytes()) && parse_timestamp(text).is_some() {
        return if text.len() == DATE_LENGTH {
            ValueKind::Date
        } else {
            ValueKind::Timestamp
        };
    }
    ValueKind::Text
}

/// Bytes of `YYYY-MM-DD`.
const DATE_LENGTH: usize = 10;

/// Whether a text begins as a date in full length. A column may also hold dates as `2024-1-5` or `20240105`, but is not taken
/// for one of dates because of them: parts have numbers of such a kind.
fn is_written_as_date(text: &[u8]) -> bool {
    let is_template = |(byte, template): (&u8, &u8)| match template {
        b'-' => *byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    text.len() >= DATE_LENGTH && text.iter().zip(b"0000-00-00").all(is_template)
}
