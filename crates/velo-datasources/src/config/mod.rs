//! What sources and sinks are configured with, as types and from `WITH` properties.

mod compression;
mod database;
mod datagen;
mod encoding;
mod envelope;
mod format;
mod generated;
mod http;
mod keys;
mod nexmark;
mod objects;
mod postgres_tls;
mod properties;
mod records;
mod secret;
mod sink;
mod source;

pub use compression::Compression;
pub use database::{DatabaseConnection, DatabaseRows, DatabaseSourceConfig, PostgresConnection};
pub use datagen::{DatagenSourceConfig, FieldConfig, FieldKind};
pub(crate) use encoding::Packing;
pub use encoding::TextEncoding;
pub use envelope::{EnvelopeConfig, RecordFormat};
pub use format::{FileFormat, TextFormat};
pub(crate) use format::{FormatKind, TypedFormat};
pub use http::{HttpCredentials, HttpSourceConfig, Paging, PagingEnd};
pub use nexmark::{NexmarkSourceConfig, NexmarkTable};
pub use objects::{ObjectSourceConfig, ObjectStoreConfig, S3Config};
pub(crate) use postgres_tls::{PostgresTls, TlsMode};
pub use properties::{PropertyError, PropertyErrorKind};
pub use records::RecordsConfig;
pub use secret::Secret;
pub use sink::{EnvelopeStyle, FileSinkConfig, SinkConfig};
pub use source::{FileSourceConfig, SourceConfig};
