use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use velo_data::{Clock, RowError, StreamSchema, SystemColumn};

use super::changes::CapturedFile;
use super::columns::ColumnsFrom;
use super::follow::{check_can_grow, check_is_file};
use super::listing::Listing;
use super::part::FilePart;
use super::partition::{FilePartition, State};
use super::plan::FilePlan;
use super::reached::ReachedFiles;
use super::resume::parts_left;
use super::sampling::{FileSample, sample_files};
use super::table::why_incomparable;
use super::text::TextPlan;
use super::typed::TypedPlan;
use crate::config::FormatKind;
use crate::{FileFormat, FileSourceConfig, OpenSplit, ReadRequest, Source, SourceError, SplitPositions, TextFormat};

/// Metadata that every file has.
const PLAIN_SYSTEM_COLUMNS: &[SystemColumn] = &[
    SystemColumn::Timestamp,
    SystemColumn::Offset,
    SystemColumn::Partition,
    SystemColumn::Topic,
    SystemColumn::Record,
];

/// Metadata of records of typed files, which have no text of their own.
const TYPED_SYSTEM_COLUMNS: &[SystemColumn] = &[
    SystemColumn::Timestamp,
    SystemColumn::Offset,
    SystemColumn::Partition,
    SystemColumn::Topic,
];

/// Metadata of records in envelopes.
const ENVELOPE_SYSTEM_COLUMNS: &[SystemColumn] = &[
    SystemColumn::Timestamp,
    SystemColumn::EventTime,
    SystemColumn::Offset,
    SystemColumn::Partition,
    SystemColumn::Key,
    SystemColumn::Topic,
    SystemColumn::Headers,
    SystemColumn::Record,
];

/// How much of a file is handled at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimits {
    /// Bytes asked of the operating system at a time.
    pub chunk_bytes: usize,
    /// Longest record; a longer one is rejected without being kept in memory.
    pub record_bytes_max: usize,
    /// A batch ends when this much input is behind it, even if it has fewer rows than were asked for.
    pub batch_bytes_max: u64,
    /// Input from which on it is worth while to decode on several threads.
    pub parallel_bytes_min: u64,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            chunk_bytes: 1 << 20,
            record_bytes_max: 64 << 20,
            batch_bytes_max: 16 << 20,
            parallel_bytes_min: 8 << 20,
        }
    }
}

/// Files of which `validate` sees whether their first records can be read, at most.
const BEGINNINGS_MAX: usize = 10;

/// Headers looked at when a source is opened, at most; those of other files are checked when they are read.
const HEADERS_CHECKED_MAX: usize = 100;

/// Local files of one format: a source with a partition for each, in the byte-wise order of their paths.
///
/// Positions count records from 0 and lines from 1. A file that grows is read up to the end that is met, unless it is
/// watched and the request asks to follow.
#[derive(Debug)]
pub struct FileSource {
    pub(super) config: FileSourceConfig,
    files: Vec<PathBuf>,
    format: FileFormat,
    bytes: u64,
    /// Whether all are regular files whose names can be kept.
    is_resumable: bool,
    pub(super) plan: FilePlan,
}

