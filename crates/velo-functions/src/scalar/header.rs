//! Functions of the `_headers` column, which comes before the arguments that the user writes.

use arrow::array::{Array, AsArray, StringViewArray, StructArray};
use velo_data::SqlType;

use super::native::{Native, Returns, collect_boolean, collect_text};
use super::parameter::Parameter;

pub(crate) static HEADER: Native = Native {
    name: "header",
    parameters: &[Parameter::Headers, Parameter::Text],
    required: 2,
    returns: Returns::Always(SqlType::String),
    evaluate: |arguments| {
        let (headers, key) = (arguments.map(0)?, arguments.text(1)?);
        collect_text(arguments, |row, out| {
            let (Some(headers), Some(key)) = (headers.get(row), key.get(row)) else {
                return Ok(false);
            };
            let Some(entry) = find(&headers, key) else {
                return Ok(false);
            };
            let values = headers.column(1).as_binary_view();
            if values.is_null(entry) {
                return Ok(false);
            }
            out.push_str(&String::from_utf8_lossy(values.value(entry)));
            Ok(true)
        })
    },
};

pub(crate) static HAS_HEADER: Native = Native {
    name: "has_header",
    parameters: &[Parameter::Headers, Parameter::Text],
    required: 2,
    returns: Returns::Always(SqlType::Boolean),
    evaluate: |arguments| {
        let (headers, key) = (arguments.map(0)?, arguments.text(1)?);
        collect_boolean(arguments, |row| {
            Ok(key
                .get(row)
                .map(|key| headers.get(row).is_some_and(|headers| find(&headers, key).is_some())))
        })
    },
};

pub(crate) static HEADER_KEYS: Native = Native {
    name: "header_keys",
    parameters: &[Parameter::Headers],
    required: 1,
    returns: Returns::Always(SqlType::String),
    evaluate: |arguments| {
        let headers = arguments.map(0)?;
        collect_text(arguments, |row, out| {
            let Some(headers) = headers.get(row) else {
                return Ok(false);
            };
            for (index, key) in keys(&headers).iter().flatten().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(key);
            }
            Ok(true)
        })
    },
};

fn keys(headers: &StructArray) -> &StringViewArray {
    headers.column(0).as_string_view()
}

/// The last header of this key, which is the one that counts when there are several.
fn find(headers: &StructArray, key: &str) -> Option<usize> {
    let keys = keys(headers);
    (0..keys.len())
        .rev()
        .find(|&entry| keys.is_valid(entry) && keys.value(entry) == key)
}
