//! The parser from the outside: text in; trees, canonical SQL and rendered errors out.

mod cases;
mod compact;
mod forms;
mod generate;
mod limits;
mod properties;
mod script;
mod spans;
