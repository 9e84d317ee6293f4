//! The columns of several typed files, each of which tells its own.

use std::fs::File;
use std::io::{BufReader, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::FieldRef;
use velo_data::{SqlType, StreamSchema, unreadable_field, unreadable_reason};
use velo_formats::{AvroFile, ColumnarError, ParquetFile};

use super::buffer::io_error;
use super::typed::source_error;
use crate::SourceError;
use crate::config::TypedFormat;

/// Digits of the largest DECIMAL.
const DECIMAL_DIGITS_MAX: u8 = 76;

/// What a typed file tells of its columns.
#[derive(Debug)]
pub(crate) enum TypedColumns {
    Parquet(ParquetFile),
    Avro(AvroFile),
}

impl TypedColumns {
    /// Reads what a file tells, which messages call `path`, and goes back to its beginning.
    ///
    /// # Errors
    ///
    /// When it is none of that format.
    pub(crate) fn read(format: TypedFormat, mut file: &File, path: &Path) -> Result<Self, SourceError> {
        let read = match format {
            TypedFormat::Parquet => ParquetFile::open(file).map(Self::Parquet),
            TypedFormat::Avro => AvroFile::open(BufReader::new(file)).map(Self::Avro),
        };
        let columns = read.map_err(|error| source_error(path, error))?;
        file.rewind().map_err(|error| io_error(path, error))?;
        Ok(columns)
    }

    /// Whether there is a column with the name, to the letter or else in any case.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::Parquet(file) => file.has_column(name),
            Self::Avro(file) => file.has_column(name),
        }
    }

    /// Names of all columns.
    pub(super) fn names(&self) -> Vec<&str> {
        match self {
            Self::Parquet(file) => file.column_names().collect(),
            Self::Avro(file) => file.column_names().collect(),
        }
    }

    /// Whether the wanted columns are there, with types that become the wanted ones without loss.
    pub(super) fn check(&self, wanted: &[FieldRef]) -> Result<(), ColumnarError> {
        match self {
            Self::Parquet(file) => file.check(wanted),
            Self::Avro(file) => file.check(wanted),
        }
    }

    fn natural_schema(&self) -> StreamSchema {
        match self {
            Self::Parquet(file) => file.natural_schema(),
            Self::Avro(file) => file.natural_schema(),
        }
    }

    /// Whether a column is missing, or becomes the type without loss.
    fn fits(&self, name: &str, sql_type: &SqlType) -> bool {
        !self.has(name) || self.check(&[Arc::new(sql_type.field(name, true))]).is_ok()
    }
}

/// A column of some of the files.
struct Column {
    name: String,
    /// The types that its files have by themselves, each with the first file that has it, in their order.
    types: Vec<(SqlType, usize)>,
    /// Whether its values are 32-bit floats in all files.
    is_single_precision: bool,
    /// Why it cannot be read from one of the files.
    unreadable: Option<String>,
}

impl Column {
    /// The first type of those that files have, or wider, which the values of all files become without loss.
    fn common_type(&self, files: &[(PathBuf, TypedColumns)]) -> Option<SqlType> {
        let own = self.types.iter().map(|(sql_type, _)| sql_type);
        let mut candidates = own.cloned().chain(wide_decimal(&self.types));
        candidates.find(|candidate| files.iter().all(|(_, file)| file.fits(&self.name, candidate)))
    }

