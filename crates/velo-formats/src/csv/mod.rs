//! Delimited text.

mod options;
mod records;
mod tokenizer;

pub use options::CsvOptions;
pub(crate) use records::{CsvColumn, CsvRecords, field_text};
pub use records::{CsvHeader, read_csv_header};
pub(crate) use tokenizer::{RawField, Tokenized, tokenize};
