use std::collections::HashSet;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::SchemaRef;
use velo_data::{Clock, ColumnBounds, RecordOrigin, StreamSchema, UnknownMember, UnknownMembers};
use velo_formats::{
    AvroFile, AvroReader, ColumnarError, DecodedBatch, ParquetFile, ParquetReader, Projection, ReadRange,
};

use super::buffer::io_error;
use super::columns::{ColumnsFrom, projection};
use super::part::{FilePart, FilePlace};
use super::typed_columns::TypedColumns;
use crate::config::TypedFormat;
use crate::source::requested_schema;
use crate::{ReadRequest, RecordPlace, SourceBatch, SourceError};

/// How the typed files of a source are read: the same for all of them.
#[derive(Debug, Clone)]
pub(super) struct TypedPlan {
    pub(super) format: TypedFormat,
    pub(super) schema: StreamSchema,
    pub(super) columns_from: ColumnsFrom,
    /// Most records read of each file.
    pub(super) max_records: Option<u64>,
    pub(super) clock: Arc<dyn Clock>,
}

/// Reads the rows of one typed file in order.
///
/// A place in it is the number of a record; bytes and lines say nothing of where a record is, and are 0.
pub(super) struct TypedReader {
    path: PathBuf,
    rows: Rows,
    absent: Option<AbsentColumns>,
    /// Columns of the file that are none of the source's.
    left_out: Vec<String>,
    clock: Arc<dyn Clock>,
    file_bytes: u64,
    /// Bytes of the file that have been told of.
    told_bytes: u64,
}

enum Rows {
    Parquet {
        reader: Box<ParquetReader<File>>,
        /// Of the whole file.
        rows: u64,
    },
    Avro(Box<AvroReader<BufReader<File>>>),
}

/// Columns that other files of the source have.
struct AbsentColumns {
    /// Their places in a batch, in ascending order.
    places: Vec<usize>,
    /// The columns of a batch with them.
    schema: SchemaRef,
}

impl TypedFormat {
    /// What a file tells of its columns.
    pub(super) fn columns_of(self, path: &Path) -> Result<TypedColumns, SourceError> {
        TypedColumns::read(self, &open(path)?, path)
    }
}

impl AbsentColumns {
    /// Adds them to a batch; all rows have NULL there.
    fn complete(&self, batch: &RecordBatch) -> Result<RecordBatch, ColumnarError> {
        let rows = batch.num_rows();
        let mut columns = batch.columns().to_vec();
        for place in &self.places {
            columns.insert(*place, new_null_array(self.schema.field(*place).data_type(), rows));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .map_err(|error| ColumnarError::Damaged(error.to_string()))
    }
}

impl TypedPlan {
    /// Refuses a file whose columns are not those of the source.
    pub(super) fn check(&self, path: &Path) -> Result<(), SourceError> {
        let columns = self.format.columns_of(path)?;
        let is_wanted = |name: &str| self.columns_from == ColumnsFrom::Declaration || columns.has(name);
        let wanted = self.schema.user_fields().iter().filter(|field| is_wanted(field.name()));
        let wanted: Vec<_> = wanted.map(Arc::clone).collect();
        columns.check(&wanted).map_err(|error| source_error(path, error))
    }

    /// Opens one file at its beginning or where the part begins.
    pub(super) fn open(&self, part: &FilePart, request: &ReadRequest) -> Result<TypedReader, SourceError> {
        self.open_file(open(&part.path)?, part, request)
    }

    /// As [`TypedPlan::open`], with a file that messages call by the part's path.
    pub(super) fn open_file(
        &self,
        file: File,
        part: &FilePart,
        request: &ReadRequest,
    ) -> Result<TypedReader, SourceError> {
        let path = part.path.as_path();
        let file_bytes = file.metadata().map_err(|error| io_error(path, error))?.len();
        let first = part.from.map_or(0, |from| from.next.record);
        let range = ReadRange {
            records: first..self.max_records.unwrap_or(u64::MAX),
            batch_rows_max: request.batch_rows_max.max(1),
        };
        let (absent, left_out) = match self.columns_from {
            ColumnsFrom::Declaration => (None, Vec::new()),
            ColumnsFrom::Sample => {
                let columns = TypedColumns::read(self.format, &file, path)?;
                (self.absent(&columns, request), self.left_out(&columns))
            }
        };
        let present = absent.as_ref().map(|absent| request.without(&absent.places));
        let present = present.as_ref().unwrap_or(request);
        let projection = projection(&self.schema, path, part.partition, present);
        let rows = match self.format {
            TypedFormat::Parquet => open_parquet(file, projection, &present.requested_bounds(), range),
            TypedFormat::Avro => open_avro(file, projection, range),
        };
        Ok(TypedReader {
            path: path.to_owned(),
            rows: rows.map_err(|error| source_error(path, error))?,
            absent,
            left_out,
            clock: Arc::clone(&self.clock),
            file_bytes,
            told_bytes: 0,
        })
    }

