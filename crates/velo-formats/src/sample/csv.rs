use super::shape::number_kind;
use super::{Observed, SAMPLE_RECORDS_MAX, SampledSchema, ValueKind, summarize};
use crate::CsvOptions;
use crate::csv::{RawField, Tokenized, field_text, tokenize};
use crate::lines::next_line;
use crate::value::time::{parse_date, parse_timestamp};

/// Samples the records that `input` begins with, behind the header if there is one.
///
/// Without names the columns are `column1`, `column2` and so on, as many as the first record has fields.
pub fn sample_csv(input: &[u8], is_end: bool, options: CsvOptions, names: Option<&[String]>) -> SampledSchema {
    let mut columns = names.map(|names| names.iter().cloned().map(Observed::new).collect());
    let (mut records, mut rejected) = (0, 0);
    let mut rest = input;
    let mut fields = Vec::new();
    while records + rejected < SAMPLE_RECORDS_MAX as u64 {
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
                .is_none_or(|columns: &Vec<Observed>| columns.len() != 1)
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

fn numbered(count: usize) -> Vec<Observed> {
    let numbers = 1..=count;
    numbers.map(|number| Observed::new(format!("column{number}"))).collect()
}

/// Notes the fields of a record; false if it is not UTF-8.
fn observe(columns: &mut [Observed], record: &[u8], fields: &[RawField], quote: u8) -> bool {
    let texts = fields.iter().map(|field| field_text(record, *field, quote));
    let Some(texts) = texts.collect::<Option<Vec<_>>>() else {
        return false;
    };
    for ((column, text), field) in columns.iter_mut().zip(&texts).zip(fields) {
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
    if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
        return ValueKind::Boolean;
    }
    if parse_date(text).is_some() {
        return ValueKind::Date;
    }
    if parse_timestamp(text).is_some() {
        return ValueKind::Timestamp;
    }
    number_kind(text).unwrap_or(ValueKind::Text)
}