    /// Two files with types that do not go together.
    fn conflict(&self, files: &[(PathBuf, TypedColumns)]) -> SourceError {
        let pairs = (1..self.types.len()).flat_map(|later| (0..later).map(move |earlier| (earlier, later)));
        let pair = |(earlier, later): &(usize, usize)| {
            let types = [*earlier, *later].map(|place| self.types[place].clone());
            let both = [types[0].1, types[1].1];
            let column = Self {
                name: self.name.clone(),
                types: types.to_vec(),
                is_single_precision: false,
                unreadable: None,
            };
            let fits = |candidate: &SqlType| both.iter().all(|file| files[*file].1.fits(&column.name, candidate));
            let own = column.types.iter().map(|(sql_type, _)| sql_type.clone());
            !own.chain(wide_decimal(&column.types)).any(|candidate| fits(&candidate))
        };
        // Where any two go together, and yet not all, the first and the last say most.
        let (earlier, later) = pairs.clone().find(pair).unwrap_or((0, self.types.len() - 1));
        let ((sql_type, file), (other_type, other_file)) = (self.types[earlier].clone(), self.types[later].clone());
        SourceError::ColumnTypes {
            column: self.name.as_str().into(),
            path: files[file].0.as_path().into(),
            sql_type: Box::new(sql_type),
            other: files[other_file].0.as_path().into(),
            other_type: Box::new(other_type),
        }
    }
}

/// The columns of all files, in the order in which they are first met, each with a type that fits all files which have it.
/// Names that differ in case alone are one column, unless a file has both.
///
/// # Errors
///
/// When two files have types of which none holds the values of both.
pub(crate) fn columns_of_all(files: &[(PathBuf, TypedColumns)]) -> Result<StreamSchema, SourceError> {
    let mut columns: Vec<Column> = Vec::new();
    for (number, (path, file)) in files.iter().enumerate() {
        let schema = file.natural_schema();
        for field in schema.user_fields() {
            let place = match place_of(&columns, field, schema.user_fields()) {
                Some(place) => place,
                None => {
                    columns.push(Column {
                        name: field.name().clone(),
                        types: Vec::new(),
                        is_single_precision: true,
                        unreadable: None,
                    });
                    columns.len() - 1
                }
            };
            if let Some(reason) = unreadable_reason(field) {
                let place = &mut columns[place].unreadable;
                place.get_or_insert_with(|| format!("{reason}, in `{}`", path.display()));
                continue;
            }
            let sql_type = SqlType::of_field(field).unwrap_or(SqlType::String);
            columns[place].is_single_precision &= SqlType::is_single_precision(field);
            let types = &mut columns[place].types;
            if types.iter().all(|(known, _)| *known != sql_type) {
                types.push((sql_type, number));
            }
        }
    }
    let typed = columns
        .iter()
        .map(|column| match (&column.unreadable, column.common_type(files)) {
            (Some(reason), _) => Ok(unreadable_field(&column.name, reason)),
            (None, Some(sql_type)) => Ok(SqlType::with_single_precision(
                sql_type.field(&column.name, true),
                column.is_single_precision,
            )),
            (None, None) => Err(column.conflict(files)),
        });
    Ok(StreamSchema::of_user_columns(typed.collect::<Result<Vec<_>, _>>()?))
}

/// The column that a file's field belongs to.
fn place_of(columns: &[Column], field: &FieldRef, of_file: &[FieldRef]) -> Option<usize> {
    let exact = columns.iter().position(|column| column.name == *field.name());
    exact.or_else(|| {
        let folded = field.name().to_lowercase();
        let namesakes = of_file.iter().filter(|other| other.name().to_lowercase() == folded);
        if namesakes.count() > 1 {
            return None;
        }
        columns.iter().position(|column| column.name.to_lowercase() == folded)
    })
}

/// A DECIMAL that holds the values of all types, if all of them are whole numbers or decimals.
fn wide_decimal(types: &[(SqlType, usize)]) -> Option<SqlType> {
    let (mut whole_digits, mut scale) = (0, 0);
    for (sql_type, _) in types {
        let (precision, own_scale) = match sql_type {
            SqlType::TinyInt => (3, 0),
            SqlType::SmallInt => (5, 0),
            SqlType::BigInt => (19, 0),
            SqlType::Decimal { precision, scale } if *scale >= 0 => (*precision, *scale),
            _ => return None,
        };
        scale = scale.max(own_scale);
        whole_digits = whole_digits.max(precision.saturating_sub(own_scale.unsigned_abs()));
    }
    let precision = whole_digits.checked_add(scale.unsigned_abs())?;
    (1..=DECIMAL_DIGITS_MAX)
        .contains(&precision)
        .then_some(SqlType::Decimal { precision, scale })
}
