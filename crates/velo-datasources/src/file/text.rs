use std::path::Path;
use std::sync::Arc;

use velo_data::{Clock, RowError, StreamSchema};
use velo_formats::{Decoder, EnvelopeLayout, FormatError, RecordCutter, RecordPosition};

use super::ReadLimits;
use super::buffer::FileBuffer;
use super::columns::{ColumnsFrom, field_places, fields_left_out, projection};
use super::follow::check_can_grow;
use super::parallel::ParallelReader;
use super::part::{FilePart, FilePlace};
use super::preamble::Preamble;
use super::reader::FileReader;
use super::unpack::PackedBytes;
use crate::config::Packing;
use crate::{FileOffset, FileSourceConfig, ReadRequest, SourceBatch, SourceError, TextFormat};

/// How the text files of a source are read: the same for all of them.
#[derive(Debug, Clone)]
pub(super) struct TextPlan {
    pub(super) config: FileSourceConfig,
    pub(super) format: TextFormat,
    pub(super) schema: StreamSchema,
    pub(super) columns_from: ColumnsFrom,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) limits: ReadLimits,
}

/// Records and bytes of a file of which one has to be readable, else `validate` warns.
const BEGINNING_RECORDS: usize = 1000;
const BEGINNING_BYTES: u64 = 1 << 20;

/// Bytes read at a time to look at a header.
const HEADER_BYTES: usize = 16 << 10;

impl TextPlan {
    /// Opens one file at its beginning or where the part begins; `None` if what stands before its first record is not all
    /// there yet, in a file that is followed or captured.
    pub(super) fn open(&self, part: &FilePart, request: &ReadRequest) -> Result<Option<TextReader>, SourceError> {
        let path = part.path.as_path();
        let captured = part.captured.filter(|_| self.can_grow(path));
        let position = |from: FilePlace| RecordPosition {
            record: from.next.record,
            line: from.next.line,
        };
        let from = part.from.filter(|from| from.byte > 0);
        let from = from.map(|from| (from.byte, position(from)));
        // Little: the rest is for whoever decodes it.
        let header_bytes = HEADER_BYTES.min(self.limits.chunk_bytes);
        let mut buffer = FileBuffer::open(path, self.config.packing_of(path), header_bytes)?;
        let preamble = Preamble::read(&mut buffer, self.format, &self.config)?;
        if (request.follow || captured.is_some()) && !preamble.is_whole {
            return Ok(None);
        }
        // What stands before the first record is not part of any.
        let first = RecordPosition {
            record: 0,
            line: preamble.line,
        };
        let (told_bytes, position) = from.unwrap_or((0, first));
        buffer.read_by(self.limits.chunk_bytes);
        if from.is_some() {
            buffer.seek(told_bytes)?;
        }
        if request.follow {
            buffer.follow()?;
        } else if let Some(status) = captured {
            buffer.capture(status)?;
        }
        let decoder = || self.decoder(path, part.partition, request, &preamble);
        let reader = FileReader {
            decoder: decoder()?.starting_at(position),
            clock: Arc::clone(&self.clock),
            limits: self.limits,
            batch_rows_max: request.batch_rows_max.max(1),
            end_record: self.config.max_records.unwrap_or(u64::MAX),
            told_bytes,
            quotes_line_ends: self.format == TextFormat::Csv,
            last_byte: buffer.position(),
            buffer,
        };
        self.records(reader, request, decoder).map(Some)
    }

    /// Reads text that comes but once, from its beginning; its first record has the number `first_record`.
    pub(super) fn open_stream(
        &self,
        mut buffer: FileBuffer,
        partition: i32,
        request: &ReadRequest,
        first_record: u64,
    ) -> Result<TextReader, SourceError> {
        let path = buffer.path().to_owned();
        let preamble = Preamble::read(&mut buffer, self.format, &self.config)?;
        let first = RecordPosition {
            record: first_record,
            line: preamble.line,
        };
        let decoder = || self.decoder(&path, partition, request, &preamble);
        let reader = FileReader {
            decoder: decoder()?.counting_from(first),
            clock: Arc::clone(&self.clock),
            limits: self.limits,
            batch_rows_max: request.batch_rows_max.max(1),
            end_record: self.config.max_records.unwrap_or(u64::MAX),
            told_bytes: 0,
            quotes_line_ends: self.format == TextFormat::Csv,
            last_byte: buffer.position(),
            buffer,
        };
        self.records(reader, request, decoder)
    }

