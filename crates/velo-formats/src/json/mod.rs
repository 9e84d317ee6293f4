//! JSON text: scanning, strings, members.

mod array;
mod lead;
mod lines;
pub(crate) mod members;
mod plain;
pub(crate) mod scanner;
pub(crate) mod string;

pub use array::Fault;
pub(crate) use array::{ArrayWalk, JsonArray, Step};
pub(crate) use lines::JsonLines;
