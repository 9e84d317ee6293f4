use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef, Fields, Schema};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::ChunkReader;
use velo_data::{SqlType, StreamSchema, unreadable_field, unreadable_reason};

use super::fields::{described_fields, reading_fields};
use super::footer::read_footer;
use crate::columnar::{ColumnarError, Conversion, find_name, natural_type};

const MAGIC: &[u8; 4] = b"PAR1";
const MAGIC_OF_ENCRYPTED_FOOTER: &[u8; 4] = b"PARE";
/// Magic at both ends, and the length of the footer.
const BYTES_MIN: u64 = 12;

/// The footer of a Parquet file: what columns it has, in which row groups.
#[derive(Debug, Clone)]
pub struct ParquetFile {
    pub(super) metadata: ArrowReaderMetadata,
    /// The columns with the types that they are read as.
    pub(super) fields: Fields,
}

/// A wanted column: where it stands in the file and how it gets its type.
#[derive(Debug, Clone)]
pub(super) struct FileColumn {
    /// Among the columns of the file.
    pub(super) index: usize,
    pub(super) conversion: Conversion,
}

impl ParquetFile {
    /// Reads the footer.
    ///
    /// # Errors
    ///
    /// When the input is no Parquet file, is cut off, or its footer is encrypted or damaged.
    pub fn open<R: ChunkReader>(input: &R) -> Result<Self, ColumnarError> {
        check_magic(input)?;
        let damaged = |error: ParquetError| ColumnarError::damaged_part("the footer", plain(&error));
        let footer = Arc::new(guarded(|| read_footer(input)).map_err(damaged)?);
        let chosen = guarded(|| told_types(&footer)).map_err(damaged)?;
        let parquet_schema = chosen.parquet_schema();
        let reading = reading_fields(chosen.schema().fields(), parquet_schema);
        let fields = described_fields(&reading, parquet_schema);
        let schema = Arc::new(Schema::new_with_metadata(reading, chosen.schema().metadata().clone()));
        let options = ArrowReaderOptions::new().with_schema(schema);
        let metadata = guarded(|| ArrowReaderMetadata::try_new(Arc::clone(chosen.metadata()), options));
        let metadata = metadata.map_err(damaged)?;
        let file = Self { metadata, fields };
        file.check_unique()?;
        Ok(file)
    }

    /// Rows of all row groups: the file's own total may be anything.
    pub fn rows(&self) -> u64 {
        let groups = self.metadata.metadata().row_groups().iter();
        groups.map(|group| u64::try_from(group.num_rows()).unwrap_or(0)).sum()
    }

    /// All columns, each with the SQL type that holds its values; one for which there is none is
    /// [unreadable](velo_data::unreadable_field).
    pub fn natural_schema(&self) -> StreamSchema {
        let columns = self
            .fields
            .iter()
            .enumerate()
            .map(|(index, field)| match natural_type(field) {
                Some(sql_type) => SqlType::with_single_precision(
                    sql_type.field(field.name(), true),
                    matches!(field.data_type(), DataType::Float16 | DataType::Float32),
                ),
                None => {
                    let (name, type_name) = (field.name(), self.type_name(index));
                    let reason = format!("column `{name}` has the type {type_name}, which no SQL type holds");
                    unreadable_field(name, reason)
                }
            });
        StreamSchema::of_user_columns(columns)
    }

    /// Whether the file has a column with the name, to the letter or else in any case.
    pub fn has_column(&self, name: &str) -> bool {
        find_name(self.column_names(), name).is_some()
    }

    /// Names of all columns, in their order.
    pub fn column_names(&self) -> impl Iterator<Item = &str> + Clone {
        self.fields.iter().map(|field| field.name().as_str())
    }

    /// Whether the file has all wanted columns, each with a type that becomes the wanted one without loss.
    ///
    /// # Errors
    ///
    /// A sentence for each column that it does not have so.
    pub fn check(&self, wanted: &[FieldRef]) -> Result<(), ColumnarError> {
        let readable = wanted.iter().filter(|field| unreadable_reason(field).is_none());
        let readable: Vec<FieldRef> = readable.map(Arc::clone).collect();
        self.columns(&readable).map(|_| ())
    }

