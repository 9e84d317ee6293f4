//! Sources and sinks: where bytes come from and where they go.
//!
//! Start at [`Source`] and [`Sink`]. A source has a schema and partitions, and decodes only the columns that a
//! [`ReadRequest`] names; a sink takes batches and accounts for every row in its [`SinkSummary`].
//! Both tell positions, a [`SplitPosition`] for each split and a [`SinkPosition`], from which a later run goes on.
//!
//! This crate knows files and their formats, and generates rows where there are none to read. It knows no plans and no queries: who reads, and why, is decided
//! above.

mod config;
mod config_file;
mod database;
mod datagen;
mod discard;
mod error;
mod file;
mod generated;
mod http;
mod memory;
mod nexmark;
mod notice;
mod objects;
mod open;
mod shared;
mod sink;
mod source;
mod split;
mod table;
mod tls;
mod typed_sink;
mod writer;

pub use config::{
    Compression, DatabaseConnection, DatabaseRows, DatabaseSourceConfig, DatagenSourceConfig, EnvelopeConfig,
    EnvelopeStyle, FieldConfig, FieldKind, FileFormat, FileSinkConfig, FileSourceConfig, HttpCredentials,
    HttpSourceConfig, NexmarkSourceConfig, NexmarkTable, ObjectSourceConfig, ObjectStoreConfig, Paging, PagingEnd,
    PostgresConnection, PropertyError, PropertyErrorKind, RecordFormat, RecordsConfig, S3Config, Secret, SinkConfig,
    SourceConfig, TextEncoding, TextFormat,
};
pub(crate) use config::{PostgresTls, TlsMode};
pub use config_file::{ConfigFileError, ConfigFileValue, load_config_file, load_config_file_with_gaps};
pub use database::DatabaseSource;
pub use error::{SinkError, SourceError, unreadable_advice};
pub use file::{DeadLetterFile, FileSample, FileSource, ReadLimits};
pub use generated::{GeneratedDescription, GeneratedSource};
pub use http::HttpSource;
pub use memory::{MemorySink, MemorySource};
pub use notice::NOTICE_TARGET;
pub use objects::ObjectSource;
pub use open::{
    connect_remote_source, connect_sampled_table_source, connect_table_source, generated_source, open_sampled_source,
    open_sink, open_source, sample_source, unwritable_columns,
};
pub use shared::open_shared_sink;
pub use sink::{Sink, SinkPosition, SinkSummary};
pub use source::{NextBatch, PartitionReader, ReadRequest, Source, SourceBatch};
pub use split::{OpenSplit, SplitId, SplitPosition, SplitPositions};
pub use table::{
    BatchSender, BulkSource, ChannelReader, FileOffset, Increment, ObjectOffset, Reached, RecordPlace, SizeEstimate,
    SourceOffset, TableDataSource, TableLoad, on_io_runtime, spawn_reader,
};
pub use velo_formats::{AvroSchema, AvroSchemaError, SampledColumn, SampledSchema, ValueKind};
pub use writer::WriterSink;
