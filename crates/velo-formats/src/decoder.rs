use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryViewBuilder, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::buffer::BooleanBuffer;
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Field, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;
use bytes::Bytes;
use velo_data::{RecordOrigin, RowError, RowErrorCause, SqlType, SystemColumn, UnknownMember, UnknownMembers};

use crate::column::{Cells, ColumnBuilder, Problem, Rejections, Syntax};
use crate::csv::{CsvColumn, CsvRecords};
use crate::envelope::{EnvelopeFormat, EnvelopeLayout, EnvelopeLines, EnvelopePart};
use crate::json::members::{MemberIndex, News};
use crate::json::{Fault, JsonArray, JsonLines};
use crate::lines::next_line;
use crate::record::{CellTable, Outcome, RowCells, ScannedRecord};
use crate::system_columns::Defaults;
use crate::{CsvOptions, FormatError};

/// Longest record that is read.
pub(crate) const RECORD_BYTES_MAX: usize = 64 << 20;

/// Where a chunk begins as long as its place is not known.
const CHUNK_START: RecordPosition = RecordPosition { record: 0, line: 1 };

/// What is wanted of the records, and where they come from.
#[derive(Debug, Clone)]
pub struct Projection {
    /// The user columns to decode, in the order of the output, each with the one Arrow type of its SQL type.
    pub fields: Vec<FieldRef>,
    /// Metadata columns behind them. [`SystemColumn::Record`] is what a dead letter keeps of a record: its text
    /// without the line end, of an envelope all of it.
    pub system: Vec<SystemColumn>,
    /// The topic or path that metadata and errors name.
    pub topic: Arc<str>,
    /// Number of the partition that metadata and errors name.
    pub partition: i32,
}

/// Decodes records from bytes into columns.
///
/// Records are handed in as they lie in the input, any number of bytes at a time; only whole ones are taken. A
/// record that cannot be decoded is put aside as a [`RowError`] and the others go on.
///
/// ```
/// # use std::sync::Arc;
/// # use velo_data::SqlType;
/// # use velo_formats::{Decoder, Projection};
/// let fields = vec![Arc::new(SqlType::BigInt.field("id", true))];
/// let projection = Projection { fields, system: vec![], topic: "clicks.jsonl".into(), partition: 0 };
/// let mut decoder = Decoder::json_lines(projection)?;
/// let input = b"{\"id\": 1, \"name\": \"a\"}\n{\"id\": oops}\n{\"id\"";
/// assert_eq!(decoder.decode(input, false, 1000), 36); // The third record is not there yet.
/// let batch = decoder.finish_batch(0)?;
/// assert_eq!(batch.records.num_rows(), 1);
/// assert_eq!(batch.rejected[0].to_string(), "clicks.jsonl:2: expected a value at byte 8");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    records: Records,
    columns: Vec<Column>,
    /// The records' bytes, if they are wanted.
    originals: Option<BinaryViewBuilder>,
    projection: Projection,
    schema: SchemaRef,
    cells: CellTable,
    rejections: Rejections,
    batch: BatchState,
    next: RecordPosition,
    record_bytes_max: usize,
    /// Whether the rest of an overlong line is still to be passed over.
    is_discarding: bool,
    /// Names of fields that no column is for.
    left_out: Vec<String>,
}

/// The place of a record in its partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordPosition {
    /// Its number, from 0. Rejected records have numbers, empty lines have none.
    pub record: u64,
    /// The line on which it starts, from 1.
    pub line: u64,
}

/// Records that were decoded together.
#[derive(Debug, Clone)]
pub struct DecodedBatch {
    /// The wanted columns.
    pub records: RecordBatch,
    /// Records that could not be decoded, in the order of the input.
    pub rejected: Vec<RowError>,
    /// Values that no column is for, if the decoder was told to watch for them.
    pub unknown: UnknownMembers,
}

#[derive(Debug)]
struct Column {
    name: String,
    is_nullable: bool,
    builder: ColumnBuilder,
}

/// Where a record of a block was.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    /// The record; empty where it was too long to be kept.
    bytes: &'a [u8],
    /// Where in its block it begins.
    start: usize,
    line: u64,
}

