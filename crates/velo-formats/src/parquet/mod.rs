//! Parquet files: their schema, their row groups, and new ones.

mod chunks;
mod encoder;
mod fields;
mod file;
mod footer;
mod prune;
mod reader;

pub use encoder::{ParquetCompression, ParquetEncoder, check_parquet_columns};
pub use file::ParquetFile;
pub use reader::{ParquetReader, ReadRange};
