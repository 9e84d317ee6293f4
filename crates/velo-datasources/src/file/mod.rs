//! Local files.

mod buffer;
mod dead_letters;
mod parallel;
mod preamble;
mod reader;
mod source;
mod target;

pub use dead_letters::DeadLetterFile;
pub(crate) use source::sample_file;
pub use source::{FileSource, ReadLimits};
pub(crate) use target::FileTarget;
