//! What sources and sinks are configured with, as types and from `WITH` properties.

mod compression;
mod format;
mod properties;
mod sink;
mod source;

pub use compression::Compression;
pub use format::FileFormat;
pub use properties::{PropertyError, PropertyErrorKind};
pub use sink::{FileSinkConfig, SinkConfig};
pub use source::{FileSourceConfig, SourceConfig};
