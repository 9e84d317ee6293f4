use std::path::Path;
use std::time::Duration;

use velo_data::StreamSchema;

use super::part::{FilePart, FilePlace};
use super::text::{TextPlan, TextReader};
use super::typed::{TypedPlan, TypedReader};
use crate::{FileOffset, ReadRequest, SourceBatch, SourceError};

/// How the files of a source are read: the same for all of them.
#[derive(Debug, Clone)]
pub(super) enum FilePlan {
    Text(TextPlan),
    Typed(TypedPlan),
}

/// The rows of one file.
pub(super) enum FileRows {
    Text(TextReader),
    Typed(Box<TypedReader>),
}

impl FilePlan {
    /// All columns that can be asked for.
    pub(super) fn schema(&self) -> &StreamSchema {
        match self {
            Self::Text(plan) => &plan.schema,
            Self::Typed(plan) => &plan.schema,
        }
    }

    /// Refuses a file that does not go with the columns.
    pub(super) fn check(&self, path: &Path) -> Result<(), SourceError> {
        match self {
            Self::Text(plan) => plan.check_header(path),
            Self::Typed(plan) => plan.check(path),
        }
    }

    /// How often a file that is followed is looked at; `None` if files are read to the end that is met.
    pub(super) fn polling_interval(&self) -> Option<Duration> {
        match self {
            Self::Text(plan) => plan.config.watch.then_some(plan.config.polling_interval),
            Self::Typed(_) => None,
        }
    }

    /// Whether a file is one that cannot grow by whole records at its end, so that any change concerns all of it.
    pub(super) fn reads_whole(&self, path: &Path) -> bool {
        match self {
            Self::Text(plan) => !plan.can_grow(path),
            Self::Typed(_) => true,
        }
    }

    /// Bytes of the line end that stands behind the records from `start` to `end`, of which the last had none there when it
    /// was read. `None` if that record goes on.
    pub(super) fn line_end_behind(&self, path: &Path, start: u64, end: u64) -> Result<Option<u64>, SourceError> {
        match self {
            Self::Text(plan) => plan.line_end_behind(path, start, end),
            Self::Typed(_) => Ok(None),
        }
    }

    /// Opens one file; `None` if what stands before its first record is not all there, in one that is followed or
    /// captured.
    pub(super) fn open(&self, part: &FilePart, request: &ReadRequest) -> Result<Option<FileRows>, SourceError> {
        Ok(match self {
            Self::Text(plan) => plan.open(part, request)?.map(FileRows::Text),
            Self::Typed(plan) => Some(FileRows::Typed(Box::new(plan.open(part, request)?))),
        })
    }
}

impl FileRows {
    /// Makes text come in batches of so many rows; row groups and blocks keep those that they were opened with.
    pub(super) fn set_batch_rows_max(&mut self, batch_rows_max: usize) {
        if let Self::Text(reader) = self {
            reader.set_batch_rows_max(batch_rows_max);
        }
    }

    /// The next batch; `None` at the end, and when a file that is followed has brought nothing more.
    pub(super) fn next_batch(&mut self) -> Result<Option<SourceBatch>, SourceError> {
        match self {
            Self::Text(reader) => reader.next_batch(),
            Self::Typed(reader) => reader.next_batch(),
        }
    }

    /// Whether records may come that are not there yet.
    pub(super) fn goes_on(&self) -> bool {
        match self {
            Self::Text(reader) => reader.goes_on(),
            Self::Typed(_) => false,
        }
    }

    /// Bytes that are there of a file that is followed and have not been read.
    pub(super) fn lag_bytes(&self) -> Option<u64> {
        match self {
            Self::Text(reader) => reader.lag_bytes(),
            Self::Typed(_) => None,
        }
    }

    /// Whether nothing follows for sure.
    pub(super) fn is_at_end(&self) -> bool {
        match self {
            Self::Text(reader) => reader.is_at_end(),
            Self::Typed(_) => false,
        }
    }

    /// How far the file has been handed on, if it is text as it lies on disk.
    pub(super) fn file_offset(&self) -> Result<Option<FileOffset>, SourceError> {
        match self {
            Self::Text(reader) => reader.file_offset(),
            Self::Typed(_) => Ok(None),
        }
    }

    /// Where the next batch starts.
    pub(super) fn place(&self) -> FilePlace {
        match self {
            Self::Text(reader) => reader.place(),
            Self::Typed(reader) => reader.place(),
        }
    }
}
