use std::sync::Arc;

use arrow::array::{ArrayRef, ListBuilder, StringViewArray, StringViewBuilder};
use arrow::datatypes::Int64Type;
use datafusion_common::{DataFusionError, Result, exec_datafusion_err};
use velo_data::SqlType;

use super::super::native::{Arguments, Column, Native, Returns, collect_boolean, collect_primitive, collect_text};
use super::super::notation::Notation;
use super::super::parameter::Parameter;
use super::path::JsonPath;
use super::seek::{Children, seek, visit_children};

const JSON_AND_PATH: &[Parameter] = &[Parameter::Text, Parameter::In(Notation::JsonPath)];

pub(crate) static JSON_EXTRACT: Native = Native {
    name: "json_extract",
    parameters: JSON_AND_PATH,
    required: 2,
    returns: Returns::Always(SqlType::Json),
    evaluate: |arguments| {
        extract(arguments, |found, out| {
            out.push_str(found);
            Ok(true)
        })
    },
};

pub(crate) static JSON_QUERY: Native = Native {
    name: "json_query",
    parameters: JSON_AND_PATH,
    required: 2,
    returns: Returns::Always(SqlType::Json),
    evaluate: |arguments| {
        extract(arguments, |found, out| {
            out.push_str(found);
            Ok(is_nested(found))
        })
    },
};

pub(crate) static JSON_VALUE: Native = Native {
    name: "json_value",
    parameters: JSON_AND_PATH,
    required: 2,
    returns: Returns::Always(SqlType::String),
    evaluate: |arguments| {
        extract(arguments, |found, out| {
            if is_nested(found) {
                Ok(false)
            } else {
                unquote(found, out)
            }
        })
    },
};

pub(crate) static EXTRACT_FIELD: Native = Native {
    name: "extractjsonfield",
    parameters: JSON_AND_PATH,
    required: 2,
    returns: Returns::Always(SqlType::String),
    evaluate: |arguments| extract(arguments, unquote),
};

pub(crate) static JSON_EXISTS: Native = Native {
    name: "json_exists",
    parameters: JSON_AND_PATH,
    required: 2,
    returns: Returns::Always(SqlType::Boolean),
    evaluate: |arguments| {
        let mut documents = Documents::new(arguments)?;
        collect_boolean(arguments, |row| {
            Ok(match documents.at(row)? {
                Found::Null => None,
                Found::Nothing => Some(false),
                Found::Value(_) => Some(true),
            })
        })
    },
};

pub(crate) static JSON_ARRAY_LENGTH: Native = Native {
    name: "json_array_length",
    parameters: JSON_AND_PATH,
    required: 1,
    returns: Returns::Always(SqlType::BigInt),
    evaluate: |arguments| {
        let mut documents = Documents::new(arguments)?;
        collect_primitive::<Int64Type>(arguments, |row| {
            let Found::Value(found) = documents.at(row)? else {
                return Ok(None);
            };
            let mut length = 0;
            visit_children(found, &mut |child| {
                length += i64::from(matches!(child, Children::Element));
            })
            .map_err(|error| malformed(&error))?;
            Ok(Some(length))
        })
    },
};

pub(crate) static JSON_KEYS: Native = Native {
    name: "json_keys",
    parameters: JSON_AND_PATH,
    required: 1,
    returns: Returns::By(|_, _| Some(SqlType::Array(Box::new(SqlType::String)))),
    evaluate: keys,
};

fn keys(arguments: &Arguments) -> Result<ArrayRef> {
    let mut documents = Documents::new(arguments)?;
    let mut lists = ListBuilder::new(StringViewBuilder::new());
    for row in 0..arguments.rows {
        match documents.at(row)? {
            Found::Value(found) => {
                let keys = lists.values();
                visit_children(found, &mut |child| {
                    if let Children::Key(key) = child {
                        keys.append_value(key);
                    }
                })
                .map_err(|error| malformed(&error))?;
                lists.append(true);
            }
            _ => lists.append(false),
        }
    }
    Ok(Arc::new(lists.finish()))
}

/// Writes what the path leads to; NULL where it leads nowhere.
fn extract(arguments: &Arguments, write: impl Fn(&str, &mut String) -> Result<bool>) -> Result<ArrayRef> {
    let mut documents = Documents::new(arguments)?;
    collect_text(arguments, |row, out| match documents.at(row)? {
        Found::Value(found) => write(found, out),
        _ => Ok(false),
    })
}

/// What a row's path leads to.
enum Found<'a> {
    /// An argument is NULL.
    Null,
    /// There is nothing at the path.
    Nothing,
    Value(&'a str),
}

/// The JSON of each row, at its path.
struct Documents<'a> {
    json: Column<&'a StringViewArray>,
    path: Option<Column<&'a StringViewArray>>,
    last: (String, JsonPath),
}

impl<'a> Documents<'a> {
    fn new(arguments: &'a Arguments) -> Result<Self> {
        Ok(Self {
            json: arguments.text(0)?,
            path: if arguments.len() > 1 {
                Some(arguments.text(1)?)
            } else {
                None
            },
            last: ("$".into(), JsonPath { steps: Vec::new() }),
        })
    }

    fn at(&mut self, row: usize) -> Result<Found<'a>> {
        let Some(json) = self.json.get(row) else {
            return Ok(Found::Null);
        };
        if let Some(path) = &self.path {
            let Some(path) = path.get(row) else {
                return Ok(Found::Null);
            };
            if path != self.last.0 {
                self.last = (path.to_owned(), JsonPath::parse(path)?);
            }
        }
        match seek(json, &self.last.1.steps) {
            Ok(Some(found)) => Ok(Found::Value(found)),
            Ok(None) => Ok(Found::Nothing),
            Err(error) => Err(malformed(&error)),
        }
    }
}

fn is_nested(json: &str) -> bool {
    json.starts_with(['{', '['])
}

/// Writes a string without its quotes and escapes, anything else as it stands. JSON's `null` is NULL.
fn unquote(json: &str, out: &mut String) -> Result<bool> {
    if json == "null" {
        return Ok(false);
    }
    if !json.starts_with('"') {
        out.push_str(json);
        return Ok(true);
    }
    match json.get(1..json.len() - 1) {
        Some(plain) if !plain.contains('\\') => out.push_str(plain),
        _ => {
            let text: String = serde_json::from_str(json).map_err(|error| malformed(&error))?;
            out.push_str(&text);
        }
    }
    Ok(true)
}

fn malformed(error: &serde_json::Error) -> DataFusionError {
    exec_datafusion_err!("the text is not JSON: {error}")
}
