//! Functions of text where DataFusion's differ from the dialect's.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListBuilder, StringViewBuilder};
use arrow::datatypes::Int64Type;
use datafusion_common::Result;
use velo_data::SqlType;

use super::native::{Arguments, Native, Returns, collect_primitive, collect_text};
use super::parameter::Parameter;

pub(crate) static SUBSTRING: Native = Native {
    name: "substring",
    parameters: &[Parameter::Text, Parameter::Integer, Parameter::Integer],
    required: 2,
    returns: Returns::Always(SqlType::String),
    evaluate: |arguments| {
        let (text, start) = (arguments.text(0)?, arguments.primitive::<Int64Type>(1)?);
        let count = if arguments.len() > 2 {
            Some(arguments.primitive::<Int64Type>(2)?)
        } else {
            None
        };
        collect_text(arguments, |row, out| {
            let count = match &count {
                Some(count) => match count.get(row) {
                    Some(count) => Some(count),
                    None => return Ok(false),
                },
                None => None,
            };
            Ok(match text.get(row).zip(start.get(row)) {
                Some((text, start)) => {
                    out.push_str(substring(text, start, count));
                    true
                }
                None => false,
            })
        })
    },
};

fn substring(text: &str, start: i64, count: Option<i64>) -> &str {
    let part = part_of(text.chars().count(), start, count);
    &text[byte_offset(text, part.start)..byte_offset(text, part.end)]
}

/// The part that begins at `start`, counted from 1, or from the end when it is negative; a negative `count` takes what is
/// before it.
pub(super) fn part_of(length: usize, start: i64, count: Option<i64>) -> std::ops::Range<usize> {
    let length = length as i64;
    let first = match start {
        1.. => start - 1,
        0 => -1,
        _ => length.saturating_add(start),
    };
    let (from, to) = match count {
        None => (first, length),
        Some(count) if count < 0 => (first.saturating_add(count), first),
        Some(count) => (first, first.saturating_add(count)),
    };
    let (from, to) = (from.clamp(0, length), to.clamp(0, length));
    from as usize..to.max(from) as usize
}

fn byte_offset(text: &str, characters: usize) -> usize {
    text.char_indices()
        .nth(characters)
        .map_or(text.len(), |(offset, _)| offset)
}

pub(crate) static REPLACE: Native = Native {
    name: "replace",
    parameters: &[Parameter::Text, Parameter::Text, Parameter::Text],
    required: 3,
    returns: Returns::Always(SqlType::String),
    evaluate: |arguments| {
        let (text, from, to) = (arguments.text(0)?, arguments.text(1)?, arguments.text(2)?);
        collect_text(arguments, |row, out| {
            let (Some(text), Some(from), Some(to)) = (text.get(row), from.get(row), to.get(row)) else {
                return Ok(false);
            };
            if from.is_empty() {
                out.push_str(text);
                return Ok(true);
            }
            let mut end = 0;
            for (at, _) in text.match_indices(from) {
                out.push_str(&text[end..at]);
                out.push_str(to);
                end = at + from.len();
            }
            out.push_str(&text[end..]);
            Ok(true)
        })
    },
};

pub(crate) static SPLIT: Native = Native {
    name: "split",
    parameters: &[Parameter::Text, Parameter::Text],
    required: 2,
    returns: Returns::By(|_, _| Some(SqlType::Array(Box::new(SqlType::String)))),
    evaluate: split,
};

fn split(arguments: &Arguments) -> Result<ArrayRef> {
    let (text, separator) = (arguments.text(0)?, arguments.text(1)?);
    let mut lists = ListBuilder::new(StringViewBuilder::new());
    for row in 0..arguments.rows {
        match text.get(row).zip(separator.get(row)) {
            Some((text, "")) => {
                let mut buffer = [0; 4];
                for character in text.chars() {
                    lists.values().append_value(&*character.encode_utf8(&mut buffer));
                }
                lists.append(true);
            }
            Some((text, separator)) => {
                for part in text.split(separator) {
                    lists.values().append_value(part);
                }
                lists.append(true);
            }
            None => lists.append(false),
        }
    }
    Ok(Arc::new(lists.finish()))
}

pub(crate) static SPLIT_PART: Native = Native {
    name: "split_part",
    parameters: &[Parameter::Text, Parameter::Text, Parameter::Integer],
    required: 3,
    returns: Returns::Always(SqlType::String),
    evaluate: |arguments| {
        let (text, separator) = (arguments.text(0)?, arguments.text(1)?);
        let index = arguments.primitive::<Int64Type>(2)?;
        collect_text(arguments, |row, out| {
            let (Some(text), Some(separator), Some(index)) = (text.get(row), separator.get(row), index.get(row)) else {
                return Ok(false);
            };
            out.push_str(part(text, separator, index));
            Ok(true)
        })
    },
};

/// One part, counted from 1, or from the end; empty where there is none. Without a separator every character is one.
fn part<'t>(text: &'t str, separator: &str, index: i64) -> &'t str {
    let Some(skipped) = index.unsigned_abs().checked_sub(1) else {
        return "";
    };
    let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
    let found = match (separator.is_empty(), index > 0) {
        (true, true) => text.char_indices().nth(skipped),
        (true, false) => text.char_indices().rev().nth(skipped),
        (false, true) => return text.split(separator).nth(skipped).unwrap_or_default(),
        (false, false) => return text.rsplit(separator).nth(skipped).unwrap_or_default(),
    };
    found.map_or("", |(at, character)| &text[at..at + character.len_utf8()])
}

/// The place of one text in another, from 1, or 0; `search_at` says which argument is looked for.
fn position(arguments: &Arguments, text_at: usize, search_at: usize) -> Result<ArrayRef> {
    let (text, search) = (arguments.text(text_at)?, arguments.text(search_at)?);
    collect_primitive::<Int64Type>(arguments, |row| {
        Ok(text
            .get(row)
            .zip(search.get(row))
            .map(|(text, search)| match text.find(search) {
                Some(offset) => text[..offset].chars().count() as i64 + 1,
                None => 0,
            }))
    })
}

pub(crate) static POSITION: Native = Native {
    name: "position",
    parameters: &[Parameter::Text, Parameter::Text],
    required: 2,
    returns: Returns::Always(SqlType::BigInt),
    evaluate: |arguments| position(arguments, 1, 0),
};

pub(crate) static INSTR: Native = Native {
    name: "instr",
    parameters: &[Parameter::Text, Parameter::Text],
    required: 2,
    returns: Returns::Always(SqlType::BigInt),
    evaluate: |arguments| position(arguments, 0, 1),
};