    /// Reads with as many threads as are asked for and worth while.
    fn records(
        &self,
        reader: FileReader,
        request: &ReadRequest,
        decoder: impl Fn() -> Result<Decoder, SourceError>,
    ) -> Result<TextReader, SourceError> {
        let left = reader.buffer.file_bytes().saturating_sub(reader.told_bytes);
        // What is followed comes in small pieces.
        let is_divided = request.decode_threads > 1 && !request.follow && self.is_divisible(left);
        let packed = reader.buffer.packed_bytes().map(|bytes| Packed { bytes, told: 0 });
        let records = match self.cutter() {
            Some(cutter) if is_divided => {
                let parallel = ParallelReader::new(reader, cutter, request.decode_threads, decoder)?;
                Records::Parallel(Box::new(parallel))
            }
            _ => Records::Sequential(Box::new(reader)),
        };
        Ok(TextReader { records, packed })
    }

    /// Whether a file may grow by whole records at its end.
    pub(super) fn can_grow(&self, path: &Path) -> bool {
        check_can_grow(Some(self.format.into()), self.config.packing_of(path)).is_ok()
    }

    /// Bytes of the line end that stands behind the records from `start` to `end`, if the last had none there when it was read.
    /// `None` if that record goes on.
    pub(super) fn line_end_behind(&self, path: &Path, start: u64, end: u64) -> Result<Option<u64>, SourceError> {
        let Some(cutter) = self.cutter() else {
            return Ok(None);
        };
        let record_bytes = usize::try_from(end - start).unwrap_or(usize::MAX);
        let mut buffer = FileBuffer::open(path, Packing::NONE, HEADER_BYTES)?;
        buffer.seek(start)?;
        buffer.fill_up_to(record_bytes.saturating_add(2))?;
        let bytes = buffer.bytes();
        // Within quotes, a line end is part of the record.
        let is_ended = |end: usize| {
            bytes
                .get(..end)
                .is_some_and(|bytes| cutter.cut(bytes, false).bytes == end)
        };
        // Of a record that was passed over nothing is left that could tell.
        if record_bytes > 0 && is_ended(record_bytes) {
            return Ok(Some(0));
        }
        let line_end = match bytes.get(record_bytes..).unwrap_or_default() {
            // A carriage return that stood at the end was part of the record.
            [b'\n', ..] if !bytes[..record_bytes].ends_with(b"\r") => 1,
            [b'\r', b'\n', ..] => 2,
            _ => return Ok(None),
        };
        Ok(is_ended(record_bytes + line_end).then_some(line_end as u64))
    }

    /// The first record of a file, if neither it nor those behind it can be read.
    pub(super) fn unreadable_beginning(&self, path: &Path, columns: &[usize]) -> Result<Option<RowError>, SourceError> {
        let request = ReadRequest {
            columns: columns.to_vec(),
            system: Vec::new(),
            bounds: Vec::new(),
            batch_rows_max: BEGINNING_RECORDS,
            decode_threads: 1,
            follow: false,
        };
        let mut plan = self.clone();
        plan.limits.batch_bytes_max = BEGINNING_BYTES;
        let Some(mut reader) = plan.open(&FilePart::whole(path.to_owned(), 0), &request)? else {
            return Ok(None);
        };
        let batch = reader.next_batch()?;
        let unreadable = batch.filter(|batch| batch.records.num_rows() == 0);
        Ok(unreadable.and_then(|batch| batch.rejected.into_iter().next()))
    }

    /// Whether several threads may decode so many bytes of a file, and are worth it.
    fn is_divisible(&self, bytes: u64) -> bool {
        // Only who counts records one after the other knows which is the last that is wanted.
        self.cutter().is_some() && self.config.max_records.is_none() && bytes >= self.limits.parallel_bytes_min
    }

    /// Whether decoding a file on threads of their own leaves little to do for the one that reads it. Unpacking does not.
    pub(super) fn decodes_apart(&self, path: &Path, bytes: u64) -> bool {
        self.is_divisible(bytes) && self.config.packing_of(path).is_none()
    }

    /// Finds records from any place on; in an array that cannot be done.
    fn cutter(&self) -> Option<RecordCutter> {
        match self.format {
            TextFormat::JsonLines | TextFormat::Envelope => Some(RecordCutter::lines()),
            TextFormat::Csv => Some(RecordCutter::csv(self.config.csv_options())),
            TextFormat::Json => None,
        }
    }

    /// Refuses a file whose header does not go with the columns.
    pub(super) fn check_header(&self, path: &Path) -> Result<(), SourceError> {
        if self.format == TextFormat::Envelope {
            return self.envelope_layout(path, &[]).map(|_| ());
        }
        if self.format != TextFormat::Csv || !self.config.has_headers {
            return Ok(());
        }
        let mut buffer = FileBuffer::open(path, self.config.packing_of(path), HEADER_BYTES)?;
        let preamble = Preamble::read(&mut buffer, self.format, &self.config)?;
        field_places(path, &self.schema, self.columns_from, &preamble).map(|_| ())
    }

