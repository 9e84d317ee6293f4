//! Local files.

mod buffer;
mod changes;
mod columns;
mod dead_letters;
mod fill;
mod follow;
mod identity;
mod listing;
mod magic;
mod pack;
mod parallel;
mod part;
mod partition;
mod pattern;
mod plan;
mod preamble;
mod reached;
mod reader;
mod remote;
mod sampling;
mod source;
mod table;
mod target;
mod text;
mod typed;
mod unpack;

pub use dead_letters::DeadLetterFile;
pub(crate) use follow::check_can_grow;
pub(crate) use listing::{common_format, is_wanted};
pub(crate) use pack::PackedTarget;
pub(crate) use pattern::{PathPattern, has_wildcards, is_hidden};
pub(crate) use remote::{RemoteColumns, RemotePlan, Stream, columns_of_stream, columns_of_typed_file};
pub use sampling::FileSample;
pub(crate) use sampling::{sample_files, united_samples};
pub use source::{FileSource, ReadLimits};
pub(crate) use target::FileTarget;