#[derive(Debug)]
enum Records {
    JsonLines(JsonLines),
    JsonArray(JsonArray),
    Envelope(Box<EnvelopeLines>),
    Csv(CsvRecords),
}

/// What belongs to the batch at hand.
#[derive(Debug, Default)]
struct BatchState {
    /// Whether each record is kept.
    is_kept: Vec<bool>,
    rejected: Vec<RowError>,
    unknown: UnknownMembers,
    /// Number of the first record.
    first_record: u64,
}

impl Decoder {
    /// Decodes one JSON object a line. Members are matched to columns by name, to the letter or else in any case.
    ///
    /// # Errors
    ///
    /// When a column has a type without a form in text.
    pub fn json_lines(projection: Projection) -> Result<Self, FormatError> {
        let records = JsonLines::new(projection.fields.iter().map(|field| field.name().as_str()));
        Self::new(Records::JsonLines(records), projection)
    }

    /// Decodes the elements of one JSON array, which are objects. Members are matched to columns as in JSON lines.
    ///
    /// A malformed element is a rejected record; what is wrong with the array itself is its [`Decoder::fault`].
    ///
    /// # Errors
    ///
    /// When a column has a type without a form in text.
    pub fn json_array(projection: Projection) -> Result<Self, FormatError> {
        let records = JsonArray::new(projection.fields.iter().map(|field| field.name().as_str()));
        Self::new(Records::JsonArray(records), projection)
    }

    /// Decodes envelopes whose values are JSON objects.
    ///
    /// # Errors
    ///
    /// When a column has a type without a form in text.
    pub fn envelope(projection: Projection) -> Result<Self, FormatError> {
        let layout = EnvelopeLayout {
            value: EnvelopePart {
                format: EnvelopeFormat::Object,
                columns: (0..projection.fields.len()).map(Some).collect(),
            },
            key: EnvelopePart::default(),
        };
        Self::envelope_of(projection, &layout)
    }

    /// Decodes envelopes whose keys and values stand in them as `layout` says.
    ///
    /// # Errors
    ///
    /// When a column has a type without a form in text.
    pub fn envelope_of(projection: Projection, layout: &EnvelopeLayout) -> Result<Self, FormatError> {
        let nothing = EnvelopeLines::new(&EnvelopeLayout::default(), &[], &[], &[]);
        let mut decoder = Self::new(Records::Envelope(Box::new(nothing)), projection)?;
        let Projection { fields, system, .. } = &decoder.projection;
        let builders: Vec<&ColumnBuilder> = decoder.columns.iter().map(|column| &column.builder).collect();
        let records = EnvelopeLines::new(layout, fields, &builders, system);
        decoder.records = Records::Envelope(Box::new(records));
        Ok(decoder)
    }

    /// Decodes delimited text without a header; `places` has for each field of a record the column it goes to.
    ///
    /// # Errors
    ///
    /// When a column has a type without a form in text.
    pub fn csv(projection: Projection, options: CsvOptions, places: &[Option<usize>]) -> Result<Self, FormatError> {
        let mut decoder = Self::new(Records::Csv(CsvRecords::new(options, Vec::new())), projection)?;
        let column = |place: &Option<usize>| {
            let column = (*place)?;
            let builder = &decoder.columns.get(column)?.builder;
            Some(CsvColumn {
                column,
                takes_empty_text: builder.takes_empty_text(),
                takes_short_numbers: builder.takes_short_numbers(),
            })
        };
        let places = places.iter().map(column).collect();
        decoder.records = Records::Csv(CsvRecords::new(options, places));
        Ok(decoder)
    }

    fn new(records: Records, projection: Projection) -> Result<Self, FormatError> {
        let user = projection.fields.iter().map(|field| Column::new(field));
        let mut columns = user.collect::<Result<Vec<_>, _>>()?;
        if matches!(records, Records::Envelope(_)) {
            for column in &projection.system {
                columns.push(Column::metadata(*column)?);
            }
        }
        let system = projection.system.iter();
        let system = system.map(|column| Arc::new(column.sql_type().field(column.name(), true)));
        let fields: Vec<FieldRef> = projection.fields.iter().cloned().chain(system).collect();
        Ok(Self {
            records,
            cells: CellTable::new(columns.len()),
            columns,
            originals: projection
                .system
                .contains(&SystemColumn::Record)
                .then(BinaryViewBuilder::new),
            projection,
            schema: Arc::new(Schema::new(fields)),
            rejections: Rejections::default(),
            batch: BatchState::default(),
            next: CHUNK_START,
            record_bytes_max: RECORD_BYTES_MAX,
            is_discarding: false,
            left_out: Vec::new(),
        })
    }