    /// The requested columns that a file lacks.
    fn absent(&self, columns: &TypedColumns, request: &ReadRequest) -> Option<AbsentColumns> {
        let fields = self.schema.user_fields();
        let is_absent = |column: &usize| fields.get(*column).is_some_and(|field| !columns.has(field.name()));
        let places = request.columns.iter().enumerate();
        let places: Vec<usize> = places
            .filter(|(_, column)| is_absent(column))
            .map(|(place, _)| place)
            .collect();
        (!places.is_empty()).then(|| AbsentColumns {
            places,
            schema: requested_schema(&self.schema, request),
        })
    }

    /// The columns of a file that are none of the source's.
    fn left_out(&self, columns: &TypedColumns) -> Vec<String> {
        let folded = |name: &str| name.to_lowercase();
        let known: HashSet<String> = self
            .schema
            .user_fields()
            .iter()
            .map(|field| folded(field.name()))
            .collect();
        let left_out = columns
            .names()
            .into_iter()
            .filter(|name| !known.contains(&folded(name)));
        left_out.map(str::to_owned).collect()
    }
}

impl TypedReader {
    /// The next rows; `None` at the end.
    pub(super) fn next_batch(&mut self) -> Result<Option<SourceBatch>, SourceError> {
        let now_ms = self.clock.now_ms();
        let batch = match &mut self.rows {
            Rows::Parquet { reader, .. } => reader.next_batch(now_ms),
            Rows::Avro(reader) => reader.next_batch(now_ms),
        };
        let batch = batch.map_err(|error| source_error(&self.path, error))?;
        let position = self.byte_position();
        let bytes_read = position.saturating_sub(self.told_bytes);
        self.told_bytes = position;
        let Some(DecodedBatch { records, rejected, .. }) = batch else {
            return Ok(None);
        };
        let mut unknown = UnknownMembers::default();
        for name in &self.left_out {
            unknown.add(UnknownMember {
                name: name.clone(),
                values: (records.num_rows() + rejected.len()) as u64,
                first: RecordOrigin {
                    topic: Some(self.path.to_string_lossy().into()),
                    ..RecordOrigin::default()
                },
            });
        }
        let records = match &self.absent {
            Some(absent) => absent
                .complete(&records)
                .map_err(|error| source_error(&self.path, error))?,
            None => records,
        };
        Ok(Some(SourceBatch {
            records,
            rejected,
            unknown,
            bytes_read,
        }))
    }

    /// Where the next batch starts.
    pub(super) fn place(&self) -> FilePlace {
        let record = match &self.rows {
            Rows::Parquet { reader, .. } => reader.position(),
            Rows::Avro(reader) => reader.position(),
        };
        FilePlace {
            byte: 0,
            next: RecordPlace { record, line: 0 },
        }
    }

    /// How far the reading is. The columns of a row group lie apart, so that records tell it better than bytes.
    fn byte_position(&self) -> u64 {
        match &self.rows {
            Rows::Parquet { reader, rows } => {
                let read = u128::from(self.file_bytes) * u128::from(reader.position()) / u128::from((*rows).max(1));
                u64::try_from(read).unwrap_or(self.file_bytes)
            }
            Rows::Avro(reader) => reader.bytes_read(),
        }
    }
}

fn open_parquet(
    input: File,
    projection: Projection,
    bounds: &[ColumnBounds],
    range: ReadRange,
) -> Result<Rows, ColumnarError> {
    let file = ParquetFile::open(&input)?;
    Ok(Rows::Parquet {
        rows: file.rows(),
        reader: Box::new(file.reader(input, projection, bounds, range)?),
    })
}

fn open_avro(input: File, projection: Projection, range: ReadRange) -> Result<Rows, ColumnarError> {
    let reader = AvroFile::reader(BufReader::new(input), projection, range)?;
    Ok(Rows::Avro(Box::new(reader)))
}

fn open(path: &Path) -> Result<File, SourceError> {
    if path.is_dir() {
        return Err(SourceError::IsDirectory { path: path.to_owned() });
    }
    File::open(path).map_err(|error| io_error(path, error))
}

pub(super) fn source_error(path: &Path, error: ColumnarError) -> SourceError {
    let path = path.to_owned();
    match error {
        ColumnarError::Columns(problems) => SourceError::Columns { path, problems },
        ColumnarError::Damaged(message) => SourceError::Format { path, message },
    }
}
