//! What columnar and typed files have in common: their columns come with types, which are brought to those of SQL.

mod conversion;
mod error;
mod natural;
mod rows;

pub(crate) use conversion::{Conversion, find_name, uuid_text};
pub use error::ColumnarError;
pub(crate) use natural::{EXTENSION_KEY, UUID_EXTENSION, natural_type};
pub(crate) use rows::RowFinisher;
