//! Sources of tables: read whole up to a position, and later only what is new since then.

mod bulk;
mod bytes;
mod channel;
mod offset;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use velo_data::{StreamSchema, SystemColumn};

pub use bulk::BulkSource;
pub(crate) use bytes::{ArrivingBytes, ByteStream, read_blocking};
pub(crate) use channel::block_on_io;
pub use channel::{BatchSender, ChannelReader, on_io_runtime, spawn_reader};
pub use offset::{FileOffset, ObjectOffset, RecordPlace, SourceOffset};

use crate::{PartitionReader, ReadRequest, SourceError};

/// Something that a table is loaded from.
///
/// What is read is the source as it was when a load began, as far as the source can tell: rows that come later are for
/// the next load, which is told where this one ended.
#[async_trait]
pub trait TableDataSource: Send + Sync + std::fmt::Debug {
    /// All columns that can be asked for.
    fn schema(&self) -> &StreamSchema;

    /// Metadata columns that it has values for.
    fn system_columns(&self) -> &[SystemColumn] {
        &[]
    }

    /// What it reads, for people: a path, a URL, a database's table; without credentials.
    fn location(&self) -> String;

    /// What fails together: tables of one endpoint share a circuit breaker. `None` for local files.
    fn endpoint(&self) -> Option<String> {
        None
    }

    /// Whether [`TableDataSource::incremental_load`] may be less than all.
    fn supports_incremental(&self) -> bool;

    /// The position that a load would reach now.
    ///
    /// # Errors
    ///
    /// When the source cannot be asked.
    async fn current_offset(&self) -> Result<SourceOffset, SourceError>;

    /// How much a whole load is, as far as can be told cheaply.
    ///
    /// # Errors
    ///
    /// When the source cannot be asked.
    async fn size_estimate(&self) -> Result<SizeEstimate, SourceError>;

    /// Reads everything, up to a position that is captured now.
    ///
    /// # Errors
    ///
    /// When the source cannot be read.
    async fn bulk_load(&self, request: &ReadRequest) -> Result<TableLoad, SourceError>;

    /// Reads what is new since a position that an earlier load has reached.
    ///
    /// # Errors
    ///
    /// When the source cannot be read.
    async fn incremental_load(&self, request: &ReadRequest, since: &SourceOffset) -> Result<Increment, SourceError>;
}

/// Rows on their way into a table.
pub struct TableLoad {
    /// They may be read in any order between them; each in its own.
    pub partitions: Vec<Box<dyn PartitionReader>>,
    /// How much all of them will bring, as far as can be told cheaply: of an increment, that alone.
    pub size: SizeEstimate,
    /// The position that is reached when all of them have ended.
    pub reached: Reached,
}

/// The position that a load has reached when all of its partitions have ended.
#[derive(Clone)]
pub enum Reached {
    /// Known when the load began.
    Captured(SourceOffset),
    /// Told by what was read: where the last whole record ended, which value was the highest.
    Read(Arc<dyn Fn() -> SourceOffset + Send + Sync>),
}

impl Reached {
    /// The position. It holds once all partitions have ended.
    pub fn offset(&self) -> SourceOffset {
        match self {
            Self::Captured(offset) => offset.clone(),
            Self::Read(offset) => offset(),
        }
    }
}

impl From<SourceOffset> for Reached {
    fn from(offset: SourceOffset) -> Self {
        Self::Captured(offset)
    }
}

impl fmt::Debug for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.offset().fmt(f)
    }
}

/// What is new in a source.
pub enum Increment {
    /// Rows behind those that are loaded already; none if nothing is new.
    Rows(TableLoad),
    /// What was loaded is not the beginning of what is there now: all has to be read again.
    Reload {
        /// Why, as the end of a sentence: `prices.csv was replaced`.
        reason: String,
    },
}

/// How much there is to load. What is not known is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SizeEstimate {
    /// Rows.
    pub rows: Option<u64>,
    /// Bytes, as they are counted in [`SourceBatch::bytes_read`](crate::SourceBatch::bytes_read).
    pub bytes: Option<u64>,
}