    /// Where the wanted columns are. Names are found to the letter or else in any case.
    pub(super) fn columns(&self, wanted: &[FieldRef]) -> Result<Vec<FileColumn>, ColumnarError> {
        let mut problems = Vec::new();
        let mut columns = Vec::with_capacity(wanted.len());
        for field in wanted {
            match self.column(field) {
                Ok(column) => columns.push(column),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() {
            Ok(columns)
        } else {
            Err(ColumnarError::Columns(problems))
        }
    }

    fn column(&self, wanted: &FieldRef) -> Result<FileColumn, String> {
        let name = wanted.name();
        if let Some(reason) = unreadable_reason(wanted) {
            return Err(reason.to_owned());
        }
        let names = self.fields.iter().map(|field| field.name().as_str());
        let index = find_name(names, name).ok_or_else(|| format!("the file has no column `{name}`"))?;
        let sql_type = SqlType::of_field(wanted).ok_or_else(|| format!("column `{name}` has no SQL type"))?;
        let conversion = Conversion::new(&self.fields[index], &sql_type).ok_or_else(|| {
            let found = self.type_name(index);
            let advice = natural_type(&self.fields[index])
                .map_or(String::new(), |natural| format!("; it can be read as {natural}"));
            format!(
                "column `{name}` is declared {sql_type}, which {found} of the file does not fit without loss{advice}"
            )
        })?;
        Ok(FileColumn { index, conversion })
    }

    /// What the type of a column of the file is called.
    fn type_name(&self, index: usize) -> String {
        match self.fields[index].data_type() {
            DataType::Utf8View => "Utf8".to_owned(), // How it is read is not the user's affair.
            DataType::BinaryView => "Binary".to_owned(),
            DataType::Struct(_) => "the struct".to_owned(),
            DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(_, _) => "the list".to_owned(),
            DataType::Map(_, _) => "the map".to_owned(),
            other => other.to_string(),
        }
    }

    fn check_unique(&self) -> Result<(), ColumnarError> {
        let mut seen = HashSet::new();
        match self.fields.iter().find(|field| !seen.insert(field.name())) {
            Some(field) => Err(ColumnarError::Columns(vec![format!(
                "the file has two columns `{}`",
                field.name()
            )])),
            None => Ok(()),
        }
    }
}

/// The types of the columns as the writer's Arrow schema tells them; where that is of other columns, as some tools leave it
/// behind when they change a file, those of the columns themselves.
fn told_types(footer: &Arc<ParquetMetaData>) -> Result<ArrowReaderMetadata, ParquetError> {
    let types = |options| ArrowReaderMetadata::try_new(Arc::clone(footer), options);
    types(ArrowReaderOptions::new()).or_else(|_| types(ArrowReaderOptions::new().with_skip_arrow_metadata(true)))
}

/// Says in plain words what the library would say less well.
fn check_magic<R: ChunkReader>(input: &R) -> Result<(), ColumnarError> {
    let damaged = |message: &str| Err(ColumnarError::Damaged(message.to_owned()));
    let length = input.len();
    if length == 0 {
        return damaged("the file is empty; a Parquet file has at least a footer");
    }
    let read = |start: u64| {
        input
            .get_bytes(start, MAGIC.len())
            .map_err(|error| ColumnarError::Damaged(plain(&error)))
    };
    if length < BYTES_MIN || read(0)?.as_ref() != MAGIC && read(0)?.as_ref() != MAGIC_OF_ENCRYPTED_FOOTER {
        return damaged("it is no Parquet file: it does not begin with `PAR1`");
    }
    match read(length - MAGIC.len() as u64)?.as_ref() {
        magic if magic == MAGIC_OF_ENCRYPTED_FOOTER => damaged("its footer is encrypted, which is not supported"),
        magic if magic == MAGIC => Ok(()),
        _ => damaged("the footer is missing: the file is cut off, or still being written"),
    }
}

/// Does what the library may panic at when a file is damaged in ways that it does not expect.
pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
    read.unwrap_or_else(|_| Err(ParquetError::General("its parts contradict each other".to_owned())))
}

/// What the libraries put before a message, once for each that hands it on.
const KINDS: [&str; 6] = [
    "External: ",
    "Parquet argument error: ",
    "Parquet error: ",
    "Arrow: ",
    "NYI: ",
    "EOF: ",
];

/// The message without the names of its kinds.
pub(super) fn plain(error: &ParquetError) -> String {
    let message = error.to_string();
    let mut plain = message.as_str();
    while let Some(rest) = KINDS.iter().find_map(|kind| plain.strip_prefix(kind)) {
        plain = rest;
    }
    plain.to_owned()
}
