//! Functions that make text longer than their arguments. How long is bounded, so that one number in the data cannot
//! take all memory.

use std::iter::repeat_n;

use arrow::datatypes::Int64Type;
use datafusion_common::{Result, exec_datafusion_err, exec_err};
use velo_data::SqlType;

use super::native::{Arguments, Native, Returns, collect_text};
use super::parameter::Parameter;

/// Longest text in bytes that is made here.
const BYTES_MAX: usize = 1 << 20;

const TEXT_LENGTH_AND_FILL: &[Parameter] = &[Parameter::Text, Parameter::Integer, Parameter::Text];

pub(crate) static LPAD: Native = Native {
    name: "lpad",
    parameters: TEXT_LENGTH_AND_FILL,
    required: 2,
    returns: Returns::Always(SqlType::String),
    evaluate: |arguments| {
        pad_each(arguments, |text, filling, out| {
            out.extend(filling);
            out.push_str(text);
        })
    },
};

pub(crate) static RPAD: Native = Native {
    name: "rpad",
    parameters: TEXT_LENGTH_AND_FILL,
    required: 2,
    returns: Returns::Always(SqlType::String),
    evaluate: |arguments| {
        pad_each(arguments, |text, filling, out| {
            out.push_str(text);
            out.extend(filling);
        })
    },
};

/// Writes each text with what it lacks, or only its start when it is long enough.
fn pad_each(
    arguments: &Arguments,
    write: fn(&str, &mut dyn Iterator<Item = char>, &mut String),
) -> Result<arrow::array::ArrayRef> {
    let (text, length) = (arguments.text(0)?, arguments.primitive::<Int64Type>(1)?);
    let fill = if arguments.len() > 2 {
        Some(arguments.text(2)?)
    } else {
        None
    };
    collect_text(arguments, |row, out| {
        let fill = match &fill {
            Some(fill) => fill.get(row),
            None => Some(" "),
        };
        let (Some(text), Some(length), Some(fill)) = (text.get(row), length.get(row), fill) else {
            return Ok(false);
        };
        let length = usize::try_from(length.max(0)).unwrap_or(usize::MAX);
        let present = text.chars().count();
        if length <= present {
            out.extend(text.chars().take(length));
        } else if fill.is_empty() {
            return exec_err!("there is nothing to fill the text up with");
        } else {
            let lacking = length - present;
            bounded(fill.len(), lacking.div_ceil(fill.chars().count()))?;
            write(text, &mut fill.chars().cycle().take(lacking), out);
        }
        Ok(true)
    })
}

pub(crate) static REPEAT: Native = Native {
    name: "repeat",
    parameters: &[Parameter::Text, Parameter::Integer],
    required: 2,
    returns: Returns::Always(SqlType::String),
    evaluate: |arguments| {
        let (text, count) = (arguments.text(0)?, arguments.primitive::<Int64Type>(1)?);
        collect_text(arguments, |row, out| {
            let (Some(text), Some(count)) = (text.get(row), count.get(row)) else {
                return Ok(false);
            };
            if !text.is_empty() {
                let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
                bounded(text.len(), count)?;
                out.extend(repeat_n(text, count));
            }
            Ok(true)
        })
    },
};

pub(super) fn bounded(bytes: usize, times: usize) -> Result<()> {
    let total = bytes.checked_mul(times).filter(|total| *total <= BYTES_MAX);
    total
        .map(drop)
        .ok_or_else(|| exec_datafusion_err!("the text would be longer than {BYTES_MAX} bytes"))
}
