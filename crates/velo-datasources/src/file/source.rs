use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use velo_data::{Clock, SourceOffset, StreamSchema, SystemColumn};
use velo_formats::{
    Decoder, FormatError, Projection, RecordCutter, RecordPosition, SAMPLE_BYTES_MAX, SampledSchema, sample_csv,
    sample_envelopes, sample_json_lines,
};

use super::buffer::FileBuffer;
use super::parallel::ParallelReader;
use super::preamble::Preamble;
use super::reader::FileReader;
use crate::{FileFormat, FileSourceConfig, PartitionReader, ReadRequest, Source, SourceError};

/// Metadata that every file has.
const PLAIN_SYSTEM_COLUMNS: &[SystemColumn] = &[
    SystemColumn::Timestamp,
    SystemColumn::Offset,
    SystemColumn::Partition,
    SystemColumn::Topic,
    SystemColumn::Record,
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

/// One local file: a source of one partition.
///
/// Positions count records from 0 and lines from 1; a file that grows is read up to the end that is met.
#[derive(Debug)]
pub struct FileSource {
    config: FileSourceConfig,
    schema: StreamSchema,
    bytes: u64,
    clock: Arc<dyn Clock>,
    limits: ReadLimits,
}

impl FileSource {
    /// Opens a file with the declared columns, or with those that a sample of it shows. `clock` tells the
    /// `_timestamp` of records that have none.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or its header lacks declared columns.
    pub fn open(
        config: &FileSourceConfig,
        declared: Option<&StreamSchema>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SourceError> {
        let limits = ReadLimits::default();
        let mut buffer = FileBuffer::open(&config.path, limits.chunk_bytes)?;
        let metadata = std::fs::metadata(&config.path).map_err(|source| SourceError::Io {
            path: config.path.clone(),
            source,
        })?;
        let schema = match declared {
            Some(declared) => declared.clone(),
            None => sample_file(config)?.schema,
        };
        // A pipe can be read but once, so that its header is left to the reader.
        if declared.is_some() && metadata.is_file() {
            let preamble = Preamble::read(&mut buffer, config)?;
            field_places(config, &schema, &preamble)?;
        }
        Ok(Self {
            config: config.clone(),
            schema,
            bytes: metadata.len(),
            clock,
            limits,
        })
    }

    /// Reads in other portions than the usual ones.
    #[must_use]
    pub fn with_limits(mut self, limits: ReadLimits) -> Self {
        self.limits = limits;
        self
    }

    fn decoder(&self, request: &ReadRequest, preamble: &Preamble) -> Result<Decoder, SourceError> {
        let fields = request.columns.iter();
        let projection = Projection {
            fields: fields
                .map(|index| Arc::clone(&self.schema.user_fields()[*index]))
                .collect(),
            system: request.system.clone(),
            topic: self.config.path.to_string_lossy().into(),
        };
        let decoder = match self.config.format {
            FileFormat::JsonLines => Decoder::json_lines(projection),
            FileFormat::Envelope => Decoder::envelope(projection),
            FileFormat::Csv => {
                let places = field_places(&self.config, &self.schema, preamble)?;
                let requested = |column: usize| request.columns.iter().position(|index| *index == column);
                let places: Vec<Option<usize>> = places.iter().map(|place| place.and_then(requested)).collect();
                Decoder::csv(projection, self.config.csv_options(), &places)
            }
        };
        let decoder = decoder.map_err(|error| unusable(&self.config.path, &error))?;
        Ok(decoder.with_record_bytes_max(self.limits.record_bytes_max))
    }
}

impl FileSource {
    fn cutter(&self) -> RecordCutter {
        match self.config.format {
            FileFormat::JsonLines | FileFormat::Envelope => RecordCutter::lines(),
            FileFormat::Csv => RecordCutter::csv(self.config.csv_options()),
        }
    }
}

#[async_trait]
impl Source for FileSource {
    fn schema(&self) -> &StreamSchema {
        &self.schema
    }

    fn system_columns(&self) -> &[SystemColumn] {
        match self.config.format {
            FileFormat::Envelope => ENVELOPE_SYSTEM_COLUMNS,
            FileFormat::Csv | FileFormat::JsonLines => PLAIN_SYSTEM_COLUMNS,
        }
    }

    fn estimated_bytes(&self) -> Option<u64> {
        Some(self.bytes)
    }

    async fn open(
        &self,
        request: &ReadRequest,
        from: &[Option<SourceOffset>],
    ) -> Result<Vec<Box<dyn PartitionReader>>, SourceError> {
        let mut buffer = FileBuffer::open(&self.config.path, self.limits.chunk_bytes)?;
        let preamble = Preamble::read(&mut buffer, &self.config)?;
        let decoder = || self.decoder(request, &preamble);
        let mut told_bytes = 0;
        let position = match from.first().copied().flatten() {
            Some(SourceOffset::File { byte, record, line }) => {
                buffer.seek(byte)?;
                told_bytes = byte;
                RecordPosition { record, line }
            }
            _ => RecordPosition {
                record: 0,
                line: preamble.line,
            },
        };
        let reader = FileReader {
            path: self.config.path.clone(),
            decoder: decoder()?.starting_at(position),
            clock: Arc::clone(&self.clock),
            limits: self.limits,
            batch_rows_max: request.batch_rows_max.max(1),
            end_record: self.config.max_records.unwrap_or(u64::MAX),
            told_bytes,
            buffer,
        };
        let is_large = self.bytes.saturating_sub(told_bytes) >= self.limits.parallel_bytes_min;
        // Only who counts records one after the other knows which is the last that is wanted.
        let is_divided = is_large && request.decode_threads > 1 && self.config.max_records.is_none();
        let reader: Box<dyn PartitionReader> = if is_divided {
            let threads = request.decode_threads;
            Box::new(ParallelReader::new(reader, self.cutter(), threads, decoder)?)
        } else {
            Box::new(reader)
        };
        Ok(vec![reader])
    }
}

/// Looks at the first records of a file to tell its columns.
///
/// # Errors
///
/// When the file cannot be read, or its header cannot be used.
pub(crate) fn sample_file(config: &FileSourceConfig) -> Result<SampledSchema, SourceError> {
    let mut buffer = FileBuffer::open(&config.path, SAMPLE_BYTES_MAX)?;
    let preamble = Preamble::read(&mut buffer, config)?;
    while buffer.bytes().len() < SAMPLE_BYTES_MAX && !buffer.is_end() {
        buffer.fill()?;
    }
    let names = preamble.header.as_ref().map(|header| header.names.as_slice());
    check_unique(config, names.unwrap_or_default())?;
    let (bytes, is_end) = (buffer.bytes(), buffer.is_end());
    Ok(match config.format {
        FileFormat::JsonLines => sample_json_lines(bytes, is_end),
        FileFormat::Envelope => sample_envelopes(bytes, is_end),
        FileFormat::Csv => sample_csv(bytes, is_end, config.csv_options(), names),
    })
}

/// For each field of a CSV record the user column it belongs to.
fn field_places(
    config: &FileSourceConfig,
    schema: &StreamSchema,
    preamble: &Preamble,
) -> Result<Vec<Option<usize>>, SourceError> {
    let columns = 0..schema.user_columns();
    let Some(header) = &preamble.header else {
        return Ok(columns.map(Some).collect());
    };
    check_unique(config, &header.names)?;
    let mut places = vec![None; header.names.len()];
    let mut missing = Vec::new();
    for (column, field) in columns.zip(schema.user_fields()) {
        match find_name(&header.names, field.name()) {
            Some(place) => places[place] = Some(column),
            None => missing.push(field.name().clone()),
        }
    }
    if missing.is_empty() {
        return Ok(places);
    }
    Err(SourceError::Header {
        path: config.path.clone(),
        missing,
        found: header.names.clone(),
    })
}

/// Place of the name that is the wanted one to the letter, else in any case.
fn find_name(names: &[String], wanted: &str) -> Option<usize> {
    let exact = names.iter().position(|name| name == wanted);
    exact.or_else(|| {
        let wanted = wanted.to_lowercase();
        names.iter().position(|name| name.to_lowercase() == wanted)
    })
}

fn check_unique(config: &FileSourceConfig, names: &[String]) -> Result<(), SourceError> {
    let mut seen = HashSet::new();
    let twice = names.iter().find(|name| !seen.insert(name.as_str()));
    match twice {
        Some(name) => Err(SourceError::Format {
            path: config.path.clone(),
            message: format!("the header names `{name}` twice"),
        }),
        None => Ok(()),
    }
}

fn unusable(path: &Path, error: &FormatError) -> SourceError {
    SourceError::Format {
        path: path.to_owned(),
        message: error.to_string(),
    }
}
