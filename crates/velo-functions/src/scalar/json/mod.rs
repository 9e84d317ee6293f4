//! Functions of JSON text. Only what a path leads to is kept; everything else is skipped while it is read.

mod function;
mod path;
mod seek;
mod write;

pub(crate) use function::{
    EXTRACT_FIELD, JSON_ARRAY_LENGTH, JSON_EXISTS, JSON_EXTRACT, JSON_KEYS, JSON_QUERY, JSON_VALUE,
};
pub(super) use path::JsonPath;
pub(crate) use write::TO_JSON_STRING;
