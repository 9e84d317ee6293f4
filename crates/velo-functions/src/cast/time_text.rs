//! Points in time and intervals from text.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, StringViewArray};
use arrow::datatypes::{Date32Type, IntervalMonthDayNanoType, Time32MillisecondType, TimestampMillisecondType};
use datafusion_common::{DataFusionError, Result, exec_datafusion_err};
use velo_data::SqlType;
use velo_data::time::{TimeFormat, TimeProblem, parse_date, parse_interval, parse_time};

use super::number::parse_each;

/// Reads each text as DATE, TIME, TIMESTAMP or INTERVAL.
pub(super) fn convert(array: &ArrayRef, to: &SqlType, or_null: bool) -> Result<ArrayRef> {
    let text = array.as_string_view();
    Ok(match to {
        SqlType::Date => Arc::new(parse_each::<Date32Type>(text, to, or_null, parse_date)?),
        SqlType::Interval => Arc::new(parse_each::<IntervalMonthDayNanoType>(
            text,
            to,
            or_null,
            parse_interval,
        )?),
        SqlType::Time => Arc::new(parse_each::<Time32MillisecondType>(text, to, or_null, parse_time)?),
        _ => Arc::new(timestamps(text, or_null)?),
    })
}

fn timestamps(text: &StringViewArray, or_null: bool) -> Result<PrimitiveArray<TimestampMillisecondType>> {
    let mut values = PrimitiveArray::builder(text.len());
    for value in text {
        match value.map(read_timestamp) {
            Some(Ok(time)) => values.append_value(time),
            Some(Err(error)) if !or_null => return Err(error()),
            _ => values.append_null(),
        }
    }
    Ok(values.finish())
}

/// Milliseconds since the epoch of a text, or what makes the error.
#[inline]
pub(crate) fn read_timestamp(text: &str) -> Result<i64, impl FnOnce() -> DataFusionError> {
    TimeFormat::Auto
        .read_text(text)
        .map_err(|problem| move || no_timestamp(text, problem))
}

#[cold]
fn no_timestamp(text: &str, problem: TimeProblem) -> DataFusionError {
    match problem {
        TimeProblem::NotATime => exec_datafusion_err!("cannot read '{text}' as TIMESTAMP"),
        TimeProblem::OutOfRange => exec_datafusion_err!("cannot read '{text}' as TIMESTAMP: {problem}"),
        TimeProblem::Implausible { .. } => exec_datafusion_err!(
            "cannot read '{text}' as TIMESTAMP: {problem}; FROM_UNIXTIME takes seconds, and a CAST of a number milliseconds"
        ),
    }
}
