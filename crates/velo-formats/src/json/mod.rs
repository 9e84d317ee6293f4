//! JSON text: scanning, strings, members.

mod lines;
pub(crate) mod members;
pub(crate) mod scanner;
pub(crate) mod string;

pub(crate) use lines::JsonLines;
