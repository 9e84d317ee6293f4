//! `TO_JSON_STRING`: any value as JSON text.

use std::fmt::Write;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::Float64Type;
use datafusion_common::{Result, exec_err};
use velo_data::SqlType;

use super::super::native::{Native, Returns, collect_text};
use super::super::parameter::Parameter;
use crate::cast::to_text;

pub(crate) static TO_JSON_STRING: Native = Native {
    name: "to_json_string",
    parameters: &[Parameter::Any],
    required: 1,
    returns: Returns::Always(SqlType::Json),
    evaluate: |arguments| {
        let operand = arguments.operand(0)?;
        let writer = Writer::new(operand.array())?;
        collect_text(arguments, |row, out| {
            let row = if operand.is_scalar() { 0 } else { row };
            if operand.array().is_null(row) {
                return Ok(false);
            }
            writer.write(row, out)?;
            Ok(true)
        })
    },
};

/// A column that is written as JSON, nested ones with their children.
enum Writer {
    /// Text that is JSON as it stands: numbers and truth values.
    Plain(ArrayRef),
    /// Doubles, of which some have no counterpart in JSON.
    Double {
        values: ArrayRef,
        text: ArrayRef,
    },
    Quoted(ArrayRef),
    List {
        list: ArrayRef,
        elements: Box<Writer>,
    },
    Map {
        map: ArrayRef,
        keys: ArrayRef,
        values: Box<Writer>,
    },
    Struct {
        structs: ArrayRef,
        fields: Vec<(String, Writer)>,
    },
    Null,
}

impl Writer {
    fn new(array: &ArrayRef) -> Result<Self> {
        Ok(match SqlType::from_arrow(array.data_type()) {
            Some(SqlType::Null) => Self::Null,
            Some(SqlType::Double) => Self::Double {
                values: array.clone(),
                text: to_text(array)?,
            },
            Some(SqlType::Boolean) => Self::Plain(to_text(array)?),
            Some(number) if number.is_numeric() => Self::Plain(to_text(array)?),
            Some(SqlType::Array(_)) => Self::List {
                list: array.clone(),
                elements: Box::new(Self::new(array.as_list::<i32>().values())?),
            },
            Some(SqlType::Map(_, _)) => Self::Map {
                map: array.clone(),
                keys: to_text(array.as_map().keys())?,
                values: Box::new(Self::new(array.as_map().values())?),
            },
            Some(SqlType::Struct(fields)) => {
                let columns = array.as_struct().columns();
                let fields = fields.into_iter().zip(columns);
                Self::Struct {
                    structs: array.clone(),
                    fields: fields
                        .map(|(field, column)| Ok((field.name, Self::new(column)?)))
                        .collect::<Result<_>>()?,
                }
            }
            Some(_) => Self::Quoted(to_text(array)?),
            None => return exec_err!("values of type {} cannot be written as JSON", array.data_type()),
        })
    }

    fn write(&self, row: usize, out: &mut String) -> Result<()> {
        match self {
            Self::Plain(text) if text.is_valid(row) => out.push_str(text.as_string_view().value(row)),
            Self::Double { values, text } if values.is_valid(row) => {
                let is_finite = values.as_primitive::<Float64Type>().value(row).is_finite();
                out.push_str(if is_finite {
                    text.as_string_view().value(row)
                } else {
                    "null"
                });
            }
            Self::Quoted(text) if text.is_valid(row) => write_text(text.as_string_view().value(row), out),
            Self::List { list, elements } if list.is_valid(row) => {
                let offsets = list.as_list::<i32>().value_offsets();
                let range = offsets[row] as usize..offsets[row + 1] as usize;
                separated(out, ('[', ']'), range, |element, out| elements.write(element, out))?;
            }
            Self::Map { map, keys, values } if map.is_valid(row) => {
                let offsets = map.as_map().value_offsets();
                let range = offsets[row] as usize..offsets[row + 1] as usize;
                separated(out, ('{', '}'), range, |entry, out| {
                    write_text(keys.as_string_view().value(entry), out);
                    out.push(':');
                    values.write(entry, out)
                })?;
            }
            Self::Struct { structs, fields } if structs.is_valid(row) => {
                separated(out, ('{', '}'), fields, |(name, field), out| {
                    write_text(name, out);
                    out.push(':');
                    field.write(row, out)
                })?;
            }
            // A NULL inside of something else.
            _ => out.push_str("null"),
        }
        Ok(())
    }
}

fn separated<T>(
    out: &mut String,
    (open, close): (char, char),
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(T, &mut String) -> Result<()>,
) -> Result<()> {
    out.push(open);
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item, out)?;
    }
    out.push(close);
    Ok(())
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if u32::from(control) < 0x20 => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
