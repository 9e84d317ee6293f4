//! Rows that stand until they are taken back, and are found again by their values then.

mod format;
mod rows;

pub(crate) use format::{EncodedRows, RowBuffer, RowBytes, RowFormat};
pub(crate) use rows::StandingRows;
