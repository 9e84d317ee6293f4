//! Bytes that come over a network, read as files of the same bytes would be.

use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use velo_data::{StreamSchema, SystemClock};

use super::buffer::{FileBuffer, io_error};
use super::columns::ColumnsFrom;
use super::part::FilePart;
use super::plan::{FilePlan, FileRows};
use super::sampling::{Look, sample_text};
use super::source::ReadLimits;
use super::text::TextPlan;
use super::typed::TypedPlan;
use super::unpack::Unpacked;
use crate::config::{FormatKind, Packing};
use crate::table::ArrivingBytes;
use crate::{FileFormat, FileSourceConfig, ReadRequest, SourceBatch, SourceError, TextFormat};

/// Bytes that come but once.
pub(crate) type Stream = Box<dyn ArrivingBytes>;

/// Bytes of a stream that are handled at a time: less than of a file, since many streams are read side by side.
const CHUNK_BYTES: usize = 256 << 10;

/// How streams are read: the same for all of a source.
///
/// Text is decoded as it comes. A typed format has to be looked at from its end or in several places, so that its bytes
/// first go to a file without a name in the directory for temporary files: memory does not depend on their number.
#[derive(Debug, Clone)]
pub(crate) struct RemotePlan {
    config: FileSourceConfig,
    plan: FilePlan,
}

/// The rows of one stream.
pub(crate) struct RemoteRows(FileRows);

/// The columns of a source of streams.
#[derive(Debug, Clone)]
pub(crate) struct RemoteColumns {
    pub(crate) schema: StreamSchema,
    /// Whether the program declares them, so that they must be there; otherwise a sample has shown them.
    pub(crate) are_declared: bool,
}

impl RemotePlan {
    /// A plan for streams of a format.
    pub(crate) fn new(config: FileSourceConfig, format: FileFormat, columns: &RemoteColumns) -> Self {
        let clock = Arc::new(SystemClock);
        let schema = columns.schema.clone();
        let columns_from = if columns.are_declared {
            ColumnsFrom::Declaration
        } else {
            ColumnsFrom::Sample
        };
        let plan = match format.kind() {
            FormatKind::Typed(format) => FilePlan::Typed(TypedPlan {
                format,
                schema,
                columns_from,
                max_records: config.max_records,
                clock,
            }),
            FormatKind::Text(format) => FilePlan::Text(TextPlan {
                config: config.clone(),
                format,
                schema,
                columns_from,
                clock,
                limits: ReadLimits {
                    chunk_bytes: CHUNK_BYTES,
                    ..ReadLimits::default()
                },
            }),
        };
        Self { config, plan }
    }

    /// Opens a stream that messages call `name`; its first record has the number `first_record`.
    ///
    /// # Errors
    ///
    /// When it cannot be read or does not go with the columns.
    pub(crate) fn open(
        &self,
        name: &Path,
        stream: Stream,
        partition: i32,
        request: &ReadRequest,
        first_record: u64,
    ) -> Result<RemoteRows, SourceError> {
        let request = &ReadRequest {
            decode_threads: 1,
            follow: false,
            ..request.clone()
        };
        let rows = match &self.plan {
            FilePlan::Text(plan) => {
                let buffer = FileBuffer::of_stream(name, stream, self.config.packing_of(name), CHUNK_BYTES)?;
                FileRows::Text(plan.open_stream(buffer, partition, request, first_record)?)
            }
            FilePlan::Typed(plan) => {
                let part = FilePart {
                    partition,
                    ..FilePart::whole(name.to_owned(), 0)
                };
                FileRows::Typed(Box::new(plan.open_file(spooled(name, stream)?, &part, request)?))
            }
        };
        Ok(RemoteRows(rows))
    }
}

impl RemoteRows {
    /// The next batch; `None` at the end.
    ///
    /// # Errors
    ///
    /// When the stream breaks off or cannot be decoded any further.
    pub(crate) fn next_batch(&mut self) -> Result<Option<SourceBatch>, SourceError> {
        self.0.next_batch()
    }

    /// Number of the record behind the last one read.
    pub(crate) fn next_record(&self) -> u64 {
        self.0.place().next.record
    }
}

/// Looks at the first records of a stream of text to tell its columns: at those in its first bytes, or at one, if it is longer.
///
/// # Errors
///
/// When it cannot be read as its format.
pub(crate) fn columns_of_stream(
    name: &Path,
    stream: Stream,
    format: TextFormat,
    config: &FileSourceConfig,
    bytes_max: usize,
) -> Result<Look, SourceError> {
    let buffer = FileBuffer::of_stream(name, stream, config.packing_of(name), CHUNK_BYTES)?;
    sample_text(buffer, format, config, bytes_max)
}

/// The text of a small document that has come whole, of at most `bytes_max`; messages call it `name`.
///
/// # Errors
///
/// When it cannot be unpacked, or is larger.
pub(crate) fn unpacked(name: &Path, bytes: Bytes, packing: Packing, bytes_max: usize) -> Result<Bytes, SourceError> {
    if packing.is_none() {
        return Ok(bytes);
    }
    let mut unpacked = Unpacked::of_stream(name, packing, Box::new(Cursor::new(bytes)))?;
    let mut text = Vec::new();
    let read = Read::take(&mut unpacked, bytes_max as u64 + 1).read_to_end(&mut text);
    read.map_err(|error| unpacked.describe(name, &error))?;
    if text.len() > bytes_max {
        return Err(SourceError::Format {
            path: name.to_owned(),
            message: format!(
                "it holds more than {} MiB when it is unpacked; ask for smaller pages",
                bytes_max >> 20
            ),
        });
    }
    Ok(text.into())
}

/// The bytes of a stream in a file that goes away when it is closed.
fn spooled(name: &Path, mut stream: Stream) -> Result<File, SourceError> {
    let failed = |error| io_error(name, error);
    let mut file = tempfile::tempfile().map_err(failed)?;
    std::io::copy(&mut stream, &mut file).map_err(failed)?;
    file.rewind().map_err(failed)?;
    Ok(file)
}