impl FileSource {
    /// Opens files with the declared columns, or with those that a sample of them shows. `clock` tells the
    /// `_timestamp` of records that have none.
    ///
    /// # Errors
    ///
    /// When there is no file, one cannot be read, or a header lacks declared columns.
    pub fn open(
        config: &FileSourceConfig,
        declared: Option<&StreamSchema>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SourceError> {
        match declared {
            Some(declared) => Self::with_columns(config, declared, ColumnsFrom::Declaration, clock),
            None => Self::open_sampled(config, &sample_files(config)?, clock),
        }
    }

    /// Opens files with the columns that a sample of them has shown.
    ///
    /// # Errors
    ///
    /// When there is no file any more, or one cannot be read.
    pub fn open_sampled(
        config: &FileSourceConfig,
        sample: &FileSample,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SourceError> {
        Self::with_columns(config, &sample.columns.schema, ColumnsFrom::Sample, clock)
    }

    fn with_columns(
        config: &FileSourceConfig,
        schema: &StreamSchema,
        columns_from: ColumnsFrom,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SourceError> {
        let Listing { files, format } = Listing::of(config)?;
        let plan = match format.kind() {
            FormatKind::Typed(format) => FilePlan::Typed(TypedPlan {
                format,
                schema: schema.clone(),
                columns_from,
                max_records: config.max_records,
                clock,
            }),
            FormatKind::Text(format) => FilePlan::Text(TextPlan {
                config: config.clone(),
                format,
                schema: schema.clone(),
                columns_from,
                clock,
                limits: ReadLimits::default(),
            }),
        };
        if config.watch {
            check_can_grow_all(&files, format, config)?;
        }
        let (mut bytes, mut is_resumable) = (0, true);
        for (index, path) in files.iter().enumerate() {
            let metadata = std::fs::metadata(path).map_err(|error| super::buffer::io_error(path, error))?;
            bytes += metadata.len();
            is_resumable &= metadata.is_file() && path.to_str().is_some();
            // A pipe can be read but once, so that its header is left to the reader.
            if index < HEADERS_CHECKED_MAX && metadata.is_file() {
                plan.check(path)?;
            }
        }
        Ok(Self {
            config: config.clone(),
            files,
            format,
            bytes,
            is_resumable,
            plan,
        })
    }

    /// Lists the files anew.
    pub(super) fn list(&self) -> Result<Vec<PathBuf>, SourceError> {
        let Listing { files, format } = Listing::of(&self.config)?;
        match (self.files.first(), files.first()) {
            (Some(path), Some(other)) if format != self.format => Err(SourceError::MixedFormats {
                path: path.clone(),
                format: self.format,
                other: other.clone(),
                other_format: format,
            }),
            _ => Ok(files),
        }
    }

    /// What is left of the files for one who has read them up to `positions`.
    fn parts_left(&self, positions: &SplitPositions, follow: bool) -> Result<Vec<FilePart>, SourceError> {
        let files = self.files.iter().cloned().map(CapturedFile::of_path);
        let files = files.collect::<Result<Vec<_>, _>>()?;
        if let Some(reason) = why_incomparable(&files) {
            return Err(SourceError::CannotResume { reason });
        }
        parts_left(&self.plan, &files, positions, follow)
    }

    /// Readers of files, each of which tells `reached` when it ends; followed if there is an interval for it.
    pub(super) fn splits(
        &self,
        request: &ReadRequest,
        polling_interval: Option<Duration>,
        parts: Vec<FilePart>,
        reached: Option<&ReachedFiles>,
    ) -> Vec<OpenSplit> {
        let plan = Arc::new(self.plan.clone());
        // Files are read side by side, and share the threads.
        let request = Arc::new(ReadRequest {
            decode_threads: request.decode_threads / parts.len().max(1),
            follow: polling_interval.is_some(),
            ..request.clone()
        });
        let split = |part: FilePart| OpenSplit {
            id: part.key().into(),
            reader: Box::new(FilePartition {
                plan: Arc::clone(&plan),
                request: Arc::clone(&request),
                polling_interval: polling_interval.unwrap_or_default(),
                reached: reached.cloned(),
                state: if part.is_read { State::Ended } else { State::Waiting },
                whole: None,
                position: part.position.clone(),
                has_moved: false,
                part,
            }),
        };
        parts.into_iter().map(split).collect()
    }

    /// Reads text in other portions than the usual ones.
    #[must_use]
    pub fn with_limits(mut self, limits: ReadLimits) -> Self {
        if let FilePlan::Text(plan) = &mut self.plan {
            plan.limits = limits;
        }
        self
    }
}

#[async_trait]
impl Source for FileSource {
    fn schema(&self) -> &StreamSchema {
        self.plan.schema()
    }

    fn system_columns(&self) -> &[SystemColumn] {
        match &self.plan {
            FilePlan::Text(plan) if plan.format == TextFormat::Envelope => ENVELOPE_SYSTEM_COLUMNS,
            FilePlan::Text(_) => PLAIN_SYSTEM_COLUMNS,
            FilePlan::Typed(_) => TYPED_SYSTEM_COLUMNS,
        }
    }

    fn estimated_bytes(&self) -> Option<u64> {
        Some(self.bytes)
    }

    fn skips_by_bounds(&self) -> bool {
        matches!(self.plan, FilePlan::Typed(_))
    }

    fn decodes_apart(&self) -> bool {
        match (&self.plan, self.files.as_slice()) {
            (FilePlan::Text(plan), [path]) => plan.decodes_apart(path, self.bytes),
            _ => false,
        }
    }

    fn is_resumable(&self) -> bool {
        self.is_resumable
    }

    async fn open(&self, request: &ReadRequest, from: Option<&SplitPositions>) -> Result<Vec<OpenSplit>, SourceError> {
        let polling_interval = self.plan.polling_interval().filter(|_| request.follow);
        if polling_interval.is_some() {
            self.files.iter().try_for_each(|path| check_is_file(path))?;
        }
        let parts = match from.filter(|positions| !positions.is_empty()) {
            Some(positions) => self.parts_left(positions, polling_interval.is_some())?,
            None => (self.files.iter().enumerate())
                .map(|(index, path)| FilePart::whole(path.clone(), index))
                .collect(),
        };
        Ok(self.splits(request, polling_interval, parts, None))
    }

    fn unreadable_beginning(&self, columns: &[usize]) -> Result<Option<RowError>, SourceError> {
        let FilePlan::Text(plan) = &self.plan else {
            return Ok(None); // What such a file holds is checked when it is opened.
        };
        let regular = self.files.iter().take(BEGINNINGS_MAX).filter(|path| path.is_file());
        for path in regular {
            if let Some(error) = plan.unreadable_beginning(path, columns)? {
                return Ok(Some(error));
            }
        }
        Ok(None)
    }
}

/// Refuses to watch files of which one cannot grow.
fn check_can_grow_all(files: &[PathBuf], format: FileFormat, config: &FileSourceConfig) -> Result<(), SourceError> {
    files.iter().try_for_each(|path| {
        check_can_grow(Some(format), config.packing_of(path)).map_err(|reason| SourceError::CannotWatch {
            path: path.clone(),
            reason,
        })
    })
}