    /// Where keys and values of envelopes are looked for.
    pub(super) fn envelope_layout(&self, path: &Path, columns: &[usize]) -> Result<EnvelopeLayout, SourceError> {
        let csv = self.config.csv_options();
        let layout = self.config.envelope.layout(&self.schema, columns, csv);
        layout.map_err(|message| SourceError::Format {
            path: path.to_owned(),
            message,
        })
    }

    fn decoder(
        &self,
        path: &Path,
        partition: i32,
        request: &ReadRequest,
        preamble: &Preamble,
    ) -> Result<Decoder, SourceError> {
        let projection = projection(&self.schema, path, partition, request);
        let mut left_out = Vec::new();
        let decoder = match self.format {
            TextFormat::JsonLines => Decoder::json_lines(projection),
            TextFormat::Json => Decoder::json_array(projection),
            TextFormat::Envelope => {
                let layout = self.envelope_layout(path, &request.columns)?;
                Decoder::envelope_of(projection, &layout)
            }
            TextFormat::Csv => {
                let places = field_places(path, &self.schema, self.columns_from, preamble)?;
                left_out = fields_left_out(self.columns_from, preamble, &places);
                let mut requested = vec![None; self.schema.user_columns()];
                for (place, column) in request.columns.iter().enumerate() {
                    requested[*column] = Some(place);
                }
                let places: Vec<Option<usize>> = places.iter().map(|place| requested[(*place)?]).collect();
                Decoder::csv(projection, self.config.csv_options(), &places)
            }
        };
        let mut decoder = decoder.map_err(|error| unusable(path, &error))?;
        if self.columns_from == ColumnsFrom::Sample {
            let names = self.schema.user_fields().iter().map(|field| field.name().as_str());
            decoder = decoder.watching(names).leaving_out(left_out);
        }
        Ok(decoder.with_record_bytes_max(self.limits.record_bytes_max))
    }
}

/// Reads one text file.
pub(super) struct TextReader {
    records: Records,
    packed: Option<Packed>,
}

enum Records {
    Sequential(Box<FileReader>),
    Parallel(Box<ParallelReader>),
}

/// What is told of a compressed file: bytes as they lie on disk, whose sum is known before it is read.
struct Packed {
    bytes: PackedBytes,
    told: u64,
}

impl TextReader {
    /// The next batch; `None` at the end.
    pub(super) fn next_batch(&mut self) -> Result<Option<SourceBatch>, SourceError> {
        let mut batch = match &mut self.records {
            Records::Sequential(reader) => reader.next_batch()?,
            Records::Parallel(reader) => reader.next_batch()?,
        };
        if let (Some(batch), Some(packed)) = (&mut batch, &mut self.packed) {
            let bytes = packed.bytes.count();
            batch.bytes_read = bytes - packed.told;
            packed.told = bytes;
        }
        Ok(batch)
    }

    /// Takes at most so many rows a batch from now on.
    pub(super) fn set_batch_rows_max(&mut self, batch_rows_max: usize) {
        match &mut self.records {
            Records::Sequential(reader) => reader.set_batch_rows_max(batch_rows_max),
            Records::Parallel(reader) => reader.set_batch_rows_max(batch_rows_max),
        }
    }

    /// Where the next batch starts.
    pub(super) fn place(&self) -> FilePlace {
        match &self.records {
            Records::Sequential(reader) => reader.place(),
            Records::Parallel(reader) => reader.place(),
        }
    }

    /// How far a file that may grow has been handed on; `None` of what is no file as it lies on disk.
    pub(super) fn file_offset(&self) -> Result<Option<FileOffset>, SourceError> {
        match &self.records {
            Records::Sequential(reader) => reader.file_offset(),
            Records::Parallel(reader) => reader.file_offset(),
        }
    }

    /// Bytes that are there of a file that is followed and have not been read.
    pub(super) fn lag_bytes(&self) -> Option<u64> {
        match &self.records {
            Records::Sequential(reader) => reader.lag_bytes(),
            Records::Parallel(_) => None,
        }
    }

    /// Whether records may come that are not there yet.
    pub(super) fn goes_on(&self) -> bool {
        match &self.records {
            Records::Sequential(reader) => reader.goes_on(),
            Records::Parallel(_) => false,
        }
    }

    /// Whether it is known already that no batch follows.
    pub(super) fn is_at_end(&self) -> bool {
        match &self.records {
            Records::Sequential(reader) => reader.is_at_end(),
            Records::Parallel(_) => false,
        }
    }
}

fn unusable(path: &Path, error: &FormatError) -> SourceError {
    SourceError::Format {
        path: path.to_owned(),
        message: error.to_string(),
    }
}
