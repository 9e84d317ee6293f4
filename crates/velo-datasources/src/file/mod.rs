//! Local files.

mod buffer;
mod preamble;
mod reader;
mod source;

pub(crate) use source::sample_file;
pub use source::{FileSource, ReadLimits};
