//! Functions of text that also take BYTES, which then count bytes and give BYTES.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::Int64Type;
use datafusion_common::{Result, exec_err};
use datafusion_expr::ScalarUDF;
use velo_data::SqlType;

use super::fill::bounded;
use super::native::{Arguments, Native, Returns, collect_bytes, collect_primitive};
use super::parameter::Parameter;
use super::text::part_of;

pub(crate) static LENGTH: Native = Native {
    name: "bytes_length",
    parameters: &[Parameter::Bytes],
    required: 1,
    returns: Returns::Always(SqlType::BigInt),
    evaluate: |arguments| {
        let bytes = arguments.bytes(0)?;
        collect_primitive::<Int64Type>(arguments, |row| Ok(bytes.get(row).map(|bytes| bytes.len() as i64)))
    },
};

pub(crate) static SUBSTRING: Native = Native {
    name: "bytes_substring",
    parameters: &[Parameter::Bytes, Parameter::Integer, Parameter::Integer],
    required: 2,
    returns: Returns::Always(SqlType::Bytes),
    evaluate: |arguments| {
        let (bytes, start) = (arguments.bytes(0)?, arguments.primitive::<Int64Type>(1)?);
        let count = if arguments.len() > 2 {
            Some(arguments.primitive::<Int64Type>(2)?)
        } else {
            None
        };
        collect_bytes(arguments, |row, out| {
            let count = match &count {
                Some(count) => match count.get(row) {
                    Some(count) => Some(count),
                    None => return Ok(false),
                },
                None => None,
            };
            let (Some(bytes), Some(start)) = (bytes.get(row), start.get(row)) else {
                return Ok(false);
            };
            out.extend_from_slice(&bytes[part_of(bytes.len(), start, count)]);
            Ok(true)
        })
    },
};

pub(crate) static LEFT: Native = Native {
    name: "bytes_left",
    parameters: &[Parameter::Bytes, Parameter::Integer],
    required: 2,
    returns: Returns::Always(SqlType::Bytes),
    evaluate: |arguments| ends(arguments, |bytes, count| &bytes[..count]),
};

pub(crate) static RIGHT: Native = Native {
    name: "bytes_right",
    parameters: &[Parameter::Bytes, Parameter::Integer],
    required: 2,
    returns: Returns::Always(SqlType::Bytes),
    evaluate: |arguments| ends(arguments, |bytes, count| &bytes[bytes.len() - count..]),
};

/// So many bytes of one end; a negative count leaves that many out at the other.
fn ends(arguments: &Arguments, of: fn(&[u8], usize) -> &[u8]) -> Result<arrow::array::ArrayRef> {
    let (bytes, count) = (arguments.bytes(0)?, arguments.primitive::<Int64Type>(1)?);
    collect_bytes(arguments, |row, out| {
        let (Some(bytes), Some(count)) = (bytes.get(row), count.get(row)) else {
            return Ok(false);
        };
        let length = bytes.len() as i64;
        let count = if count < 0 { length.saturating_add(count) } else { count };
        out.extend_from_slice(of(bytes, count.clamp(0, length) as usize));
        Ok(true)
    })
}

const BYTES_LENGTH_AND_FILL: &[Parameter] = &[Parameter::Bytes, Parameter::Integer, Parameter::Bytes];

pub(crate) static LPAD: Native = Native {
    name: "bytes_lpad",
    parameters: BYTES_LENGTH_AND_FILL,
    required: 3,
    returns: Returns::Always(SqlType::Bytes),
    evaluate: |arguments| {
        pad_each(arguments, |bytes, filling, out| {
            out.extend(filling);
            out.extend_from_slice(bytes);
        })
    },
};

pub(crate) static RPAD: Native = Native {
    name: "bytes_rpad",
    parameters: BYTES_LENGTH_AND_FILL,
    required: 3,
    returns: Returns::Always(SqlType::Bytes),
    evaluate: |arguments| {
        pad_each(arguments, |bytes, filling, out| {
            out.extend_from_slice(bytes);
            out.extend(filling);
        })
    },
};

fn pad_each(
    arguments: &Arguments,
    write: fn(&[u8], &mut dyn Iterator<Item = u8>, &mut Vec<u8>),
) -> Result<arrow::array::ArrayRef> {
    let (bytes, length) = (arguments.bytes(0)?, arguments.primitive::<Int64Type>(1)?);
    let fill = arguments.bytes(2)?;
    collect_bytes(arguments, |row, out| {
        let (Some(bytes), Some(length), Some(fill)) = (bytes.get(row), length.get(row), fill.get(row)) else {
            return Ok(false);
        };
        let length = usize::try_from(length.max(0)).unwrap_or(usize::MAX);
        if length <= bytes.len() {
            out.extend_from_slice(&bytes[..length]);
        } else if fill.is_empty() {
            return exec_err!("there is nothing to fill the bytes up with");
        } else {
            let lacking = length - bytes.len();
            bounded(1, lacking)?;
            write(bytes, &mut fill.iter().copied().cycle().take(lacking), out);
        }
        Ok(true)
    })
}

pub(crate) static REPEAT: Native = Native {
    name: "bytes_repeat",
    parameters: &[Parameter::Bytes, Parameter::Integer],
    required: 2,
    returns: Returns::Always(SqlType::Bytes),
    evaluate: |arguments| {
        let (bytes, count) = (arguments.bytes(0)?, arguments.primitive::<Int64Type>(1)?);
        collect_bytes(arguments, |row, out| {
            let (Some(bytes), Some(count)) = (bytes.get(row), count.get(row)) else {
                return Ok(false);
            };
            if !bytes.is_empty() {
                let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
                bounded(bytes.len(), count)?;
                (0..count).for_each(|_| out.extend_from_slice(bytes));
            }
            Ok(true)
        })
    },
};

/// CONCAT of any number of BYTES, without those that are NULL.
pub(crate) static CONCAT: Native = Native {
    name: "bytes_concat",
    parameters: &[Parameter::Bytes],
    required: 1,
    returns: Returns::Always(SqlType::Bytes),
    evaluate: |arguments| {
        let all = (0..arguments.len())
            .map(|index| arguments.bytes(index))
            .collect::<Result<Vec<_>>>()?;
        collect_bytes(arguments, |row, out| {
            all.iter()
                .filter_map(|bytes| bytes.get(row))
                .for_each(|bytes| out.extend_from_slice(bytes));
            Ok(true)
        })
    },
};

static JOINED: Native = Native {
    name: "bytes_joined",
    parameters: &[Parameter::Bytes, Parameter::Bytes],
    required: 2,
    returns: Returns::Always(SqlType::Bytes),
    evaluate: |arguments| {
        let (left, right) = (arguments.bytes(0)?, arguments.bytes(1)?);
        collect_bytes(arguments, |row, out| {
            let (Some(left), Some(right)) = (left.get(row), right.get(row)) else {
                return Ok(false);
            };
            out.extend_from_slice(left);
            out.extend_from_slice(right);
            Ok(true)
        })
    },
};

/// `a || b` of BYTES.
pub fn joined_bytes() -> Arc<ScalarUDF> {
    static UDF: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| JOINED.udf(SqlType::Bytes));
    Arc::clone(&UDF)
}
