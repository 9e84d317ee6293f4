//! Columns to bytes.

mod csv;
mod dead_letter;
mod encoder;
mod envelope;
mod json;
mod values;

pub use dead_letter::{DeadLetter, write_dead_letter};
pub use encoder::{EncodedRows, Encoder};