    /// Watches for members that no column is for: of a source whose columns, which have the given names, were found out from some
    /// of its records. Objects within columns are watched as well.
    #[must_use]
    pub fn watching<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        if let Some(members) = self.records.members() {
            members.watch(names);
        }
        let columns = self.columns.iter_mut().take(self.projection.fields.len());
        columns.for_each(|column| column.builder.watch());
        self
    }

    /// Counts the fields of delimited text with these names, which no column is for: one value a record.
    #[must_use]
    pub fn leaving_out(mut self, names: Vec<String>) -> Self {
        self.left_out = names;
        self
    }

    /// Goes on counting from a position that [`Decoder::position`] told.
    #[must_use]
    pub fn starting_at(mut self, position: RecordPosition) -> Self {
        self.go_to(position);
        self
    }

    /// Counts from a position on, although what comes next is the beginning of a text: one of several that are read as one.
    #[must_use]
    pub fn counting_from(mut self, position: RecordPosition) -> Self {
        self.count_from(position);
        self
    }

    /// Counts what comes next from a position on. The batch at hand must have been finished.
    pub fn go_to(&mut self, position: RecordPosition) {
        if let Records::JsonArray(records) = &mut self.records
            && position.record > 0
        {
            records.walk.resume();
        }
        self.count_from(position);
    }

    fn count_from(&mut self, position: RecordPosition) {
        self.next = position;
        self.batch.first_record = position.record;
    }

    /// Rejects records longer than this, in bytes; 64 MiB by default.
    #[must_use]
    pub fn with_record_bytes_max(mut self, record_bytes_max: usize) -> Self {
        self.record_bytes_max = record_bytes_max;
        self
    }

    /// Whether the rest of an overlong line is still to be passed over; reading cannot go on elsewhere then.
    pub fn is_discarding(&self) -> bool {
        self.is_discarding
    }

    /// Why nothing more can be read, although records may follow: the text as a whole is not what it should be.
    pub fn fault(&self) -> Option<Fault> {
        let Records::JsonArray(records) = &self.records else {
            return None; // Of lines, each stands for itself.
        };
        records.walk.broken().cloned()
    }

    /// Whether the text may end behind what has been decoded.
    pub fn may_end(&self) -> bool {
        match &self.records {
            Records::JsonArray(records) => records.walk.may_end(),
            Records::JsonLines(_) | Records::Envelope(_) | Records::Csv(_) => true,
        }
    }

    /// Position of the record that comes next.
    pub fn position(&self) -> RecordPosition {
        self.next
    }

    /// Records in the batch at hand, rejected ones included.
    pub fn pending_records(&self) -> usize {
        self.batch.is_kept.len()
    }

    /// Decodes the whole records at the start of `input`, at most `records_max`, and tells how many bytes they
    /// take. `is_end` says that nothing follows the input, so that its last record is whole.
    pub fn decode(&mut self, input: &[u8], is_end: bool, records_max: usize) -> usize {
        let mut consumed = self.discard(input);
        let mut left = records_max;
        while left > 0 {
            let (bytes, records) = self.decode_block(&input[consumed..], is_end, left.min(self.cells.rows_max()));
            consumed += bytes;
            left -= records;
            if records == 0 {
                break;
            }
        }
        consumed
    }

    /// What comes next is from the middle of the input, as a [`RecordCutter`](crate::RecordCutter) cut it out. Where that
    /// is will be told by [`Decoder::place_chunk`], since only who has decoded what comes before it knows.
    pub fn begin_chunk(&mut self) {
        self.go_to(CHUNK_START);
    }

    /// Tells the position at which the chunk begins whose first batch is at hand. [`Decoder::position`] goes on from there.
    pub fn place_chunk(&mut self, start: RecordPosition) {
        let lines = start.line - CHUNK_START.line;
        for error in &mut self.batch.rejected {
            error.origin.offset = error.origin.offset.map(|offset| offset + start.record as i64);
            error.origin.line = error.origin.line.map(|line| line + lines);
        }
        self.batch.unknown.move_by(start.record as i64, lines);
        self.batch.first_record = start.record;
        self.next.record += start.record;
        self.next.line += lines;
    }

    /// The batch of everything decoded since the last one. `read_at_ms` is the time of records that have none.
    ///
    /// # Errors
    ///
    /// When Arrow refuses the columns, which would be a defect of this crate.
    pub fn finish_batch(&mut self, read_at_ms: i64) -> Result<DecodedBatch, ArrowError> {
        let rows = self.batch.is_kept.len();
        let columns = self.columns.iter_mut().map(|column| column.builder.finish());
        let mut columns = columns.collect::<Result<Vec<_>, _>>()?;
        let metadata = columns.split_off(self.projection.fields.len());
        let defaults = Defaults {
            first_record: self.batch.first_record,
            rows,
            topic: &self.projection.topic,
            partition: self.projection.partition,
            read_at_ms,
        };
        let originals = self.originals.as_mut();
        let originals = originals.map(|originals| Arc::new(originals.finish()) as ArrayRef);
        for (index, column) in self.projection.system.iter().enumerate() {
            let said = match column {
                SystemColumn::Record => originals.as_ref(),
                _ => metadata.get(index),
            };
            columns.push(defaults.complete(*column, said)?);
        }
        let mut batch = std::mem::replace(
            &mut self.batch,
            BatchState {
                first_record: self.next.record,
                ..BatchState::default()
            },
        );
        for name in self.left_out.iter().filter(|_| rows > 0) {
            batch.unknown.add(UnknownMember {
                name: name.clone(),
                values: rows as u64,
                first: RecordOrigin {
                    topic: Some(Arc::clone(&self.projection.topic)),
                    ..RecordOrigin::default()
                },
            });
        }
        Ok(DecodedBatch {
            records: self.kept_rows(columns, &batch)?,
            rejected: batch.rejected,
            unknown: batch.unknown,
        })
    }

    fn kept_rows(&self, columns: Vec<ArrayRef>, batch: &BatchState) -> Result<RecordBatch, ArrowError> {
        let options = RecordBatchOptions::new().with_row_count(Some(batch.is_kept.len()));
        if batch.rejected.is_empty() {
            return RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options);
        }
        // Rejected rows may hold NULLs where the schema allows none, until they are taken out.
        let nullable = self
            .schema
            .fields()
            .iter()
            .map(|field| field.as_ref().clone().with_nullable(true));
        let nullable = Arc::new(Schema::new(nullable.collect::<Vec<_>>()));
        let all = RecordBatch::try_new_with_options(nullable, columns, &options)?;
        let mask = BooleanArray::new(BooleanBuffer::from(batch.is_kept.as_slice()), None);
        let kept = filter_record_batch(&all, &mask)?;
        let options = RecordBatchOptions::new().with_row_count(Some(kept.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), kept.columns().to_vec(), &options)
    }

    /// Passes over what is left of an overlong line.
    fn discard(&mut self, input: &[u8]) -> usize {
        if !self.is_discarding {
            return 0;
        }
        match next_line(input, false) {
            Some(line) => {
                self.is_discarding = false;
                self.next.line += 1;
                line.consumed
            }
            None => input.len(),
        }
    }

    /// Decodes up to `rows_max` records; tells the bytes they take and how many they are.
    fn decode_block(&mut self, input: &[u8], is_end: bool, rows_max: usize) -> (usize, usize) {
        let mut places: Vec<Place<'_>> = Vec::with_capacity(rows_max);
        let mut consumed = 0;
        self.cells.clear();
        self.rejections.reset();
        while places.len() < rows_max {
            let row = places.len();
            let Some(record) = self.next_record(&input[consumed..], is_end, row) else {
                break;
            };
            let start = consumed;
            consumed += record.consumed;
            let line = self.next.line;
            self.next.line += record.lines;
            match record.outcome {
                Outcome::Blank => continue,
                Outcome::Row => {}
                Outcome::Rejected(problem) => {
                    self.cells.row(row).clear();
                    self.rejections.reject(row, || *problem);
                }
            }
            places.push(Place {
                bytes: record.bytes,
                start,
                line,
            });
        }
        let texts = self.texts(&input[..consumed], &places);
        self.finish_block(&texts, &places);
        self.next.record += places.len() as u64;
        (consumed, places.len())
    }

    /// The text of each record of a block. One that is not UTF-8 is rejected, and its text empty.
    ///
    /// The block is checked as a whole, which takes a fraction of the time that checking short records takes.
    fn texts<'a>(&mut self, block: &'a [u8], places: &[Place<'a>]) -> Vec<&'a str> {
        if let Ok(block) = simdutf8::basic::from_utf8(block) {
            let text = |place: &Place<'_>| block.get(place.start..place.start + place.bytes.len());
            return places.iter().map(|place| text(place).unwrap_or_default()).collect();
        }
        let texts = places.iter().enumerate().map(|(row, place)| {
            simdutf8::basic::from_utf8(place.bytes).unwrap_or_else(|_| {
                self.cells.row(row).clear();
                let problem = Problem::malformed("the record is not UTF-8".to_owned());
                self.rejections.reject_instead(row, problem);
                ""
            })
        });
        texts.collect()
    }

    /// Scans the record that `input` begins with; `None` if its end is not there yet.
    ///
    /// Looking no further than the longest record may reach makes the outcome independent of how much of the
    /// input is at hand.
    fn next_record<'a>(&mut self, input: &'a [u8], is_end: bool, row: usize) -> Option<ScannedRecord<'a>> {
        const LINE_END_BYTES_MAX: usize = 2;
        let window = input.get(..self.record_bytes_max + LINE_END_BYTES_MAX).unwrap_or(input);
        let is_all = window.len() == input.len();
        let record = self
            .records
            .next(window, is_end && is_all, &mut self.cells.row(row), self.next.line);
        match record {
            Some(record) if record.bytes.len() <= self.record_bytes_max => Some(record),
            None if is_all => None,
            Some(_) | None => Some(self.give_up_line(input)),
        }
    }

    /// Rejects the record that `input` begins with for its length. Its first line is passed over, now or with
    /// what comes next, so that of a record with a stray quote the other lines are not lost.
    #[cold]
    fn give_up_line<'a>(&mut self, input: &'a [u8]) -> ScannedRecord<'a> {
        if let Records::JsonArray(records) = &mut self.records {
            // Lines say nothing about where an element ends.
            let message = format!("an element is longer than {} bytes", self.record_bytes_max);
            records.walk.give_up(self.next.line, message);
            return ScannedRecord {
                bytes: &[],
                consumed: input.len(),
                lines: 0,
                outcome: Outcome::Blank,
            };
        }
        let line = next_line(input, false);
        self.is_discarding = line.is_none();
        ScannedRecord {
            bytes: &[],
            consumed: line.map_or(input.len(), |line| line.consumed),
            lines: u64::from(line.is_some()),
            outcome: Outcome::malformed(format!("the record is longer than {} bytes", self.record_bytes_max)),
        }
    }

    /// Builds the columns of the scanned records and puts the rejected ones aside.
    fn finish_block(&mut self, texts: &[&str], places: &[Place<'_>]) {
        let syntax = self.records.syntax();
        for (index, column) in self.columns.iter_mut().enumerate() {
            let places = self.cells.column(index, texts.len());
            let (inner, syntax) = match self.records.texts_of(index, texts.len()) {
                Some((inner, syntax)) => (Some(inner), syntax),
                None => (None, syntax),
            };
            let cells = Cells {
                texts: inner.as_deref().unwrap_or(texts),
                places,
                rows: None,
                syntax,
            };
            column.append(cells, &mut self.rejections);
        }
        if let Some(originals) = &mut self.originals {
            for place in places {
                originals.append_value(place.bytes);
            }
        }
        self.note_news(places);
        let kept = self.batch.is_kept.len();
        self.batch.is_kept.resize(kept + texts.len(), true);
        if self.rejections.count() == 0 {
            return;
        }
        for (row, problem) in self.rejections.drain() {
            self.batch.is_kept[kept + row] = false;
            let place = places[row];
            self.batch.rejected.push(RowError {
                cause: problem.cause,
                message: problem.message,
                column: problem.column,
                origin: RecordOrigin {
                    topic: Some(Arc::clone(&self.projection.topic)),
                    partition: Some(self.projection.partition),
                    offset: Some((self.next.record + row as u64) as i64),
                    line: Some(place.line),
                },
                original: (!place.bytes.is_empty()).then(|| Bytes::copy_from_slice(place.bytes)),
            });
        }
    }
}

