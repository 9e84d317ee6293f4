use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use velo_data::{Clock, ColumnBounds, PartitionOffset, StreamSchema};
use velo_formats::{
    AvroFile, AvroReader, ColumnarError, DecodedBatch, ParquetFile, ParquetReader, Projection, ReadRange,
};

use super::buffer::io_error;
use super::columns::projection;
use super::part::FilePart;
use crate::config::TypedFormat;
use crate::{ReadRequest, SourceBatch, SourceError};

/// How the typed files of a source are read: the same for all of them.
#[derive(Debug, Clone)]
pub(super) struct TypedPlan {
    pub(super) format: TypedFormat,
    pub(super) schema: StreamSchema,
    /// Most records read of each file.
    pub(super) max_records: Option<u64>,
    pub(super) clock: Arc<dyn Clock>,
}

/// Reads the rows of one typed file in order.
///
/// An offset in it is the number of a record; bytes and lines say nothing of where a record is, and are 0.
pub(super) struct TypedReader {
    path: PathBuf,
    rows: Rows,
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

impl TypedFormat {
    /// The columns of a file, as it tells them.
    pub(super) fn columns_of(self, path: &Path) -> Result<StreamSchema, SourceError> {
        self.columns_in(open(path)?, path)
    }

    /// As [`TypedFormat::columns_of`], of a file that messages call `path`.
    pub(super) fn columns_in(self, file: File, path: &Path) -> Result<StreamSchema, SourceError> {
        let columns = match self {
            Self::Parquet => ParquetFile::open(&file).and_then(|file| file.natural_schema()),
            Self::Avro => AvroFile::open(BufReader::new(file)).and_then(|file| file.natural_schema()),
        };
        columns.map_err(|error| source_error(path, error))
    }
}

impl TypedPlan {
    /// Refuses a file whose columns are not those of the source.
    pub(super) fn check(&self, path: &Path) -> Result<(), SourceError> {
        let file = open(path)?;
        let wanted = self.schema.user_fields();
        let checked = match self.format {
            TypedFormat::Parquet => ParquetFile::open(&file).and_then(|file| file.check(wanted)),
            TypedFormat::Avro => AvroFile::open(BufReader::new(file)).and_then(|file| file.check(wanted)),
        };
        checked.map_err(|error| source_error(path, error))
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
        let first = match part.from {
            Some(PartitionOffset::File { record, .. }) => record,
            _ => 0,
        };
        let range = ReadRange {
            records: first..self.max_records.unwrap_or(u64::MAX),
            batch_rows_max: request.batch_rows_max.max(1),
        };
        let projection = projection(&self.schema, path, part.partition, request);
        let rows = match self.format {
            TypedFormat::Parquet => open_parquet(file, projection, &request.requested_bounds(), range),
            TypedFormat::Avro => open_avro(file, projection, range),
        };
        Ok(TypedReader {
            path: path.to_owned(),
            rows: rows.map_err(|error| source_error(path, error))?,
            clock: Arc::clone(&self.clock),
            file_bytes,
            told_bytes: 0,
        })
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
        Ok(batch.map(|DecodedBatch { records, rejected }| SourceBatch {
            records,
            rejected,
            bytes_read,
        }))
    }

    /// Where the next batch starts.
    pub(super) fn offset(&self) -> PartitionOffset {
        let record = match &self.rows {
            Rows::Parquet { reader, .. } => reader.position(),
            Rows::Avro(reader) => reader.position(),
        };
        PartitionOffset::File {
            byte: 0,
            record,
            line: 0,
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

fn source_error(path: &Path, error: ColumnarError) -> SourceError {
    let path = path.to_owned();
    match error {
        ColumnarError::Columns(problems) => SourceError::Columns { path, problems },
        ColumnarError::Damaged(message) => SourceError::Format { path, message },
    }
}
