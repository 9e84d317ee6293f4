//! Rows that are generated for declared columns.

mod column;
mod literal;
mod settings;
mod source;
mod types;