impl Decoder {
    /// Takes over what members of the records of a block are news.
    fn note_news(&mut self, places: &[Place<'_>]) {
        let is_within_columns = self.rejections.has_news();
        let members = self.records.members().filter(|members| members.has_news());
        if members.is_none() && !is_within_columns {
            return;
        }
        let (unknown, projection, next) = (&mut self.batch.unknown, &self.projection, self.next);
        let mut note = |news: News<'_>| match news.name {
            None => unknown.add_others(news.values),
            Some(name) => unknown.add(UnknownMember {
                name: name.to_owned(),
                values: news.values,
                first: RecordOrigin {
                    topic: Some(Arc::clone(&projection.topic)),
                    partition: Some(projection.partition),
                    offset: Some((next.record + news.first_row as u64) as i64),
                    line: places.get(news.first_row).map(|place| place.line),
                },
            }),
        };
        if let Some(members) = members {
            members.take_news(&mut note);
        }
        if is_within_columns {
            for column in &mut self.columns {
                column.builder.take_news(&column.name, &mut note);
            }
        }
    }
}

impl Column {
    fn new(field: &Field) -> Result<Self, FormatError> {
        Ok(Self {
            name: field.name().clone(),
            is_nullable: field.is_nullable(),
            builder: ColumnBuilder::new(field)?,
        })
    }

    fn metadata(column: SystemColumn) -> Result<Self, FormatError> {
        let field = column.sql_type().field(column.name(), true);
        let builder = match column {
            SystemColumn::Headers => ColumnBuilder::headers(&field)?,
            // What an envelope calls its timestamp is always in milliseconds.
            SystemColumn::EventTime => ColumnBuilder::new(&SqlType::with_time_format(field.clone(), "epoch_millis"))?,
            _ => ColumnBuilder::new(&field)?,
        };
        Ok(Self {
            builder,
            ..Self::new(&field)?
        })
    }

    fn append(&mut self, cells: Cells<'_>, rejections: &mut Rejections) {
        if !self.is_nullable {
            for (row, _) in cells.places.iter().enumerate().filter(|(_, cell)| !cell.is_present) {
                rejections.reject(row, || Problem {
                    cause: RowErrorCause::MissingValue,
                    column: Some(self.name.clone()),
                    message: "the value is missing or NULL, which the column does not allow".to_owned(),
                });
            }
        }
        self.builder.append(cells, &self.name, rejections);
    }
}

impl Records {
    fn next<'a>(
        &mut self,
        input: &'a [u8],
        is_end: bool,
        cells: &mut RowCells<'_>,
        line: u64,
    ) -> Option<ScannedRecord<'a>> {
        match self {
            Self::JsonLines(records) => records.next(input, is_end, cells),
            Self::JsonArray(records) => records.next(input, is_end, cells, line),
            Self::Envelope(records) => records.next(input, is_end, cells),
            Self::Csv(records) => records.next(input, is_end, cells),
        }
    }

    /// What tells the members of records apart.
    fn members(&mut self) -> Option<&mut MemberIndex> {
        match self {
            Self::JsonLines(records) => Some(&mut records.members),
            Self::JsonArray(records) => Some(&mut records.members),
            Self::Envelope(records) => records.members(),
            Self::Csv(_) => None,
        }
    }

    /// The texts that the cells of a column point into, and how they are written, unless they point into the records.
    fn texts_of(&self, column: usize, rows: usize) -> Option<(Vec<&str>, Syntax)> {
        let Self::Envelope(records) = self else {
            return None;
        };
        let (texts, syntax) = records.texts_of(column)?;
        let text = |row: usize| texts.get(row).map_or("", String::as_str);
        Some(((0..rows).map(text).collect(), syntax))
    }

    fn syntax(&self) -> Syntax {
        match self {
            Self::JsonLines(_) | Self::JsonArray(_) | Self::Envelope(_) => Syntax::Json,
            Self::Csv(records) => Syntax::Csv { quote: records.quote() },
        }
    }
}
